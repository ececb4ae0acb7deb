/// Inverts a matrix of n rows by elimination with the largest pivot of each column (Golub and Van Loan, Matrix
/// Computations, 2013, section 3.4), and returns sign and logarithm of the size of its determinant. The inverse of a
/// singular matrix is NaN everywhere.
pub fn invert(n: usize, a: &[f64], work: &mut [f64], inverse: &mut [f64]) -> (f64, f64) {
    work.copy_from_slice(a);
    inverse.fill(0.0);
    for k in 0..n {
        inverse[k * n + k] = 1.0;
    }
    let (mut sign, mut logarithm) = (1.0, 0.0);
    for k in 0..n {
        let mut pivot = k;
        for row in k + 1..n {
            if work[row * n + k].abs() > work[pivot * n + k].abs() {
                pivot = row;
            }
        }
        let size = work[pivot * n + k];
        if size == 0.0 || size.is_nan() {
            inverse.fill(f64::NAN);
            return (if size == 0.0 { 0.0 } else { f64::NAN }, f64::NEG_INFINITY);
        }
        if pivot != k {
            for column in 0..n {
                work.swap(k * n + column, pivot * n + column);
                inverse.swap(k * n + column, pivot * n + column);
            }
            sign = -sign;
        }
        if size < 0.0 {
            sign = -sign;
        }
        logarithm += size.abs().ln();
        let scale = 1.0 / size;
        for column in 0..n {
            work[k * n + column] *= scale;
            inverse[k * n + column] *= scale;
        }
        for row in 0..n {
            let factor = work[row * n + k];
            if row != k && factor != 0.0 {
                for column in 0..n {
                    work[row * n + column] -= factor * work[k * n + column];
                    inverse[row * n + column] -= factor * inverse[k * n + column];
                }
            }
        }
    }
    (sign, logarithm)
}

/// Inverts a matrix of n rows, few and known where this is called, as `invert` does, and returns its determinant.
#[inline(always)]
pub fn small_invert(n: usize, a: &[f64], work: &mut [f64], inverse: &mut [f64]) -> f64 {
    work.copy_from_slice(a);
    inverse.fill(0.0);
    for k in 0..n {
        inverse[k * n + k] = 1.0;
    }
    let mut determinant = 1.0;
    for k in 0..n {
        for row in k + 1..n {
            if work[row * n + k].abs() > work[k * n + k].abs() {
                for column in 0..n {
                    work.swap(k * n + column, row * n + column);
                    inverse.swap(k * n + column, row * n + column);
                }
                determinant = -determinant;
            }
        }
        let pivot = work[k * n + k];
        if pivot == 0.0 || pivot.is_nan() {
            inverse.fill(f64::NAN);
            return pivot;
        }
        determinant *= pivot;
        let scale = 1.0 / pivot;
        for column in 0..n {
            work[k * n + column] *= scale;
            inverse[k * n + column] *= scale;
        }
        for row in 0..n {
            let factor = work[row * n + k];
            if row != k {
                for column in 0..n {
                    work[row * n + column] -= factor * work[k * n + column];
                    inverse[row * n + column] -= factor * inverse[k * n + column];
                }
            }
        }
    }
    determinant
}

/// Forms the adjugate of a matrix of n rows, also where that is singular: by elimination with the largest pivot of what is
/// left, which divides by all pivots but the last (Stewart, On the adjugate matrix, Linear Algebra and its Applications
/// 283, 1998). Where another pivot is 0, so is the adjugate.
pub fn adjugate(n: usize, a: &[f64], work: &mut [f64], order: &mut [f64], adjugate: &mut [f64]) {
    work.copy_from_slice(a);
    adjugate.fill(0.0);
    for k in 0..n {
        adjugate[k * n + k] = 1.0;
    }
    let last = n.saturating_sub(1);
    let mut scale = 1.0;
    for k in 0..last {
        let (mut row, mut column) = (k, k);
        for i in k..n {
            for j in k..n {
                let entry = work[i * n + j].abs();
                if entry > work[row * n + column].abs() || entry.is_nan() {
                    (row, column) = (i, j);
                }
            }
        }
        let pivot = work[row * n + column];
        if pivot == 0.0 || pivot.is_nan() {
            adjugate.fill(pivot);
            return;
        }
        order[k] = column as f64;
        scale *= if (row == k) == (column == k) { pivot } else { -pivot };
        for j in 0..n {
            work.swap(k * n + j, row * n + j);
            adjugate.swap(k * n + j, row * n + j);
        }
        for i in 0..n {
            work.swap(i * n + k, i * n + column);
        }
        for j in 0..n {
            work[k * n + j] /= pivot;
            adjugate[k * n + j] /= pivot;
        }
        for i in 0..n {
            let factor = work[i * n + k];
            if i != k && factor != 0.0 {
                for j in 0..n {
                    work[i * n + j] -= factor * work[k * n + j];
                    adjugate[i * n + j] -= factor * adjugate[k * n + j];
                }
            }
        }
    }
    if n == 0 {
        return;
    }
    let pivot = work[last * n + last];
    for i in 0..last {
        let factor = work[i * n + last];
        for j in 0..n {
            adjugate[i * n + j] = scale * (pivot * adjugate[i * n + j] - factor * adjugate[last * n + j]);
        }
    }
    for j in 0..n {
        adjugate[last * n + j] *= scale;
    }
    for k in (0..last).rev() {
        let column = order[k] as usize;
        for j in 0..n {
            adjugate.swap(k * n + j, column * n + j);
        }
    }
}
