/// a*b + c, rounded once if `FMA`.
#[inline(always)]
fn fused<const FMA: bool>(a: f64, b: f64, c: f64) -> f64 {
    if FMA { a.mul_add(b, c) } else { a * b + c }
}

/// How many rows of B are multiplied before the next tile of C.
pub const DEPTH: usize = 32;

/// Adds R rows of A' times C columns of B, from row i of A' and column j of B, to C.
#[inline(always)]
fn turned_tile<const FMA: bool, const R: usize, const C: usize>(
    [rows, columns]: [usize; 2],
    [i, j]: [usize; 2],
    a: &[f64],
    b: &[f64],
    c: &mut [f64],
) {
    let mut sums = [[0.0; C]; R];
    for (a, b) in a.chunks_exact(rows).zip(b.chunks_exact(columns)) {
        let (a, b) = (&a[i..][..R], &b[j..][..C]);
        for r in 0..R {
            for q in 0..C {
                sums[r][q] = fused::<FMA>(a[r], b[q], sums[r][q]);
            }
        }
    }
    for r in 0..R {
        let row = &mut c[(i + r) * columns + j..][..C];
        for q in 0..C {
            row[q] += sums[r][q];
        }
    }
}

/// Adds R rows of A' times B, from column j of B on.
#[inline(always)]
fn turned_strip<const FMA: bool, const R: usize, const C: usize>(
    sides: [usize; 2],
    [i, mut j]: [usize; 2],
    a: &[f64],
    b: &[f64],
    c: &mut [f64],
) {
    let columns = sides[1];
    while j + C <= columns {
        turned_tile::<FMA, R, C>(sides, [i, j], a, b, c);
        j += C;
    }
    if j + 4 <= columns {
        turned_tile::<FMA, R, 4>(sides, [i, j], a, b, c);
        j += 4;
    }
    if j + 2 <= columns {
        turned_tile::<FMA, R, 2>(sides, [i, j], a, b, c);
        j += 2;
    }
    if j < columns {
        turned_tile::<FMA, R, 1>(sides, [i, j], a, b, c);
    }
}

/// Adds A'*B to C by tiles of R rows and C columns that stay in registers; only what is not below the diagonal if
/// `upper`.
#[inline(always)]
fn turned_tiles<const FMA: bool, const R: usize, const C: usize>(
    upper: bool,
    sides: [usize; 2],
    a: &[f64],
    b: &[f64],
    c: &mut [f64],
) {
    let rows = sides[0];
    let mut i = 0;
    while i + R <= rows {
        turned_strip::<FMA, R, C>(sides, [i, if upper { i } else { 0 }], a, b, c);
        i += R;
    }
    while i < rows {
        turned_strip::<FMA, 1, C>(sides, [i, if upper { i } else { 0 }], a, b, c);
        i += 1;
    }
}

/// Adds A'*B to C in tiles that suit the processor.
#[inline(always)]
fn add_turned<const FMA: bool>(upper: bool, sides: [usize; 2], a: &[f64], b: &[f64], c: &mut [f64]) {
    match FMA {
        true => turned_tiles::<FMA, 6, 8>(upper, sides, a, b, c),
        false => turned_tiles::<FMA, 4, 4>(upper, sides, a, b, c),
    }
}

/// C = A'*B, where A has `rows` columns and B has `columns`.
#[inline(always)]
pub fn turned_product<const FMA: bool>(rows: usize, columns: usize, a: &[f64], b: &[f64], c: &mut [f64]) {
    c.fill(0.0);
    if rows == 0 || columns == 0 {
        return;
    }
    for (a, b) in a.chunks(DEPTH * rows).zip(b.chunks(DEPTH * columns)) {
        add_turned::<FMA>(false, [rows, columns], a, b, c);
    }
}

/// Copies what is above the diagonal to below it.
#[inline(always)]
fn mirror(rows: usize, c: &mut [f64]) {
    for i in 0..rows {
        for j in 0..i {
            c[i * rows + j] = c[j * rows + i];
        }
    }
}

/// C = A'*B where that is symmetric and both have `rows` columns: the upper half, mirrored.
#[inline(always)]
pub fn symmetric_product<const FMA: bool>(rows: usize, a: &[f64], b: &[f64], c: &mut [f64]) {
    c.fill(0.0);
    if rows == 0 {
        return;
    }
    for (a, b) in a.chunks(DEPTH * rows).zip(b.chunks(DEPTH * rows)) {
        add_turned::<FMA>(true, [rows, rows], a, b, c);
    }
    mirror(rows, c);
}

/// C = A'*diag(p)*A, where A has `rows` columns: the upper half, mirrored. The rows of diag(p)*A are in `work`, some
/// at a time.
#[inline(always)]
pub fn weighted_product<const FMA: bool>(rows: usize, a: &[f64], p: &[f64], work: &mut [f64], c: &mut [f64]) {
    c.fill(0.0);
    if rows == 0 {
        return;
    }
    for (a, p) in a.chunks(DEPTH * rows).zip(p.chunks(DEPTH)) {
        let weighted = &mut work[..a.len()];
        for ((weighted, a), p) in weighted.chunks_exact_mut(rows).zip(a.chunks_exact(rows)).zip(p) {
            for (weighted, a) in weighted.iter_mut().zip(a) {
                *weighted = p * a;
            }
        }
        add_turned::<FMA>(true, [rows, rows], weighted, a, c);
    }
    mirror(rows, c);
}

