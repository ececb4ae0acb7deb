/// a*b + c, rounded once if `FMA`.
#[inline(always)]
fn fused<const FMA: bool>(a: f64, b: f64, c: f64) -> f64 {
    if FMA { a.mul_add(b, c) } else { a * b + c }
}

/// How many rows of B are multiplied before the next tile of C.
const DEPTH: usize = 32;

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

/// Adds R rows of A' times B.
#[inline(always)]
fn turned_strip<const FMA: bool, const R: usize, const C: usize>(
    sides: [usize; 2],
    i: usize,
    a: &[f64],
    b: &[f64],
    c: &mut [f64],
) {
    let columns = sides[1];
    let mut j = 0;
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

/// Adds A'*B to C by tiles of R rows and C columns that stay in registers.
#[inline(always)]
fn turned_tiles<const FMA: bool, const R: usize, const C: usize>(
    sides: [usize; 2],
    a: &[f64],
    b: &[f64],
    c: &mut [f64],
) {
    let rows = sides[0];
    let mut i = 0;
    while i + R <= rows {
        turned_strip::<FMA, R, C>(sides, i, a, b, c);
        i += R;
    }
    while i + 2 <= rows {
        turned_strip::<FMA, 2, C>(sides, i, a, b, c);
        i += 2;
    }
    if i < rows {
        turned_strip::<FMA, 1, C>(sides, i, a, b, c);
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
        match FMA {
            true => turned_tiles::<FMA, 6, 8>([rows, columns], a, b, c),
            false => turned_tiles::<FMA, 4, 4>([rows, columns], a, b, c),
        }
    }
}

/// How many rows of A' are multiplied before the next.
const PANEL: usize = 8;

/// Adds R rows of A' times C columns of B to C, U rows of B at a time; `a` has the rows of A', `b` those of B from its
/// column j on.
#[inline(always)]
fn panel_tile<const FMA: bool, const R: usize, const C: usize, const U: usize>(
    (a, i): (&[[f64; PANEL]], usize),
    (b, j): (&[f64], usize),
    (c, columns): (&mut [f64], usize),
) {
    let mut sums = [[[0.0; C]; R]; U];
    let mut a = a.chunks_exact(U);
    let mut b = b.chunks_exact(U * columns);
    for (a, b) in a.by_ref().zip(b.by_ref()) {
        for u in 0..U {
            let (a, b) = (&a[u][i..][..R], &b[u * columns + j..][..C]);
            for r in 0..R {
                for q in 0..C {
                    sums[u][r][q] = fused::<FMA>(a[r], b[q], sums[u][r][q]);
                }
            }
        }
    }
    if U > 1 {
        for (a, b) in a.remainder().iter().zip(b.remainder().chunks_exact(columns)) {
            let (a, b) = (&a[i..][..R], &b[j..][..C]);
            for r in 0..R {
                for q in 0..C {
                    sums[0][r][q] = fused::<FMA>(a[r], b[q], sums[0][r][q]);
                }
            }
        }
    }
    for r in 0..R {
        let row = &mut c[r * columns + j..][..C];
        for q in 0..C {
            row[q] += if U > 1 { sums[0][r][q] + sums[U - 1][r][q] } else { sums[0][r][q] };
        }
    }
}

/// Adds four rows of A' times B to four rows of C, up to column `end`, which is a multiple of four.
#[inline(always)]
fn panel_strip<const FMA: bool, const C: usize>(
    a: (&[[f64; PANEL]], usize),
    b: &[f64],
    (c, columns): (&mut [f64], usize),
    end: usize,
) {
    let mut j = 0;
    while j + C <= end {
        panel_tile::<FMA, 4, C, 1>(a, (b, j), (c, columns));
        j += C;
    }
    while j + 4 <= end {
        panel_tile::<FMA, 4, 4, 2>(a, (b, j), (c, columns));
        j += 4;
    }
}

/// Adds fewer rows of A' times B to as many rows of C.
#[inline(always)]
fn panel_rest<const FMA: bool, const R: usize, const C: usize>(
    a: (&[[f64; PANEL]], usize),
    b: &[f64],
    (c, columns): (&mut [f64], usize),
) {
    let mut j = 0;
    while j + C <= columns {
        panel_tile::<FMA, R, C, 1>(a, (b, j), (c, columns));
        j += C;
    }
    while j + 4 <= columns {
        panel_tile::<FMA, R, 4, 2>(a, (b, j), (c, columns));
        j += 4;
    }
    if j + 2 <= columns {
        panel_tile::<FMA, R, 2, 1>(a, (b, j), (c, columns));
        j += 2;
    }
    if j < columns {
        panel_tile::<FMA, R, 1, 1>(a, (b, j), (c, columns));
    }
}

/// Adds the lower half of A'*diag(p)*B to that of C, where that is symmetric, and A and B have `rows` columns
/// and at most DEPTH rows.
#[inline(always)]
fn add_few_symmetric<const FMA: bool>(rows: usize, a: &[f64], p: &[f64], b: &[f64], c: &mut [f64]) {
    let mut panel = [[0.0; PANEL]; DEPTH];
    let depth = p.len();
    let whole = rows / PANEL * PANEL;
    for i in (0..whole).step_by(PANEL) {
        for ((panel, a), p) in panel.iter_mut().zip(a.chunks_exact(rows)).zip(p) {
            let a = &a[i..][..PANEL];
            for r in 0..PANEL {
                panel[r] = p * a[r];
            }
        }
        let panel = &panel[..depth];
        let (above, below) = c[i * rows..].split_at_mut(4 * rows);
        match FMA {
            true => {
                panel_strip::<FMA, 8>((panel, 0), b, (above, rows), i + 4);
                panel_strip::<FMA, 8>((panel, 4), b, (below, rows), i + 8);
            }
            false => {
                panel_strip::<FMA, 4>((panel, 0), b, (above, rows), i + 4);
                panel_strip::<FMA, 4>((panel, 4), b, (below, rows), i + 8);
            }
        }
    }
    for ((panel, a), p) in panel.iter_mut().zip(a.chunks_exact(rows)).zip(p) {
        for (panel, a) in panel.iter_mut().zip(&a[whole..]) {
            *panel = p * a;
        }
    }
    let panel = &panel[..depth];
    let (mut c, mut done) = (&mut c[whole * rows..], 0);
    if whole + 4 <= rows {
        panel_strip::<FMA, 4>((panel, 0), b, (c, rows), whole + 4);
        (c, done) = (&mut c[4 * rows..], 4);
    }
    match rows - whole - done {
        1 => panel_rest::<FMA, 1, 16>((panel, done), b, (c, rows)),
        2 => panel_rest::<FMA, 2, 16>((panel, done), b, (c, rows)),
        3 => panel_rest::<FMA, 3, 8>((panel, done), b, (c, rows)),
        _ => {}
    }
}

/// Adds the lower half of A'*diag(p)*B to that of C, where that is symmetric, and A and B have `rows` columns.
#[inline(always)]
pub fn add_symmetric<const FMA: bool>(rows: usize, a: &[f64], p: &[f64], b: &[f64], c: &mut [f64]) {
    if rows == 0 {
        return;
    }
    for ((a, p), b) in a.chunks(DEPTH * rows).zip(p.chunks(DEPTH)).zip(b.chunks(DEPTH * rows)) {
        add_few_symmetric::<FMA>(rows, a, p, b, c);
    }
}

/// Copies what is below the diagonal to above it.
#[inline(always)]
pub fn mirror(rows: usize, c: &mut [f64]) {
    for i in 1..rows {
        let (above, row) = c.split_at_mut(i * rows);
        for (above, entry) in above.chunks_exact_mut(rows).zip(row) {
            above[i] = *entry;
        }
    }
}

/// C = A'*B where that is symmetric and both have `rows` columns: the lower half, mirrored.
#[inline(always)]
pub fn symmetric_product<const FMA: bool>(rows: usize, a: &[f64], b: &[f64], c: &mut [f64]) {
    c.fill(0.0);
    if rows == 0 {
        return;
    }
    for (a, b) in a.chunks(8 * DEPTH * rows).zip(b.chunks(8 * DEPTH * rows)) {
        add_symmetric::<FMA>(rows, a, &[1.0; 8 * DEPTH][..b.len() / rows], b, c);
    }
    mirror(rows, c);
}

/// C = A'*diag(p)*A, where A has `rows` columns: the lower half, mirrored.
#[inline(always)]
pub fn weighted_product<const FMA: bool>(rows: usize, a: &[f64], p: &[f64], c: &mut [f64]) {
    c.fill(0.0);
    add_symmetric::<FMA>(rows, a, p, a, c);
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
            strip::<FMA, R, C>(::core::array::from_fn(|r| row(i + r)), b, &mut c[i * columns..], columns);
            i += R;
        }
        while i + 2 <= rows {
            strip::<FMA, 2, C>([row(i), row(i + 1)], b, &mut c[i * columns..], columns);
            i += 2;
        }
        if i < rows {
            strip::<FMA, 1, C>([row(i)], b, &mut c[i * columns..], columns);
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
                let rows = ::core::array::from_fn(|r| row((i + r).min(rows - 1)));
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
