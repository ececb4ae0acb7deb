//! The generated functions compute known values.
#![deny(warnings)]

use downstream::kinematics::{arm, arm_jacobian};
use downstream::model::{
    self, NeuronGradBatch, call_price_grad, energy_grad, neuron, neuron_grad, neuron_grad_batch, neuron_hessian, rosenbrock_hessian,
};

fn assert_close(value: f64, expected: f64) {
    assert!((value - expected).abs() <= 4e-15 * expected.abs().max(0.01), "{value:?} is not {expected:?}");
}

#[test]
fn neuron_has_the_lectures_numbers() {
    let (w, x) = ([2.0, -3.0, -3.0], [-1.0, -2.0]);
    let (value, gradient) = neuron_grad(&w, &x);
    assert_close(value, 0.7310585786300049);
    assert_close(neuron(&w, &x), value);
    let expected_w = [-0.19661193324148185, -0.3932238664829637, 0.19661193324148185];
    gradient.w.iter().zip(expected_w).for_each(|(value, expected)| assert_close(*value, expected));
    assert_close(gradient.x[0], 0.3932238664829637);
    assert_close(gradient.x[1], -0.5898357997244456);
    let (_, again, hessian) = neuron_hessian(&w, &x);
    assert_eq!(again, gradient);
    let curvature = value * (1.0 - value) * (1.0 - 2.0 * value);
    assert_close(hessian[2][2], curvature);
    assert_close(hessian[0][4], x[0] * w[1] * curvature);
    assert_close(hessian[4][0], hessian[0][4]);
}

#[test]
fn many_neurons_are_like_one() {
    const POINTS: usize = 100;
    let numbers = |seed: usize| -> Vec<f64> { (0..POINTS).map(|at| ((at * 37 + seed * 11) % 64) as f64 / 16.0 - 2.0).collect() };
    let [a, b, c, p, q] = [1, 2, 3, 4, 5].map(numbers);
    let mut results = vec![vec![0.0; POINTS]; 6];
    let [value, da, db, dc, dp, dq] = &mut results[..] else { unreachable!() };
    let mut gradient = NeuronGradBatch { w: [da, db, dc], x: [dp, dq] };
    neuron_grad_batch([&a, &b, &c], [&p, &q], value, &mut gradient);
    for at in 0..POINTS {
        let (value, gradient) = neuron_grad(&[a[at], b[at], c[at]], &[p[at], q[at]]);
        let expected = [value, gradient.w[0], gradient.w[1], gradient.w[2], gradient.x[0], gradient.x[1]];
        results.iter().zip(expected).for_each(|(many, one)| assert_close(many[at], one));
    }
}

#[test]
fn energy_pulls_back() {
    let (value, gradient) = energy_grad(0.5, 2.0, 1.5, 3.0);
    assert_close(value, 0.5 * 3.0 * 9.0 + 3.0 * 9.80665 * 1.5 * (1.0 - 0.5f64.cos()));
    assert_close(gradient.theta, 3.0 * 9.80665 * 1.5 * 0.5f64.sin());
    assert_close(gradient.omega, 3.0 * 2.25 * 2.0);
}

#[test]
fn rosenbrock_is_flat_at_its_minimum() {
    let (value, gradient, hessian) = rosenbrock_hessian(&[1.0, 1.0, 1.0]);
    assert_eq!(value, 0.0);
    assert_eq!(gradient.x, [0.0; 3]);
    assert_eq!(hessian, [[802.0, -400.0, 0.0], [-400.0, 1002.0, -400.0], [0.0, -400.0, 200.0]]);
}

#[test]
fn long_arrays_are_passed_by_value() {
    let x: [f64; 100] = core::array::from_fn(|at| at as f64);
    let (value, gradient): (f64, model::SpreadGrad) = model::spread_grad(&x, 2.0);
    assert_close(value, 166_650.0);
    gradient.x.iter().enumerate().for_each(|(at, entry)| assert_close(*entry, 4.0 * (at as f64 - 49.5)));
    assert_close(gradient.scale, 83_325.0);
    let (again, _, hessian) = model::spread_hessian(&x, 2.0);
    assert_eq!(again, value);
    assert_close(hessian[3][3], 4.0 * 0.99);
    assert_close(hessian[3][4], -4.0 * 0.01);
    assert_close(hessian[100][3], 2.0 * (3.0 - 49.5));
    assert_close(hessian[3][100], hessian[100][3]);
}

#[test]
fn price_has_its_greeks() {
    let (value, gradient) = call_price_grad(100.0, 100.0, 0.2, 1.0, 0.05);
    let relative = |value: f64, expected: f64| (value - expected).abs() / expected;
    assert!(relative(value, 10.450583572185565) < 1e-13, "{value:?}");
    assert!(relative(gradient.spot, 0.636830651175619) < 1e-13, "{gradient:?}");
    assert!(relative(gradient.sigma, 37.52403469169379) < 1e-13, "{gradient:?}");
}