/// Adds R rows of A times C columns of B to C, which has `columns` columns; B has a row in each `stride` numbers.
#[inline(always)]
fn tile<const FMA: bool, const R: usize, const C: usize>(
    a: [&[f64]; R],
    (b, stride): (&[f64], usize),
    (c, columns): (&mut [f64], usize),
) {
    let depth = a[0].len();
    let a = a.map(|row| &row[..depth]);
    let mut sums = [[0.0; C]; R];
    for k in 0..depth {
        let b = &b[k * stride..][..C];
        for r in 0..R {
            for q in 0..C {
                sums[r][q] = fused::<FMA>(a[r][k], b[q], sums[r][q]);
            }
        }
    }
    for r in 0..R {
        let row = &mut c[r * columns..][..C];
        for q in 0..C {
            row[q] += sums[r][q];
        }
    }
}

/// Adds R rows of A times B to R rows of C.
#[inline(always)]
fn strip<const FMA: bool, const R: usize, const C: usize>(a: [&[f64]; R], b: &[f64], c: &mut [f64], columns: usize) {
    let mut j = 0;
    while j + C <= columns {
        tile::<FMA, R, C>(a, (&b[j..], columns), (&mut c[j..], columns));
        j += C;
    }
    if j + 4 <= columns {
        tile::<FMA, R, 4>(a, (&b[j..], columns), (&mut c[j..], columns));
        j += 4;
    }
    if j + 2 <= columns {
        tile::<FMA, R, 2>(a, (&b[j..], columns), (&mut c[j..], columns));
        j += 2;
    }
    if j < columns {
        tile::<FMA, R, 1>(a, (&b[j..], columns), (&mut c[j..], columns));
    }
}

/// C = A*B by tiles of R rows and C columns that stay in registers.
#[inline(always)]
fn tiles<const FMA: bool, const R: usize, const C: usize>(
    inner: usize,
    columns: usize,
    a: &[f64],
    b: &[f64],
    c: &mut [f64],
) {
    c.fill(0.0);
    if inner == 0 || columns == 0 {
        return;
    }
    let rows = a.len() / inner;
    for k in (0..inner).step_by(2 * DEPTH) {
        let depth = (inner - k).min(2 * DEPTH);
        let row = |i: usize| &a[i * inner + k..][..depth];
        let b = &b[k * columns..];
        let mut i = 0;
        while i + R <= rows {
            strip::<FMA, R, C>(core::array::from_fn(|r| row(i + r)), b, &mut c[i * columns..], columns);
            i += R;
        }
        while i < rows {
            strip::<FMA, 1, C>([row(i)], b, &mut c[i * columns..], columns);
            i += 1;
        }
    }
}

/// C = A*B, where A has `inner` columns and B has `columns`.
#[inline(always)]
pub fn product<const FMA: bool>(inner: usize, columns: usize, a: &[f64], b: &[f64], c: &mut [f64]) {
    match FMA {
        true => tiles::<FMA, 6, 8>(inner, columns, a, b, c),
        false => tiles::<FMA, 4, 4>(inner, columns, a, b, c),
    }
}

/// C = A*B' by tiles of R rows and C columns that stay in registers, with C rows of B turned at a time.
#[inline(always)]
fn tiles_turned<const FMA: bool, const R: usize, const C: usize>(
    inner: usize,
    columns: usize,
    a: &[f64],
    b: &[f64],
    c: &mut [f64],
) {
    c.fill(0.0);
    if inner == 0 || columns == 0 {
        return;
    }
    let rows = a.len() / inner;
    let mut panel = [[0.0; C]; 2 * DEPTH];
    for k in (0..inner).step_by(2 * DEPTH) {
        let depth = (inner - k).min(2 * DEPTH);
        let row = |i: usize| &a[i * inner + k..][..depth];
        for j in (0..columns).step_by(C) {
            let count = (columns - j).min(C);
            for q in 0..count {
                for (turned, entry) in panel.iter_mut().zip(&b[(j + q) * inner + k..][..depth]) {
                    turned[q] = *entry;
                }
            }
            let b = (panel.as_flattened(), C);
            for i in (0..rows).step_by(R) {
                let rows = core::array::from_fn(|r| row((i + r).min(rows - 1)));
                let mut sums = [[0.0; C]; R];
                tile::<FMA, R, C>(rows, b, (sums.as_flattened_mut(), C));
                for (c, sums) in c[i * columns..].chunks_mut(columns).zip(&sums) {
                    for (entry, sum) in c[j..][..count].iter_mut().zip(sums) {
                        *entry += sum;
                    }
                }
            }
        }
    }
}

/// C = A*B', where A and B have `inner` columns and B has `columns` rows.
#[inline(always)]
pub fn product_turned<const FMA: bool>(inner: usize, columns: usize, a: &[f64], b: &[f64], c: &mut [f64]) {
    match FMA {
        true => tiles_turned::<FMA, 6, 8>(inner, columns, a, b, c),
        false => tiles_turned::<FMA, 4, 4>(inner, columns, a, b, c),
    }
}
