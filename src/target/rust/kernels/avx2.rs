/// Four numbers in a register.
#[cfg(target_arch = "x86_64")]
#[inline]
#[target_feature(enable = "avx2,fma")]
fn quartet(x: &[f64]) -> ::core::arch::x86_64::__m256d {
    let x = &x[..4];
    ::core::arch::x86_64::_mm256_setr_pd(x[0], x[1], x[2], x[3])
}

/// The four numbers in a register.
#[cfg(target_arch = "x86_64")]
#[inline]
#[target_feature(enable = "avx2,fma")]
fn four_numbers(x: ::core::arch::x86_64::__m256d) -> [f64; 4] {
    use ::core::arch::x86_64::*;
    let (low, high) = (_mm256_castpd256_pd128(x), _mm256_extractf128_pd::<1>(x));
    let (second, last) = (_mm_unpackhi_pd(low, low), _mm_unpackhi_pd(high, high));
    [_mm_cvtsd_f64(low), _mm_cvtsd_f64(second), _mm_cvtsd_f64(high), _mm_cvtsd_f64(last)]
}

/// Adds four sums to four numbers of a row.
#[cfg(target_arch = "x86_64")]
#[inline]
#[target_feature(enable = "avx2,fma")]
fn add_quartet(row: &mut [f64], sums: ::core::arch::x86_64::__m256d) {
    row.copy_from_slice(&four_numbers(::core::arch::x86_64::_mm256_add_pd(quartet(row), sums)));
}

/// Adds eight rows of A'*diag(p)*B to C, from row j on, and their columns from column j on: the first four rows only
/// have the first four columns. Fills `weighted` with these columns of diag(p)*B.
#[cfg(target_arch = "x86_64")]
#[inline]
#[target_feature(enable = "avx2,fma")]
fn diagonal_tile(
    columns: usize,
    j: usize,
    [a, p, b]: [&[f64]; 3],
    weighted: &mut [[f64; 8]],
    c: &mut [f64],
) {
    use ::core::arch::x86_64::*;
    let mut halves = [_mm256_setzero_pd(); 4];
    let mut sums = [[_mm256_setzero_pd(); 2]; 4];
    for (((a, b), p), weighted) in a.chunks_exact(columns).zip(b.chunks_exact(columns)).zip(p).zip(weighted) {
        let (a, b, p) = (&a[j..][..8], &b[j..][..8], _mm256_set1_pd(*p));
        let (left, right) = (_mm256_mul_pd(quartet(&b[..4]), p), _mm256_mul_pd(quartet(&b[4..]), p));
        weighted[..4].copy_from_slice(&four_numbers(left));
        weighted[4..].copy_from_slice(&four_numbers(right));
        for r in 0..4 {
            halves[r] = _mm256_fmadd_pd(_mm256_set1_pd(a[r]), left, halves[r]);
        }
        for r in 0..4 {
            let a = _mm256_set1_pd(a[4 + r]);
            sums[r][0] = _mm256_fmadd_pd(a, left, sums[r][0]);
            sums[r][1] = _mm256_fmadd_pd(a, right, sums[r][1]);
        }
    }
    let c = &mut c[j * columns + j..];
    for r in 0..4 {
        add_quartet(&mut c[r * columns..][..4], halves[r]);
    }
    for r in 0..4 {
        let (left, right) = c[(4 + r) * columns..][..8].split_at_mut(4);
        add_quartet(left, sums[r][0]);
        add_quartet(right, sums[r][1]);
    }
}

