//! Sparse Jacobians and Hessians.

use crate::buffers::workspace;
use crate::export;
use std::sync::OnceLock;

generated!(brusselator bundle constraints lagrangian);

macro_rules! chain {
    ($jacobian:ident, $hessian:ident, $n:expr) => {
        export!($jacobian, $n, 4 * ($n - 2), |input, output| {
            let x = input.take($n);
            let (value, values) = (output.take($n - 2), output.take(3 * ($n - 2)));
            let workspace = workspace(constraints::constraints_sparse_jacobian_workspace($n));
            constraints::constraints_sparse_jacobian($n, x, value, values, workspace);
        });
        export!($hessian, 2 * $n - 1, 2 * $n, |input, output| {
            static PATTERN: OnceLock<(usize, Vec<usize>)> = OnceLock::new();
            let (entries, slots) = PATTERN.get_or_init(|| {
                let terms = lagrangian::lagrangian_hessian_terms($n);
                let [mut rows, mut columns, mut slots, mut scratch] = [(); 4].map(|()| vec![0; terms]);
                let entries =
                    lagrangian::lagrangian_hessian_pattern($n, &mut rows, &mut columns, &mut slots, &mut scratch);
                (entries, slots)
            });
            let (x, sigma, lambda) = (input.take($n), input.take(1)[0], input.take($n - 2));
            let (value, values) = (output.take(1), output.take(2 * $n - 1));
            let workspace = workspace(lagrangian::lagrangian_sparse_hessian_workspace($n, *entries));
            value[0] = lagrangian::lagrangian_sparse_hessian($n, *entries, x, sigma, lambda, slots, values, workspace);
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

/// The pattern of the grid's Jacobian, which is computed once.
struct Grid {
    entries: usize,
    slots: Vec<usize>,
    /// Where the values are that lie north, west, at, east and south of each place, and that of the other field.
    places: Vec<usize>,
}

fn grid() -> &'static Grid {
    static GRID: OnceLock<Grid> = OnceLock::new();
    GRID.get_or_init(|| {
        let terms = brusselator::brusselator_jacobian_terms(SIDE);
        let [mut rows, mut columns, mut slots, mut scratch] = [(); 4].map(|()| vec![0; terms]);
        let entries =
            brusselator::brusselator_jacobian_pattern(SIDE, &mut rows, &mut columns, &mut slots, &mut scratch);
        let pattern: Vec<(usize, usize)> = rows.into_iter().zip(columns).take(entries).collect();
        let at = |field: usize, i: usize, j: usize| field * CELLS + i % SIDE * SIDE + j % SIDE;
        let wanted = (0..2 * CELLS).flat_map(|row| {
            let (field, i, j) = (row / CELLS, row % CELLS / SIDE, row % SIDE);
            let before = SIDE - 1;
            let around = [(i + before, j), (i, j + before), (i, j), (i, j + 1), (i + 1, j)];
            let own = around.map(|(i, j)| at(field, i, j));
            own.into_iter().chain([at(1 - field, i, j)]).map(move |column| (row, column))
        });
        let places = wanted.map(|entry| pattern.binary_search(&entry).expect("the entry is there")).collect();
        Grid { entries, slots, places }
    })
}

export!(L10_genrust, 3 + 4 * CELLS, 16 * CELLS, |input, output| {
    let ([a, b, d], grid) = (input.take(3).first_chunk().expect("three"), grid());
    let (u, v, du, dv) = (input.take(CELLS), input.take(CELLS), input.take(CELLS), input.take(CELLS));
    let (value, tangent) = (output.take(2 * CELLS), output.take(2 * CELLS));
    let entries = output.take(12 * CELLS);
    let length = brusselator::brusselator_sparse_jacobian_workspace(SIDE, grid.slots.len(), grid.entries);
    let products = brusselator::brusselator_jvp_workspace(SIDE);
    let (values, workspace) = workspace(grid.entries + length.max(products)).split_at_mut(grid.entries);
    brusselator::brusselator_jvp(SIDE, *a, *b, *d, u, v, du, dv, value, tangent, workspace);
    brusselator::brusselator_sparse_jacobian(
        SIDE,
        grid.slots.len(),
        grid.entries,
        *a,
        *b,
        *d,
        u,
        v,
        &grid.slots,
        value,
        values,
        workspace,
    );
    grid.places.iter().zip(entries).for_each(|(place, entry)| *entry = values[*place]);
});
