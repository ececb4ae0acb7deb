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