/// Adds R rows of A'*diag(p)*B to C, from row i on, and eight columns of them from column j on; `weighted` has these columns
/// of diag(p)*B.
#[cfg(target_arch = "x86_64")]
#[inline]
#[target_feature(enable = "avx2,fma")]
fn weighted_tile<const R: usize>(
    columns: usize,
    [i, j]: [usize; 2],
    a: &[f64],
    weighted: &[[f64; 8]],
    c: &mut [f64],
) {
    use ::core::arch::x86_64::*;
    let mut sums = [[_mm256_setzero_pd(); 2]; R];
    for (a, b) in a.chunks_exact(columns).zip(weighted) {
        let a = &a[i..][..R];
        let (left, right) = (quartet(&b[..4]), quartet(&b[4..]));
        for r in 0..R {
            let a = _mm256_set1_pd(a[r]);
            sums[r][0] = _mm256_fmadd_pd(a, left, sums[r][0]);
            sums[r][1] = _mm256_fmadd_pd(a, right, sums[r][1]);
        }
    }
    let c = &mut c[i * columns + j..];
    for r in 0..R {
        let (left, right) = c[r * columns..][..8].split_at_mut(4);
        add_quartet(left, sums[r][0]);
        add_quartet(right, sums[r][1]);
    }
}

/// Adds the products of R numbers of a with four of b, times p.
#[cfg(target_arch = "x86_64")]
#[inline]
#[target_feature(enable = "avx2,fma")]
fn add_outer<const R: usize>(a: &[f64], p: f64, b: &[f64], sums: &mut [::core::arch::x86_64::__m256d; R]) {
    use ::core::arch::x86_64::*;
    let (a, b) = (&a[..R], _mm256_mul_pd(quartet(b), _mm256_set1_pd(p)));
    for r in 0..R {
        sums[r] = _mm256_fmadd_pd(_mm256_set1_pd(a[r]), b, sums[r]);
    }
}

/// Adds R rows of A'*diag(p)*B, from row i on, to C, four columns of them from column j on but the first `skipped`.
#[cfg(target_arch = "x86_64")]
#[inline]
#[target_feature(enable = "avx2,fma")]
fn corner<const R: usize>(
    columns: usize,
    (a, i): (&[f64], usize),
    p: &[f64],
    (b, j): (&[f64], usize),
    (c, skipped): (&mut [f64], usize),
) {
    use ::core::arch::x86_64::*;
    let mut sums = [_mm256_setzero_pd(); R];
    let mut others = [_mm256_setzero_pd(); R];
    let pairs = a.chunks_exact(2 * columns).zip(b.chunks_exact(2 * columns));
    for ((a, b), p) in pairs.zip(p.chunks_exact(2)) {
        add_outer(&a[i..][..R], p[0], &b[j..][..4], &mut sums);
        add_outer(&a[columns + i..][..R], p[1], &b[columns + j..][..4], &mut others);
    }
    if p.len() % 2 == 1 {
        let last = (p.len() - 1) * columns;
        add_outer(&a[last + i..], p[p.len() - 1], &b[last + j..], &mut sums);
    }
    for r in 0..R {
        let sums = four_numbers(_mm256_add_pd(sums[r], others[r]));
        for q in skipped..4 {
            c[(i + r) * columns + j + q] += sums[q];
        }
    }
}

/// Adds the rows and columns of A'*diag(p)*B that are left over where tiles are eight columns wide to C, as far as they are
/// below the diagonal.
#[cfg(target_arch = "x86_64")]
#[inline]
#[target_feature(enable = "avx2,fma")]
fn corners(columns: usize, a: &[f64], p: &[f64], b: &[f64], c: &mut [f64]) {
    let whole = columns / 8 * 8;
    match columns - whole {
        4 => corner::<4>(columns, (a, whole), p, (b, whole), (c, 0)),
        5 => corner::<5>(columns, (a, whole), p, (b, whole), (c, 0)),
        6 => corner::<6>(columns, (a, whole), p, (b, whole), (c, 0)),
        7 => corner::<7>(columns, (a, whole), p, (b, whole), (c, 0)),
        _ => {}
    }
    match columns % 4 {
        1 => corner::<1>(columns, (a, columns - 1), p, (b, columns - 4), (c, 3)),
        2 => corner::<2>(columns, (a, columns - 2), p, (b, columns - 4), (c, 2)),
        3 => corner::<3>(columns, (a, columns - 3), p, (b, columns - 4), (c, 1)),
        _ => {}
    }
}

