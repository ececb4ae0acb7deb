//! The functions compute known values, given to 17 digits by 40-digit arithmetic, in both floating-point types.
#![deny(warnings)]

use downstream_no_std::{double, single};

/// Functions of one number with their values and derivatives at 0.25.
#[rustfmt::skip]
const ALL: &[(&str, f64, f64)] = &[
    ("exp", 1.2840254166877414, 1.2840254166877414),
    ("ln", -1.3862943611198906, 4.0),
    ("log2", -2.0, 5.7707801635558535),
    ("log10", -0.6020599913279624, 1.7371779276130073),
    ("exp_m1", 0.2840254166877415, 1.2840254166877414),
    ("ln_1p", 0.22314355131420976, 0.8),
    ("sqrt", 0.5, 1.0),
    ("cbrt", 0.6299605249474366, 0.8399473665965821),
    ("sin", 0.24740395925452294, 0.9689124217106447),
    ("cos", 0.9689124217106447, -0.24740395925452294),
    ("tan", 0.25534192122103627, 1.06519949673285),
    ("asin", 0.25268025514207865, 1.0327955589886446),
    ("acos", 1.318116071652818, -1.0327955589886446),
    ("atan", 0.24497866312686414, 0.9411764705882353),
    ("sinh", 0.2526123168081683, 1.0314130998795732),
    ("cosh", 1.0314130998795732, 0.2526123168081683),
    ("tanh", 0.24491866240370913, 0.940014848806378),
    ("asinh", 0.24746646154726346, 0.9701425001453319),
    ("atanh", 0.25541281188299536, 1.0666666666666667),
    ("abs", 0.25, 1.0),
    ("sign", 1.0, 0.0),
    ("step", 1.0, 0.0),
    ("floor", 0.0, 0.0),
    ("ceil", 1.0, 0.0),
    ("round", 0.0, 0.0),
    ("relu", 0.25, 1.0),
    ("erf", 0.27632639016823696, 1.0600141293761143),
    ("erfc", 0.7236736098317631, -1.0600141293761143),
    ("gamma", 3.625609908221908, -15.327097417156704),
    ("lgamma", 1.2880225246980774, -4.2274535333762655),
    ("digamma", -4.2274535333762655, 17.19732915450711),
    ("sigmoid", 0.5621765008857981, 0.24613408273759835),
    ("softplus", 0.8259394198788436, 0.5621765008857981),
    ("silu", 0.14054412522144952, 0.6237100215701977),
    ("gelu", 0.14967658142073093, 0.695373354883636),
    ("acosh(1 + x)", 0.6931471805599453, 1.3333333333333333),
    ("polygamma(2, x)", -129.32773993753693, 1538.7821440091884),
];

/// Functions of two numbers with their values and derivatives at 1.5 and 0.75.
#[rustfmt::skip]
const SEVERAL: &[(&str, f64, f64, f64)] = &[
    ("a^b", 1.3554030054147672, 0.6777015027073836, 0.5495686261206295),
    ("hypot(a, b)", 1.6770509831248424, 0.8944271909999159, 0.4472135954999579),
    ("atan2(a, b)", 1.1071487177940904, 0.26666666666666666, -0.5333333333333333),
    ("max(a, b)", 1.5, 1.0, 0.0),
    ("min(a, b)", 0.75, 0.0, 1.0),
    ("clamp(a, 0, b)", 0.75, 0.0, 1.0),
    ("logsumexp([a, b])", 1.8868710061148999, 0.679178699175393, 0.320821300824607),
    ("if(a < b, a, pi*b)", 2.356194490192345, 0.0, 3.141592653589793),
];

fn assert_close(name: &str, value: f64, expected: f64, tolerance: f64) {
    assert!((value - expected).abs() <= tolerance * expected.abs(), "{name}: {value:?} is not {expected:?}");
}

