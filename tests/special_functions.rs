//! Special functions and their derivatives of an order, over their whole range, near what is removed and far out, against
//! values of mpmath with 60 digits: within a few units of the last place in double precision, and to the last digit when
//! they are evaluated with many bits.

use gradc::derive::{Form, Order, derive};
use gradc::precise::{Coordinate, Evaluator};
use gradc::source::Source;

/// Largest error in units of the last place of the value.
const ULPS: f64 = 8.0;
/// Largest relative error of derivatives of a function.
const OF_DERIVATIVES: f64 = 4e-14;

/// Calls with an argument, and their values.
#[rustfmt::skip]
const VALUES: &[(&str, f64, f64)] = &[
    ("erfcx(x)", -26.0, 7.657724931490568e293),
    ("erfcx(x)", -3.0, 16205.988853999586),
    ("erfcx(x)", -0.3, 1.4537492328427655),
    ("erfcx(x)", 0.0, 1.0),
    ("erfcx(x)", 0.7, 0.525930337349441),
    ("erfcx(x)", 2.5, 0.2108063640611436),
    ("erfcx(x)", 30.0, 0.01879588886141675),
    ("erfcx(x)", 1000000000.0, 5.641895835477563e-10),
    ("erfcx_derivative(1, x)", -5.0, -1440097986747.7388),
    ("erfcx_derivative(1, x)", -0.4, -2.4693663324466),
    ("erfcx_derivative(1, x)", 0.0, -1.1283791670955126),
    ("erfcx_derivative(1, x)", 0.8, -0.345818224338529),
    ("erfcx_derivative(1, x)", 2.4, -0.07958524131775262),
    ("erfcx_derivative(1, x)", 40.0, -0.0003522884252874839),
    ("erfcx_derivative(1, x)", 1000000.0, -5.6418958354691e-13),
    ("erfcx_derivative(2, x)", -5.0, 14688999464826.709),
    ("erfcx_derivative(2, x)", -0.4, 5.327960979334998),
    ("erfcx_derivative(2, x)", 0.0, 2.0),
    ("erfcx_derivative(2, x)", 0.8, 0.424892019504583),
    ("erfcx_derivative(2, x)", 2.4, 0.0549883107488541),
    ("erfcx_derivative(2, x)", 40.0, 1.75979437569139e-05),
    ("erfcx_derivative(2, x)", 1000000.0, 1.1283791670921275e-18),
    ("erfcx_derivative(3, x)", -5.0, -152650386595258.06),
    ("erfcx_derivative(3, x)", -0.4, -14.139834113254398),
    ("erfcx_derivative(3, x)", 0.0, -4.51351666838205),
    ("erfcx_derivative(3, x)", 0.8, -0.7034456661467832),
    ("erfcx_derivative(3, x)", 2.4, -0.054397073676510796),
    ("erfcx_derivative(3, x)", 40.0, -1.3182005968235873e-06),
    ("erfcx_derivative(3, x)", 1000000.0, -3.385137501269612e-24),
    ("ndtr(x)", -37.5, 4.605353009581955e-308),
    ("ndtr(x)", -20.0, 2.7536241186062337e-89),
    ("ndtr(x)", -0.9, 0.18406012534675947),
    ("ndtr(x)", -1e-09, 0.49999999960105773),
    ("ndtr(x)", 0.5, 0.6914624612740131),
    ("ndtr(x)", 3.0, 0.9986501019683699),
    ("log_ndtr(x)", -1000000000.0, -5e17),
    ("log_ndtr(x)", -40.0, -804.6084420137538),
    ("log_ndtr(x)", -1.5, -2.7059444008238898),
    ("log_ndtr(x)", -0.5, -1.1759117615936185),
    ("log_ndtr(x)", 0.0, -0.6931471805599453),
    ("log_ndtr(x)", 3.0, -0.0013508099647481938),
    ("log_ndtr(x)", 37.0, -5.725571222524577e-300),
    ("log_erfc(x)", -5.0, 0.6931471805591766),
    ("log_erfc(x)", -1e-09, 1.128379166458893e-09),
    ("log_erfc(x)", 0.4, -0.5593024583599312),
    ("log_erfc(x)", 0.6, -0.9259777267942866),
    ("log_erfc(x)", 3.0, -10.720363041981113),
    ("log_erfc(x)", 100000.0, -10000000012.08529),
    ("inverse_mills(x)", -100000000.0, 100000000.00000001),
    ("inverse_mills(x)", -30.0, 30.033259667433676),
    ("inverse_mills(x)", -1.0, 1.525135276160981),
    ("inverse_mills(x)", 0.0, 0.7978845608028654),
    ("inverse_mills(x)", 0.9, 0.32610889376111957),
    ("inverse_mills(x)", 5.0, 1.4867199409049056e-06),
    ("inverse_mills(x)", 37.0, 2.1200065515246056e-298),
    ("inverse_mills_derivative(1, x)", -1000000.0, -0.999999999999),
    ("inverse_mills_derivative(1, x)", -30.0, -0.9988962284881099),
    ("inverse_mills_derivative(1, x)", -3.0, -0.9294408132147319),
    ("inverse_mills_derivative(1, x)", -1.1, -0.8122076688463167),
    ("inverse_mills_derivative(1, x)", -0.5, -0.731519592844121),
    ("inverse_mills_derivative(1, x)", 2.0, -0.11354805168857644),
    ("inverse_mills_derivative(1, x)", 12.0, -2.5756604827956722e-31),
    ("inverse_mills_derivative(2, x)", -1000000.0, 1.999999999976e-18),
    ("inverse_mills_derivative(2, x)", -30.0, 7.309993015784438e-05),
    ("inverse_mills_derivative(2, x)", -3.0, 0.03147067283084249),
    ("inverse_mills_derivative(2, x)", -1.1, 0.10925594782034113),
    ("inverse_mills_derivative(2, x)", -0.5, 0.16260392517612296),
    ("inverse_mills_derivative(2, x)", 2.0, 0.1843948150324776),
    ("inverse_mills_derivative(2, x)", 12.0, 3.0693287419981763e-30),
    ("inverse_mills_derivative(3, x)", -1000000.0, 5.99999999988e-24),
    ("inverse_mills_derivative(3, x)", -30.0, 7.245937210980342e-06),
    ("inverse_mills_derivative(3, x)", -3.0, 0.018930547102077377),
    ("inverse_mills_derivative(3, x)", -1.1, 0.07434850151545101),
    ("inverse_mills_derivative(3, x)", -0.5, 0.10301187006051434),
    ("inverse_mills_derivative(3, x)", 2.0, -0.1878546856116097),
    ("inverse_mills_derivative(3, x)", 12.0, -3.631681280741898e-29),
    ("exprel(x)", -100000.0, 1e-05),
    ("exprel(x)", -30.0, 0.03333333333333022),
    ("exprel(x)", -1e-09, 0.9999999995),
    ("exprel(x)", 0.0, 1.0),
    ("exprel(x)", 1e-05, 1.0000050000166667),
    ("exprel(x)", 1.0, 1.7182818284590453),
    ("exprel(x)", 400.0, 1.3053674224410359e171),
    ("exprel(x)", 712.0, 2.3184146982986436e306),
    ("exprel_derivative(1, x)", -100000.0, 1e-10),
    ("exprel_derivative(1, x)", -50.0, 0.0004),
    ("exprel_derivative(1, x)", -7.0, 0.020259284577052325),
    ("exprel_derivative(1, x)", -0.001, 0.49966679163334027),
    ("exprel_derivative(1, x)", 0.0, 0.5),
    ("exprel_derivative(1, x)", 1e-09, 0.5000000003333334),
    ("exprel_derivative(1, x)", 0.5, 0.7025574585997437),
    ("exprel_derivative(1, x)", 3.0, 4.5745637607083705),
    ("exprel_derivative(1, x)", 15.0, 203405.5298427091),
    ("exprel_derivative(1, x)", 400.0, 1.3021040038849333e171),
    ("exprel_derivative(1, x)", 712.0, 2.315158497879685e306),
    ("exprel_derivative(2, x)", -100000.0, 2e-15),
    ("exprel_derivative(2, x)", -50.0, 1.6e-05),
    ("exprel_derivative(2, x)", -7.0, 0.005658098169792876),
    ("exprel_derivative(2, x)", -0.001, 0.3330834333055615),
    ("exprel_derivative(2, x)", 0.0, 0.3333333333333333),
    ("exprel_derivative(2, x)", 1e-09, 0.33333333358333334),
    ("exprel_derivative(2, x)", 0.5, 0.48721270700128144),
    ("exprel_derivative(2, x)", 3.0, 3.645469800590309),
    ("exprel_derivative(2, x)", 15.0, 190813.7541857795),
    ("exprel_derivative(2, x)", 400.0, 1.2988569024216114e171),
    ("exprel_derivative(2, x)", 712.0, 2.3119114440911164e306),
    ("exprel_derivative(3, x)", -100000.0, 6e-20),
    ("exprel_derivative(3, x)", -50.0, 9.6e-07),
    ("exprel_derivative(3, x)", -7.0, 0.0022946303634034447),
    ("exprel_derivative(3, x)", -0.001, 0.24980008330952902),
    ("exprel_derivative(3, x)", 0.0, 0.25),
    ("exprel_derivative(3, x)", 1e-09, 0.2500000002),
    ("exprel_derivative(3, x)", 0.5, 0.37416629939256746),
    ("exprel_derivative(3, x)", 3.0, 3.0497091738055806),
    ("exprel_derivative(3, x)", 15.0, 179771.7406609848),
    ("exprel_derivative(3, x)", 400.0, 1.2956259956728738e171),
    ("exprel_derivative(3, x)", 712.0, 2.3086734983937654e306),
    ("sinc(x)", 0.0, 1.0),
    ("sinc(x)", 1e-09, 1.0),
    ("sinc(x)", 0.3, 0.9850673555377986),
    ("sinc(x)", -2.0, 0.45464871341284085),
    ("sinc(x)", 1000.0, 0.0008268795405320026),
    ("sinc_derivative(1, x)", 1e-09, -3.3333333333333337e-10),
    ("sinc_derivative(1, x)", 0.3, -0.09910288804064188),
    ("sinc_derivative(1, x)", -1.2, 0.3452845698577903),
    ("sinc_derivative(1, x)", 1.7, -0.4189274916106784),
    ("sinc_derivative(1, x)", 6.0, 0.16778992272503115),
    ("sinc_derivative(1, x)", 1000.0, 0.0005615521967501709),
    ("sinc_derivative(2, x)", 1e-09, -0.3333333333333333),
    ("sinc_derivative(2, x)", 0.3, -0.3243814352668527),
    ("sinc_derivative(2, x)", -1.2, -0.20122495520970476),
    ("sinc_derivative(2, x)", 1.7, -0.09047636895947755),
    ("sinc_derivative(2, x)", 6.0, -0.009360724541856076),
    ("sinc_derivative(2, x)", 1000.0, -0.0008280026449255029),
    ("sinc_derivative(3, x)", 1e-09, 2e-10),
    ("sinc_derivative(3, x)", 0.3, 0.05935938891650709),
    ("sinc_derivative(3, x)", -1.2, -0.20109759262703392),
    ("sinc_derivative(3, x)", 1.7, 0.2354550595140925),
    ("sinc_derivative(3, x)", 6.0, -0.1553480188374663),
    ("sinc_derivative(3, x)", 1000.0, -0.0005598950683559265),
];

#[test]
fn values_are_those_of_60_digits() {
    let mut evaluator = Evaluator::default();
    let mut wrong = Vec::new();
    for (text, x, wanted) in VALUES {
        let parameter = [Source::new("parameter", "x")];
        let function = gradc::read(&Source::new("call", *text), &parameter).expect("a call is an expression").remove(0);
        let tape = derive(&function, &[], Order::Value, Form::Raw).expect("a value needs no derivative").tape();
        let double = tape.evaluate(&[*x])[0];
        let allowed = if text.contains("derivative") { OF_DERIVATIVES } else { ULPS * f64::EPSILON };
        if (double - wanted).abs() > allowed * wanted.abs() || double.is_nan() {
            wrong.push(format!("{text} at {x:e} is {double:e}, not {wanted:e}"));
        }
        let precise = evaluator.evaluate(&tape, &[Coordinate::from(*x)])[0];
        if precise != *wanted {
            wrong.push(format!("{text} at {x:e} is {precise:e} with many bits, not {wanted:e}"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
