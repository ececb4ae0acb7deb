/// The sum of the products of two rows of numbers, in eight lanes.
#[inline]
pub fn dot(a: &[f64], b: &[f64]) -> f64 {
    let n = a.len().min(b.len());
    let (a, b) = (&a[..n], &b[..n]);
    let mut lanes = [0.0; 8];
    let mut a_blocks = a.chunks_exact(8);
    let mut b_blocks = b.chunks_exact(8);
    for (x, y) in a_blocks.by_ref().zip(b_blocks.by_ref()) {
        for k in 0..8 {
            lanes[k] += x[k] * y[k];
        }
    }
    let mut rest = 0.0;
    for (x, y) in a_blocks.remainder().iter().zip(b_blocks.remainder()) {
        rest += x * y;
    }
    let [p, q, r, s, t, u, v, w] = lanes;
    rest + (((p + t) + (q + u)) + ((r + v) + (s + w)))
}

/// The sum of a row of numbers, in eight lanes.
#[inline]
pub fn sum(a: &[f64]) -> f64 {
    let mut lanes = [0.0; 8];
    let mut blocks = a.chunks_exact(8);
    for x in blocks.by_ref() {
        for k in 0..8 {
            lanes[k] += x[k];
        }
    }
    let mut rest = 0.0;
    for x in blocks.remainder() {
        rest += x;
    }
    let [p, q, r, s, t, u, v, w] = lanes;
    rest + (((p + t) + (q + u)) + ((r + v) + (s + w)))
}

/// y = A*x
#[inline]
pub fn times(columns: usize, a: &[f64], x: &[f64], y: &mut [f64]) {
    if columns == 0 {
        return y.fill(0.0);
    }
    for (row, entry) in a.chunks_exact(columns).zip(y) {
        *entry = dot(row, x);
    }
}

/// y = A'*x
#[inline]
pub fn turned_times(columns: usize, a: &[f64], x: &[f64], y: &mut [f64]) {
    y.fill(0.0);
    if columns == 0 {
        return;
    }
    let y = &mut y[..columns];
    let mut blocks = a.chunks_exact(4 * columns);
    let mut factors = x.chunks_exact(4);
    for (block, x) in blocks.by_ref().zip(factors.by_ref()) {
        let (first, rest) = block.split_at(columns);
        let (second, rest) = rest.split_at(columns);
        let (third, fourth) = rest.split_at(columns);
        for j in 0..columns {
            y[j] += (x[0] * first[j] + x[1] * second[j]) + (x[2] * third[j] + x[3] * fourth[j]);
        }
    }
    for (row, x) in blocks.remainder().chunks_exact(columns).zip(factors.remainder()) {
        for (entry, a) in y.iter_mut().zip(row) {
            *entry += x * a;
        }
    }
}

/// C = x*y'
#[inline]
pub fn outer(x: &[f64], y: &[f64], c: &mut [f64]) {
    if y.is_empty() {
        return;
    }
    for (row, x) in c.chunks_exact_mut(y.len()).zip(x) {
        for (entry, y) in row.iter_mut().zip(y) {
            *entry = x * y;
        }
    }
}

/// C = A*B, where A has `inner` columns and B has `columns`.
#[inline]
pub fn product(inner: usize, columns: usize, a: &[f64], b: &[f64], c: &mut [f64]) {
    c.fill(0.0);
    if inner == 0 || columns == 0 {
        return;
    }
    for (row, c) in a.chunks_exact(inner).zip(c.chunks_exact_mut(columns)) {
        turned_times(columns, b, row, c);
    }
}