/// Does what `add_symmetric` does where there are four columns or more: tiles of at most six rows and eight columns, which
/// with what is multiplied fill the sixteen registers.
#[cfg(target_arch = "x86_64")]
#[inline(never)]
#[target_feature(enable = "avx2,fma")]
fn add_symmetric_avx2(columns: usize, a: &[f64], p: &[f64], b: &[f64], c: &mut [f64]) {
    let mut weighted = [[0.0; 8]; 64];
    for ((a, p), b) in a.chunks(64 * columns).zip(p.chunks(64)).zip(b.chunks(64 * columns)) {
        for j in (0..columns / 8 * 8).step_by(8) {
            diagonal_tile(columns, j, [a, p, b], &mut weighted, c);
            let weighted = &weighted[..p.len()];
            let mut i = j + 8;
            while i < columns {
                let height = match columns - i {
                    rows if rows > 6 && matches!(rows % 6, 1..4) => 5,
                    rows => rows.min(6),
                };
                match height {
                    1 => weighted_tile::<1>(columns, [i, j], a, weighted, c),
                    2 => weighted_tile::<2>(columns, [i, j], a, weighted, c),
                    3 => weighted_tile::<3>(columns, [i, j], a, weighted, c),
                    4 => weighted_tile::<4>(columns, [i, j], a, weighted, c),
                    5 => weighted_tile::<5>(columns, [i, j], a, weighted, c),
                    _ => weighted_tile::<6>(columns, [i, j], a, weighted, c),
                }
                i += height;
            }
        }
        corners(columns, a, p, b, c);
    }
}

/// Does what `times` does where there are four columns or more: four rows side by side, so that a number of x is read once
/// for them, unless rows of some length would come from memory, which is read faster in order.
#[cfg(target_arch = "x86_64")]
#[inline(never)]
#[target_feature(enable = "avx2,fma")]
fn times_avx2(columns: usize, a: &[f64], x: &[f64], y: &mut [f64]) {
    use ::core::arch::x86_64::*;
    let is_near = a.len() <= 131_072 || !(64..512).contains(&columns);
    let together = if is_near { 4 * columns * (y.len() / 4) } else { 0 };
    let x = &x[..columns];
    let (fours, others) = a.split_at(together);
    let (entries, rest) = y.split_at_mut(together / columns);
    for (rows, y) in fours.chunks_exact(4 * columns).zip(entries.chunks_exact_mut(4)) {
        let (first, rows) = rows.split_at(columns);
        let (second, rows) = rows.split_at(columns);
        let (third, fourth) = rows.split_at(columns);
        let rows = [first, second, third, &fourth[..columns]];
        let mut sums = [_mm256_setzero_pd(); 4];
        let mut k = 0;
        while k + 4 <= columns {
            let x = quartet(&x[k..][..4]);
            for r in 0..4 {
                sums[r] = _mm256_fmadd_pd(quartet(&rows[r][k..][..4]), x, sums[r]);
            }
            k += 4;
        }
        let [p, q, r, s] = sums;
        let (pairs, others) = (_mm256_hadd_pd(p, q), _mm256_hadd_pd(r, s));
        let low = _mm256_permute2f128_pd::<0x20>(pairs, others);
        let mut sums = four_numbers(_mm256_add_pd(low, _mm256_permute2f128_pd::<0x31>(pairs, others)));
        for k in k..columns {
            for r in 0..4 {
                sums[r] = rows[r][k].mul_add(x[k], sums[r]);
            }
        }
        y.copy_from_slice(&sums);
    }
    for (row, entry) in others.chunks_exact(columns).zip(rest) {
        *entry = dot(row, x);
    }
}
