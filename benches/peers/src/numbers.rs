//! Functions of few numbers, and of whole vectors and matrices.

use crate::buffers::workspace;
use crate::export;

generated!(arm nested neuron perceptron product reprojection rosenbrock rosenbrock10 squared_norm);

export!(W1_genrust, 5, 6, |input, output| {
    let (value, derivatives) = neuron::neuron_grad(input.array(), input.array());
    output.take(1)[0] = value;
    output.take(3).copy_from_slice(&derivatives.w);
    output.take(2).copy_from_slice(&derivatives.x);
});

export!(W2_genrust, 100, 101, |input, output| {
    let value = output.take(1);
    let derivatives = &mut rosenbrock::RosenbrockGrad { x: output.take(100) };
    let workspace = workspace(rosenbrock::rosenbrock_grad_workspace(100));
    value[0] = rosenbrock::rosenbrock_grad(100, input.take(100), derivatives, workspace);
});

export!(W2h_genrust, 10, 30, |input, output| {
    let (value, gradient, hessian) = rosenbrock10::rosenbrock10_hessian(input.array());
    output.take(1)[0] = value;
    output.take(10).copy_from_slice(&gradient.x);
    output.take(10).iter_mut().enumerate().for_each(|(k, entry)| *entry = hessian[k][k]);
    output.take(9).iter_mut().enumerate().for_each(|(k, entry)| *entry = hessian[k + 1][k]);
});

export!(W3_genrust, 100, 101, |input, output| {
    let (value, derivatives) = product::product_grad(input.array());
    output.take(1)[0] = value;
    output.take(100).copy_from_slice(&derivatives.x);
});

export!(W4_genrust, 17, 34, |input, output| {
    let [r, centre] = [input.array(), input.array()];
    let f = input.take(1)[0];
    let [c, k] = [input.array(), input.array()];
    let (x, w, measured) = (input.array(), input.take(1)[0], input.array());
    let (value, by) = reprojection::reprojection_jacobian(r, centre, f, c, k, x, w, measured);
    output.take(2).copy_from_slice(&value);
    let columns = output.take(30);
    for row in 0..2 {
        let entries = by.r[row].iter().chain(&by.C[row]).chain([&by.f[row]]).chain(&by.c[row]);
        let entries = entries.chain(&by.k[row]).chain(&by.X[row]).chain([&by.w[row]]);
        columns[row..].iter_mut().step_by(2).zip(entries).for_each(|(place, entry)| *place = *entry);
    }
    let (value, derivatives) = reprojection::regulariser_grad(w);
    output.take(2).copy_from_slice(&[value, derivatives.w]);
});

macro_rules! squared_norm {
    ($name:ident, $n:expr) => {
        export!($name, $n + $n * $n, 1 + $n + $n * $n, |input, output| {
            let (x, w) = (input.take($n), input.take($n * $n));
            let value = output.take(1);
            let derivatives = &mut squared_norm::SquaredNormGrad { x: output.take($n), W: output.take($n * $n) };
            let workspace = workspace(squared_norm::squared_norm_grad_workspace($n, $n));
            value[0] = squared_norm::squared_norm_grad($n, $n, x, w, derivatives, workspace);
        });
    };
}
squared_norm!(W7n64_genrust, 64);
squared_norm!(W7n512_genrust, 512);
squared_norm!(W7n4096_genrust, 4096);

const INPUTS: usize = 784;
const HIDDEN: usize = 128;
const LABELS: usize = 10;
const WEIGHTS: usize = HIDDEN * INPUTS + HIDDEN + LABELS * HIDDEN + LABELS;

export!(W8_genrust, INPUTS + WEIGHTS, 1 + WEIGHTS, |input, output| {
    let (x, w, b) = (input.take(INPUTS), input.take(HIDDEN * INPUTS), input.take(HIDDEN));
    let (v, c) = (input.take(LABELS * HIDDEN), input.take(LABELS));
    let value = output.take(1);
    let derivatives = &mut perceptron::PerceptronGrad {
        W: output.take(HIDDEN * INPUTS),
        b: output.take(HIDDEN),
        V: output.take(LABELS * HIDDEN),
        c: output.take(LABELS),
    };
    let workspace = workspace(perceptron::perceptron_grad_workspace(INPUTS, HIDDEN, LABELS));
    value[0] = perceptron::perceptron_grad(INPUTS, HIDDEN, LABELS, x, w, b, v, c, derivatives, workspace);
});

export!(W9_genrust, 6, 21, |input, output| {
    let (value, derivatives) = arm::arm_jacobian(input.array());
    output.take(3).copy_from_slice(&value);
    let columns = output.take(18);
    (0..18).for_each(|at| columns[at] = derivatives.q[at % 3][at / 3]);
});

export!(W10_genrust, 1, 2, |input, output| {
    let (value, derivatives) = nested::nested_grad(input.take(1)[0]);
    output.take(2).copy_from_slice(&[value, derivatives.x]);
});