/// C = A'*B, where A has `rows` columns and B has `columns`: row by row of A and B.
#[inline]
pub fn turned_product(rows: usize, columns: usize, a: &[f64], b: &[f64], c: &mut [f64]) {
    c.fill(0.0);
    if rows == 0 || columns == 0 {
        return;
    }
    let mut a_blocks = a.chunks_exact(4 * rows);
    let mut b_blocks = b.chunks_exact(4 * columns);
    for (a, b) in a_blocks.by_ref().zip(b_blocks.by_ref()) {
        let (b0, rest) = b.split_at(columns);
        let (b1, rest) = rest.split_at(columns);
        let (b2, b3) = rest.split_at(columns);
        for (i, c) in c.chunks_exact_mut(columns).enumerate() {
            let (a0, a1, a2, a3) = (a[i], a[rows + i], a[2 * rows + i], a[3 * rows + i]);
            for j in 0..columns {
                c[j] += (a0 * b0[j] + a1 * b1[j]) + (a2 * b2[j] + a3 * b3[j]);
            }
        }
    }
    let rest = a_blocks.remainder().chunks_exact(rows).zip(b_blocks.remainder().chunks_exact(columns));
    for (a, b) in rest {
        for (a, c) in a.iter().zip(c.chunks_exact_mut(columns)) {
            for (entry, b) in c.iter_mut().zip(b) {
                *entry += a * b;
            }
        }
    }
}

/// C = A'*B where that is symmetric and both have `rows` columns: the upper half, mirrored.
#[inline]
pub fn symmetric_product(rows: usize, a: &[f64], b: &[f64], c: &mut [f64]) {
    c.fill(0.0);
    if rows == 0 {
        return;
    }
    let mut a_blocks = a.chunks_exact(4 * rows);
    let mut b_blocks = b.chunks_exact(4 * rows);
    for (a, b) in a_blocks.by_ref().zip(b_blocks.by_ref()) {
        let (b0, rest) = b.split_at(rows);
        let (b1, rest) = rest.split_at(rows);
        let (b2, b3) = rest.split_at(rows);
        for (i, c) in c.chunks_exact_mut(rows).enumerate() {
            let (a0, a1, a2, a3) = (a[i], a[rows + i], a[2 * rows + i], a[3 * rows + i]);
            let c = &mut c[i..];
            let n = c.len();
            let (b0, b1, b2, b3) = (&b0[i..][..n], &b1[i..][..n], &b2[i..][..n], &b3[i..][..n]);
            for j in 0..n {
                c[j] += (a0 * b0[j] + a1 * b1[j]) + (a2 * b2[j] + a3 * b3[j]);
            }
        }
    }
    let rest = a_blocks.remainder().chunks_exact(rows).zip(b_blocks.remainder().chunks_exact(rows));
    for (a, b) in rest {
        for (i, (a, c)) in a.iter().zip(c.chunks_exact_mut(rows)).enumerate() {
            for (entry, b) in c[i..].iter_mut().zip(&b[i..]) {
                *entry += a * b;
            }
        }
    }
    for i in 0..rows {
        for j in 0..i {
            c[i * rows + j] = c[j * rows + i];
        }
    }
}

/// C = A*B', where A and B have `inner` columns.
#[inline]
pub fn product_turned(inner: usize, columns: usize, a: &[f64], b: &[f64], c: &mut [f64]) {
    if inner == 0 {
        return c.fill(0.0);
    }
    if columns == 0 {
        return;
    }
    for (row, c) in a.chunks_exact(inner).zip(c.chunks_exact_mut(columns)) {
        for (b, entry) in b.chunks_exact(inner).zip(c) {
            *entry = dot(row, b);
        }
    }
}

/// C = A', where A has `columns` columns.
#[inline]
pub fn transpose(columns: usize, a: &[f64], c: &mut [f64]) {
    if columns == 0 {
        return;
    }
    let rows = a.len() / columns;
    for (i, row) in a.chunks_exact(columns).enumerate() {
        for (j, entry) in row.iter().enumerate() {
            c[j * rows + i] = *entry;
        }
    }
}

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

/// ln of the sum of the exponentials, with the largest number taken out.
#[inline]
pub fn log_sum_exp(a: &[f64]) -> f64 {
    let mut largest = f64::NEG_INFINITY;
    for x in a {
        if *x > largest || x.is_nan() {
            largest = *x;
        }
    }
    if !largest.is_finite() {
        return largest;
    }
    let mut total = 0.0;
    for x in a {
        total += (x - largest).exp();
    }
    largest + total.ln()
}
