/// The largest entry of each row, and the exponentials of the entries less that of their row, by rows and by columns.
pub fn exponentials_of_rows<const FMA: bool>(
    columns: usize,
    a: &[f64],
    largest: &mut [f64],
    e: &mut [f64],
    turned: &mut [f64],
) {
    less_largest_of_rows(columns, a, largest, e);
    for x in e.iter_mut() {
        *x = exp::<FMA>(*x);
    }
    transpose(columns, e, turned);
}

/// The exponentials of numbers less the largest of them, which is returned, and their product with a matrix that is given by
/// columns.
#[inline(always)]
fn product_with_exponentials<const FMA: bool>(turned: &[f64], x: &[f64], p: &mut [f64], y: &mut [f64]) -> f64 {
    let mut lanes = [f64::NEG_INFINITY; 4];
    for block in x.chunks(4) {
        for (lane, x) in lanes.iter_mut().zip(block) {
            *lane = if *lane > *x { *lane } else { *x };
        }
    }
    let [first, second] = [(0, 1), (2, 3)].map(|(a, b)| if lanes[a] > lanes[b] { lanes[a] } else { lanes[b] });
    let largest = if first > second { first } else { second };
    for (p, x) in p.iter_mut().zip(x) {
        *p = exp::<FMA>(*x - largest);
    }
    y.fill(0.0);
    let rows = y.len().max(1);
    let mut pairs = turned.chunks_exact(2 * rows);
    for (e, p) in pairs.by_ref().zip(p.chunks_exact(2)) {
        let (first, second) = e.split_at(rows);
        for ((y, first), second) in y.iter_mut().zip(first).zip(second) {
            *y += fused::<FMA>(p[0], *first, p[1] * *second);
        }
    }
    for (y, e) in y.iter_mut().zip(pairs.remainder()) {
        *y += p[p.len() - 1] * *e;
    }
    largest
}

/// Tells whether sums of products of exponentials, the largest of each of which is 1, have lost no digits.
#[inline(always)]
fn are_precise(sums: &[f64]) -> bool {
    let least = f64::EPSILON * f64::EPSILON;
    sums.iter().fold(true, |precise, sum| precise & (*sum > least))
}

/// ln of the sum of the exponentials of each row of a matrix to which the row x is added. Of the matrix, the largest entry of
/// each row and the exponentials of what the others are less are given, by columns. The numbers p are for its own use.
#[inline(always)]
pub fn log_sum_exp_of_sums<const FMA: bool>(
    a: &[f64],
    largest: &[f64],
    turned: &[f64],
    x: &[f64],
    p: &mut [f64],
    y: &mut [f64],
) {
    let top = product_with_exponentials::<FMA>(turned, x, p, y);
    if are_precise(y) {
        for (y, largest) in y.iter_mut().zip(largest) {
            *y = ln::<FMA>(*y) + (top + *largest);
        }
        return;
    }
    for (row, y) in a.chunks_exact(x.len().max(1)).zip(y) {
        for ((p, a), x) in p.iter_mut().zip(row).zip(x) {
            *p = a + x;
        }
        *y = log_sum_exp::<FMA>(p);
    }
}

/// As `log_sum_exp_of_sums`, and the share of each exponential in the sum of its row. The exponentials of the matrix are given
/// by rows, too.
#[inline(always)]
pub fn shares_of_sums<const FMA: bool>(
    a: &[f64],
    largest: &[f64],
    [e, turned]: [&[f64]; 2],
    x: &[f64],
    p: &mut [f64],
    y: &mut [f64],
    c: &mut [f64],
) {
    let columns = x.len().max(1);
    let top = product_with_exponentials::<FMA>(turned, x, p, y);
    if are_precise(y) {
        for ((share, e), y) in c.chunks_exact_mut(columns).zip(e.chunks_exact(columns)).zip(y.iter()) {
            let reciprocal = 1.0 / *y;
            for ((share, e), p) in share.iter_mut().zip(e).zip(p.iter()) {
                *share = *e * (*p * reciprocal);
            }
        }
        for (y, largest) in y.iter_mut().zip(largest) {
            *y = ln::<FMA>(*y) + (top + *largest);
        }
        return;
    }
    for ((row, share), y) in a.chunks_exact(columns).zip(c.chunks_exact_mut(columns)).zip(y) {
        for ((share, a), x) in share.iter_mut().zip(row).zip(x) {
            *share = a + x;
        }
        *y = log_sum_exp::<FMA>(share);
        for share in share.iter_mut() {
            *share = exp::<FMA>(*share - *y);
        }
    }
}
