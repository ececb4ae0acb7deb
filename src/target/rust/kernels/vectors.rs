/// Whether every processor that this is compiled for multiplies and adds in one instruction.
pub const FMA: bool =
    cfg!(any(all(target_feature = "avx2", target_feature = "fma"), target_arch = "aarch64"));

/// The sum of eight lanes.
#[inline(always)]
fn total(lanes: [f64; 8]) -> f64 {
    let [p, q, r, s, t, u, v, w] = lanes;
    ((p + t) + (q + u)) + ((r + v) + (s + w))
}

/// The sum of the products of two rows of numbers, in eight lanes.
#[inline(always)]
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
    rest + total(lanes)
}

/// The sum of a row of numbers, in eight lanes.
#[inline(always)]
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
    rest + total(lanes)
}

/// y = A*x
#[inline(always)]
pub fn times<const FMA: bool>(columns: usize, a: &[f64], x: &[f64], y: &mut [f64]) {
    if columns == 0 {
        return y.fill(0.0);
    }
    for (row, entry) in a.chunks_exact(columns).zip(y) {
        *entry = dot(row, x);
    }
}

/// Adds A'*x to y.
#[inline(always)]
pub fn add_turned_times(columns: usize, a: &[f64], x: &[f64], y: &mut [f64]) {
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

/// y = A'*x
#[inline(always)]
pub fn turned_times(columns: usize, a: &[f64], x: &[f64], y: &mut [f64]) {
    y.fill(0.0);
    add_turned_times(columns, a, x, y);
}

/// C = x*y'
#[inline(always)]
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

/// ln of the sum of the exponentials, with the largest number taken out.
#[inline(always)]
pub fn log_sum_exp<const FMA: bool>(a: &[f64]) -> f64 {
    let mut largest = f64::NEG_INFINITY;
    for x in a {
        if *x > largest || x.is_nan() {
            largest = *x;
        }
    }
    if !largest.is_finite() {
        return largest;
    }
    let mut lanes = [0.0; 8];
    let mut blocks = a.chunks_exact(8);
    for x in blocks.by_ref() {
        for k in 0..8 {
            lanes[k] += exp::<FMA>(x[k] - largest);
        }
    }
    let mut rest = 0.0;
    for x in blocks.remainder() {
        rest += exp::<FMA>(x - largest);
    }
    largest + (rest + total(lanes)).ln()
}

/// ln of the sum of the exponentials of a few numbers, without a branch.
#[inline(always)]
pub fn log_sum_exp_of<const FMA: bool>(numbers: &[f64]) -> f64 {
    let mut largest = f64::NEG_INFINITY;
    for x in numbers {
        largest = if largest > *x { largest } else { *x };
    }
    let shift = if largest.abs() < f64::INFINITY { largest } else { 0.0 };
    let mut total = 0.0;
    for x in numbers {
        total += exp::<FMA>(x - shift);
    }
    shift + ln::<FMA>(total)
}

/// The largest entry of each row, and each entry less that of its row.
#[inline(always)]
pub fn less_largest_of_rows(columns: usize, a: &[f64], y: &mut [f64], c: &mut [f64]) {
    if columns == 0 {
        return y.fill(f64::NEG_INFINITY);
    }
    for ((row, result), entry) in a.chunks_exact(columns).zip(c.chunks_exact_mut(columns)).zip(y) {
        let mut largest = f64::NEG_INFINITY;
        for x in row {
            largest = if largest > *x { largest } else { *x };
        }
        if !largest.is_finite() && row.iter().any(|x| x.is_nan()) {
            largest = f64::NAN;
        }
        for (difference, x) in result.iter_mut().zip(row) {
            *difference = x - largest;
        }
        *entry = largest;
    }
}

/// Divides each entry by the sum of its row, and returns the sums in y.
#[inline(always)]
pub fn shares_of_rows(columns: usize, c: &mut [f64], y: &mut [f64]) {
    if columns == 0 {
        return y.fill(0.0);
    }
    for (row, entry) in c.chunks_exact_mut(columns).zip(y) {
        *entry = sum(row);
        let reciprocal = 1.0 / *entry;
        for x in row {
            *x *= reciprocal;
        }
    }
}

/// The place of the first of the largest entries; none if there is no number.
pub fn first_largest(a: &[f64]) -> Option<usize> {
    let mut best = None;
    for (i, entry) in a.iter().enumerate() {
        if !entry.is_nan() && best.is_none_or(|best: usize| *entry > a[best]) {
            best = Some(i);
        }
    }
    best
}

/// The place of the first of the smallest entries; none if there is no number.
pub fn first_smallest(a: &[f64]) -> Option<usize> {
    let mut best = None;
    for (i, entry) in a.iter().enumerate() {
        if !entry.is_nan() && best.is_none_or(|best: usize| *entry < a[best]) {
            best = Some(i);
        }
    }
    best
}

/// The product of all entries.
pub fn entry_product(a: &[f64]) -> f64 {
    a.iter().product()
}

/// For each entry the product of all others: what is before it times what is after it.
pub fn other_products(a: &[f64], products: &mut [f64]) {
    let mut before = 1.0;
    for (entry, product) in a.iter().zip(products.iter_mut()) {
        *product = before;
        before *= entry;
    }
    let mut after = 1.0;
    for (entry, product) in a.iter().zip(products.iter_mut()).rev() {
        *product *= after;
        after *= entry;
    }
}
