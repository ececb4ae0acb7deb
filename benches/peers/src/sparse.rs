//! Sparse Jacobians and Hessians. Triplets lie loop by loop: each has the same entries in the same order.

use crate::buffers::workspace;
use crate::export;

generated!(brusselator bundle constraints flows flows_lagrangian lagrangian);

macro_rules! chain {
    ($jacobian:ident, $hessian:ident, $n:expr) => {
        export!($jacobian, $n, 4 * ($n - 2), |input, output| {
            let x = input.take($n);
            let (value, values) = (output.take($n - 2), output.take(3 * ($n - 2)));
            let workspace = workspace(constraints::constraints_sparse_jacobian_workspace($n));
            constraints::constraints_sparse_jacobian($n, x, value, values, workspace);
        });
        export!($hessian, 2 * $n - 1, 2 * $n, |input, output| {
            let (x, sigma, lambda) = (input.take($n), input.take(1)[0], input.take($n - 2));
            let (value, values) = (output.take(1), output.take(2 * $n - 1));
            let workspace = workspace(lagrangian::lagrangian_sparse_hessian_workspace($n));
            value[0] = lagrangian::lagrangian_sparse_hessian($n, x, sigma, lambda, values, workspace);
        });
    };
}
chain!(L1n100_genrust, L2n100_genrust, 100);
chain!(L1n1000_genrust, L2n1000_genrust, 1000);
chain!(L1n10000_genrust, L2n10000_genrust, 10000);

const CAMERAS: usize = 49;
const POINTS: usize = 7776;
const OBSERVATIONS: usize = 31843;

/// What a Jacobian of reprojection errors leaves out of each row of 15: the other coordinate of the principal point.
const LEFT_OUT: [usize; 2] = [8, 7];

export!(L3_genrust, 11 * CAMERAS + 3 * POINTS + 5 * OBSERVATIONS, 32 * OBSERVATIONS, |input, output| {
    let (camera, point) = (input.take(11 * CAMERAS), input.take(3 * POINTS));
    let (weight, seen) = (input.take(OBSERVATIONS), input.take(2 * OBSERVATIONS));
    let (k, l) = (input.indices(OBSERVATIONS), input.indices(OBSERVATIONS));
    let (value, blocks) = (output.take(2 * OBSERVATIONS), output.take(30 * OBSERVATIONS));
    let length = bundle::residuals_sparse_jacobian_workspace(CAMERAS, POINTS, OBSERVATIONS);
    let (values, workspace) = workspace(28 * OBSERVATIONS + length).split_at_mut(28 * OBSERVATIONS);
    bundle::residuals_sparse_jacobian(
        CAMERAS,
        POINTS,
        OBSERVATIONS,
        camera,
        point,
        weight,
        seen,
        k,
        l,
        value,
        values,
        workspace,
    );
    for (block, values) in blocks.chunks_exact_mut(30).zip(values.chunks_exact(28)) {
        for ((row, values), left_out) in block.chunks_exact_mut(15).zip(values.chunks_exact(14)).zip(LEFT_OUT) {
            row[..left_out].copy_from_slice(&values[..left_out]);
            row[left_out] = 0.0;
            row[left_out + 1..].copy_from_slice(&values[left_out..]);
        }
    }
});

const SIDE: usize = 64;
const CELLS: usize = SIDE * SIDE;

/// Which of the twelve entries of a cell are those north, west, at, east and south of it and of the other field, by field.
const OF_CELL: [[usize; 6]; 2] = [[3, 1, 4, 0, 2, 5], [10, 8, 11, 7, 9, 6]];

export!(L10_genrust, 3 + 4 * CELLS, 16 * CELLS, |input, output| {
    let [a, b, d] = *input.array();
    let (u, v, du, dv) = (input.take(CELLS), input.take(CELLS), input.take(CELLS), input.take(CELLS));
    let (value, tangent) = (output.take(2 * CELLS), output.take(2 * CELLS));
    let entries = [output.take(6 * CELLS), output.take(6 * CELLS)];
    let length = brusselator::brusselator_sparse_jacobian_workspace(SIDE);
    let products = brusselator::brusselator_jvp_workspace(SIDE);
    let (values, workspace) = workspace(12 * CELLS + length.max(products)).split_at_mut(12 * CELLS);
    brusselator::brusselator_jvp(SIDE, a, b, d, u, v, du, dv, value, tangent, workspace);
    brusselator::brusselator_sparse_jacobian(SIDE, a, b, d, u, v, value, values, workspace);
    for (entries, own) in entries.into_iter().zip(OF_CELL) {
        for (entries, values) in entries.chunks_exact_mut(6).zip(values.chunks_exact(12)) {
            entries.iter_mut().zip(own).for_each(|(entry, at)| *entry = values[at]);
        }
    }
});

const BUSES: usize = 1000;
const BRANCHES: usize = 1500;

/// Which of the eleven entries of a branch those of a lower triangle are, after the two that add up to the second of them.
const OF_BRANCH: [usize; 8] = [0, 9, 8, 10, 5, 4, 7, 6];

export!(L4_genrust, 2 * BUSES + 14 * BRANCHES, 30 * BRANCHES, |input, output| {
    let (va, vm) = (input.take(BUSES), input.take(BUSES));
    let (lambda, c) = (input.take(4 * BRANCHES), input.take(8 * BRANCHES));
    let (a, b) = (input.indices(BRANCHES), input.indices(BRANCHES));
    let (value, blocks, triangles) =
        (output.take(4 * BRANCHES), output.take(16 * BRANCHES), output.take(10 * BRANCHES));
    let length = flows::flows_sparse_jacobian_workspace(BUSES, BRANCHES)
        .max(flows_lagrangian::flows_lagrangian_sparse_hessian_workspace(BUSES, BRANCHES));
    let (values, workspace) = workspace(11 * BRANCHES + length).split_at_mut(11 * BRANCHES);
    flows::flows_sparse_jacobian(BUSES, BRANCHES, va, vm, c, a, b, value, blocks, workspace);
    // Derivatives by the end of a branch stand before those by its beginning.
    blocks.chunks_exact_mut(2).for_each(|pair| pair.swap(0, 1));
    flows_lagrangian::flows_lagrangian_sparse_hessian(BUSES, BRANCHES, va, vm, lambda, c, a, b, values, workspace);
    for (triangle, values) in triangles.chunks_exact_mut(10).zip(values.chunks_exact(11)) {
        triangle[..2].copy_from_slice(&[values[3], values[1] + values[2]]);
        triangle[2..].iter_mut().zip(OF_BRANCH).for_each(|(entry, at)| *entry = values[at]);
    }
});