#[test]
fn functions_of_one_number_in_double_precision() {
    let (values, jacobian) = double::all_jacobian(0.25);
    assert_eq!((values.len(), double::all(0.25)), (ALL.len(), values));
    for ((value, derivative), (name, expected, slope)) in values.iter().zip(jacobian.x).zip(ALL) {
        assert_close(name, *value, *expected, 1e-14);
        assert_close(name, derivative, *slope, 1e-14);
    }
}

#[test]
fn functions_of_one_number_in_single_precision() {
    let (values, jacobian) = single::all_jacobian(0.25);
    assert_eq!((values.len(), single::all(0.25)), (ALL.len(), values));
    for ((value, derivative), (name, expected, slope)) in values.iter().zip(jacobian.x).zip(ALL) {
        assert_close(name, f64::from(*value), *expected, 1e-6);
        assert_close(name, f64::from(derivative), *slope, 1e-6);
    }
}

#[test]
fn functions_of_several_numbers() {
    let (values, jacobian) = double::several_jacobian(1.5, 0.75);
    let (rounded, slopes) = single::several_jacobian(1.5, 0.75);
    assert_eq!(values.len(), SEVERAL.len());
    for (at, (name, value, by_a, by_b)) in SEVERAL.iter().enumerate() {
        for (found, rounded, expected) in
            [(values[at], rounded[at], value), (jacobian.a[at], slopes.a[at], by_a), (jacobian.b[at], slopes.b[at], by_b)]
        {
            assert_close(name, found, *expected, 1e-14);
            assert_close(name, f64::from(rounded), *expected, 1e-6);
        }
    }
}

#[test]
fn neuron_has_the_lectures_numbers() {
    let (value, gradient, hessian) = double::neuron_hessian(&[2.0, -3.0, -3.0], &[-1.0, -2.0]);
    let expected = [-0.19661193324148185, -0.3932238664829637, 0.19661193324148185];
    assert_close("f", value, 0.7310585786300049, 1e-15);
    gradient.w.iter().zip(expected).for_each(|(found, expected)| assert_close("w", *found, expected, 1e-15));
    assert_close("x", gradient.x[0], 0.3932238664829637, 1e-15);
    assert_close("x", gradient.x[1], -0.5898357997244456, 1e-15);
    assert_close("hessian", hessian[2][2], -0.09085774767294841, 1e-14);
    let (value, gradient) = single::neuron_grad(&[2.0, -3.0, -3.0], &[-1.0, -2.0]);
    assert_close("f", f64::from(value), 0.7310585786300049, 1e-6);
    assert_close("x", f64::from(gradient.x[1]), -0.5898357997244456, 1e-6);
}

#[test]
fn products_are_those_of_the_derivatives() {
    let (values, tangents) = double::all_jvp(0.25, 2.0);
    let (_, rounded) = single::all_jvp(0.25, 2.0);
    assert_eq!(values, double::all(0.25));
    for ((found, rounded), (name, _, slope)) in tangents.iter().zip(rounded).zip(ALL) {
        assert_close(name, *found, 2.0 * slope, 1e-14);
        assert_close(name, f64::from(rounded), 2.0 * slope, 1e-6);
    }
    let (values, cotangents) = double::several_vjp(1.5, 0.75, &[1.0; SEVERAL.len()]);
    assert_eq!(values, double::several(1.5, 0.75));
    assert_close("a", cotangents.a, SEVERAL.iter().map(|row| row.2).sum(), 1e-14);
    assert_close("b", cotangents.b, SEVERAL.iter().map(|row| row.3).sum(), 1e-14);
    let (gradient, product) = double::neuron_hvp(&[2.0, -3.0, -3.0], &[-1.0, -2.0], &[0.0, 0.0, 1.0], &[0.0; 2]);
    assert_close("gradient", gradient.x[1], -0.5898357997244456, 1e-15);
    assert_close("product", product.w[2], -0.09085774767294841, 1e-14);
    let (_, rounded) = single::neuron_hvp(&[2.0, -3.0, -3.0], &[-1.0, -2.0], &[0.0, 0.0, 1.0], &[0.0; 2]);
    assert_close("product", f64::from(rounded.w[2]), -0.09085774767294841, 1e-6);
}
