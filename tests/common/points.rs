//! Points for functions of whole matrices.

#![allow(dead_code)]

use gradc::graph::Sizes;
use gradc::lower::Whole;
use gradc::tape::Dense;

/// Sizes of the named dimensions: all different.
pub fn sizes(whole: &Whole) -> Sizes {
    whole.sizes.iter().enumerate().map(|(at, name)| (name.clone(), 3 + (2 * at) % 5)).collect()
}

/// Values that look irregular; symmetric positive-definite where that is declared.
pub fn matrices(whole: &Whole, sizes: &Sizes) -> Vec<Dense> {
    let mut state = 0x9e37_79b9_7f4a_7c15_u64;
    let mut next = || {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (state >> 11) as f64 / (1u64 << 53) as f64 * 2.0 - 1.0
    };
    let blank = Dense { rows: 1, columns: 1, entries: vec![f64::NAN] };
    let mut matrices = vec![blank; whole.graph.inputs().len()];
    for parameter in &whole.parameters {
        let rows = parameter.extents().rows.evaluate(sizes).expect("the size is known");
        let columns = parameter.extents().columns.evaluate(sizes).expect("the size is known");
        let mut entries: Vec<f64> = (0..rows * columns).map(|_| next()).collect();
        if rows * columns == 1 {
            entries[0] = entries[0].abs() / 4.0;
        }
        if whole.graph.is_declared_symmetric(parameter.id) {
            for row in 0..rows {
                for column in 0..row {
                    entries[row * rows + column] = entries[column * rows + row];
                }
                entries[row * rows + row] += rows as f64;
            }
        }
        matrices[whole.input_index(parameter.id)] = Dense { rows, columns, entries };
    }
    matrices
}
