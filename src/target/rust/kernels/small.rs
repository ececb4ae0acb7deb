/// Most rows and columns of matrices whose products stay in registers.
const SMALL: usize = 8;

/// C = A*B, where A has `inner` columns and B has `columns`, both at most 8 and known where this is called.
#[inline(always)]
pub fn small_product<const FMA: bool>(inner: usize, columns: usize, a: &[f64], b: &[f64], c: &mut [f64]) {
    for (a, c) in a.chunks_exact(inner).zip(c.chunks_exact_mut(columns)) {
        let mut sums = [0.0; SMALL];
        for (a, b) in a.iter().zip(b.chunks_exact(columns)) {
            for j in 0..columns {
                sums[j] = fused::<FMA>(*a, b[j], sums[j]);
            }
        }
        c.copy_from_slice(&sums[..columns]);
    }
}

/// C = A'*B, where A has `rows` columns and B has `columns`, both at most 8 and known where this is called.
#[inline(always)]
pub fn small_turned_product<const FMA: bool>(rows: usize, columns: usize, a: &[f64], b: &[f64], c: &mut [f64]) {
    for (i, c) in c.chunks_exact_mut(columns).enumerate() {
        let mut sums = [0.0; SMALL];
        for (a, b) in a.chunks_exact(rows).zip(b.chunks_exact(columns)) {
            for j in 0..columns {
                sums[j] = fused::<FMA>(a[i], b[j], sums[j]);
            }
        }
        c.copy_from_slice(&sums[..columns]);
    }
}

/// C = A*B', where A and B have `inner` columns and B has `columns` rows, both at most 8 and known where this is called.
#[inline(always)]
pub fn small_product_turned<const FMA: bool>(inner: usize, columns: usize, a: &[f64], b: &[f64], c: &mut [f64]) {
    for (a, c) in a.chunks_exact(inner).zip(c.chunks_exact_mut(columns)) {
        let mut sums = [0.0; SMALL];
        for k in 0..inner {
            for j in 0..columns {
                sums[j] = fused::<FMA>(a[k], b[j * inner + k], sums[j]);
            }
        }
        c.copy_from_slice(&sums[..columns]);
    }
}

/// y = A*x, where A has `columns` columns, at most 8 and known where this is called.
#[inline(always)]
pub fn small_times<const FMA: bool>(columns: usize, a: &[f64], x: &[f64], y: &mut [f64]) {
    for (a, y) in a.chunks_exact(columns).zip(y) {
        let mut sum = 0.0;
        for j in 0..columns {
            sum = fused::<FMA>(a[j], x[j], sum);
        }
        *y = sum;
    }
}