#[test]
fn arm_has_a_jacobian() {
    let (value, jacobian) = arm_jacobian(&[0.5, 0.25], 2.0, 1.0);
    assert_eq!(value, arm(&[0.5, 0.25], 2.0, 1.0));
    let (s, c) = (0.5f64.sin(), 0.5f64.cos());
    let (s2, c2) = (0.75f64.sin(), 0.75f64.cos());
    assert_close(value[0], 2.0 * c + c2);
    assert_close(value[1], 2.0 * s + s2);
    assert_close(jacobian.q[0][0], -2.0 * s - s2);
    assert_close(jacobian.q[0][1], -s2);
    assert_close(jacobian.q[1][0], 2.0 * c + c2);
    assert_close(jacobian.q[1][1], c2);
    assert_eq!(jacobian.upper.map(f64::to_bits), [c, s].map(f64::to_bits));
    assert_eq!(jacobian.lower.map(f64::to_bits), [c2, s2].map(f64::to_bits));
}

#[test]
fn matrices_of_any_size_are_written_to_slices() {
    let (x, y, w) = ([1.0f64, 2.0, 3.0, 4.0, 5.0, 6.0], [1.0f64, 2.0, 3.0], [0.5f64, -0.5]);
    let mut workspace = vec![0.0; model::ridge_grad_workspace(3, 2).max(model::ridge_hessian_workspace(3, 2))];
    let (mut d_x, mut d_y, mut d_w, mut d_lam) = ([0.0f64; 6], [0.0f64; 3], [0.0f64; 2], 0.0f64);
    let mut gradient = model::RidgeGrad { X: &mut d_x, y: &mut d_y, w: &mut d_w, lam: &mut d_lam };
    let value = model::ridge_grad(3, 2, &x, &y, &w, 0.1, &mut gradient, &mut workspace);
    // y - X*w = [1.5, 2.5, 3.5]
    assert!((value - 20.8).abs() < 1e-12);
    assert!(d_y.iter().zip([3.0, 5.0, 7.0]).all(|(a, b)| (a - b).abs() < 1e-12));
    assert!(d_w.iter().zip([-52.9, -68.1]).all(|(a, b)| (a - b).abs() < 1e-12));
    assert!(d_x.iter().zip([-1.5, 1.5, -2.5, 2.5, -3.5, 3.5]).all(|(a, b)| (a - b).abs() < 1e-12));
    assert!((d_lam - 0.5).abs() < 1e-12);
}

#[test]
#[should_panic(expected = "`y` is a vector[n]")]
fn slices_of_the_wrong_length_are_refused_by_name() {
    let mut workspace = vec![0.0; model::ridge_workspace(3, 2)];
    model::ridge(3, 2, &[0.0; 6], &[0.0; 2], &[0.0; 2], 0.1, &mut workspace);
}

#[test]
fn the_hessian_is_multiplied_without_being_formed() {
    let (x, y, w) = ([1.0f64, 2.0, 3.0, 4.0, 5.0, 6.0], [1.0f64, 2.0, 3.0], [0.5f64, -0.5]);
    let mut workspace = vec![0.0; model::ridge_hvp_workspace(3, 2)];
    let (mut d_x, mut d_y, mut d_w, mut d_lam) = ([0.0f64; 6], [0.0f64; 3], [0.0f64; 2], 0.0f64);
    let mut gradient = model::RidgeGrad { X: &mut d_x, y: &mut d_y, w: &mut d_w, lam: &mut d_lam };
    let (mut h_x, mut h_y, mut h_w, mut h_lam) = ([0.0f64; 6], [0.0f64; 3], [0.0f64; 2], 0.0f64);
    let mut product = model::RidgeGrad { X: &mut h_x, y: &mut h_y, w: &mut h_w, lam: &mut h_lam };
    let (still, along) = (([0.0; 6], [0.0; 3]), [1.0, -1.0]);
    model::ridge_hvp(3, 2, &x, &y, &w, 0.1, &still.0, &still.1, &along, 0.0, &mut gradient, &mut product, &mut workspace);
    // X*[1, -1] = [-1, -1, -1]
    assert!(d_w.iter().zip([-52.9, -68.1]).all(|(a, b)| (a - b).abs() < 1e-12));
    assert!(h_w.iter().zip([-17.8, -24.2]).all(|(a, b)| (a - b).abs() < 1e-12));
    assert!(h_y.iter().all(|b| (b - 2.0).abs() < 1e-12));
    assert!((h_lam - 2.0).abs() < 1e-12);
}
