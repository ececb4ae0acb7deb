/// Eight numbers in a register.
#[cfg(target_arch = "x86_64")]
#[inline]
#[target_feature(enable = "avx512f")]
fn octet(x: &[f64]) -> core::arch::x86_64::__m512d {
    let x = &x[..8];
    core::arch::x86_64::_mm512_setr_pd(x[0], x[1], x[2], x[3], x[4], x[5], x[6], x[7])
}

/// The four numbers in a register.
#[cfg(target_arch = "x86_64")]
#[inline]
#[target_feature(enable = "avx512f")]
fn four_numbers(x: core::arch::x86_64::__m256d) -> [f64; 4] {
    use core::arch::x86_64::*;
    let (low, high) = (_mm256_castpd256_pd128(x), _mm256_extractf128_pd::<1>(x));
    let (second, last) = (_mm_unpackhi_pd(low, low), _mm_unpackhi_pd(high, high));
    [_mm_cvtsd_f64(low), _mm_cvtsd_f64(second), _mm_cvtsd_f64(high), _mm_cvtsd_f64(last)]
}

/// The eight numbers in a register.
#[cfg(target_arch = "x86_64")]
#[inline]
#[target_feature(enable = "avx512f")]
fn eight_numbers(x: core::arch::x86_64::__m512d) -> [f64; 8] {
    use core::arch::x86_64::*;
    let [p, q, r, s] = four_numbers(_mm512_castpd512_pd256(x));
    let [t, u, v, w] = four_numbers(_mm512_extractf64x4_pd::<1>(x));
    [p, q, r, s, t, u, v, w]
}

/// Adds rows of A'*diag(p)*B to C, eight columns of them from column j on: rows `start` to `start` + D + R but the first
/// `skipped`, of which the first D only have the first four columns.
#[cfg(target_arch = "x86_64")]
#[inline]
#[target_feature(enable = "avx512f,fma")]
fn tall_tile<const D: usize, const R: usize>(
    columns: usize,
    (a, start): (&[f64], usize),
    p: &[f64],
    (b, j): (&[f64], usize),
    (c, skipped): (&mut [f64], usize),
) {
    use core::arch::x86_64::*;
    let mut halves = [_mm256_setzero_pd(); D];
    let mut sums = [_mm512_setzero_pd(); R];
    for ((a, b), p) in a.chunks_exact(columns).zip(b.chunks_exact(columns)).zip(p) {
        let b = _mm512_mul_pd(octet(&b[j..]), _mm512_set1_pd(*p));
        let half = _mm512_castpd512_pd256(b);
        let a = &a[start..][..D + R];
        for r in 0..D {
            halves[r] = _mm256_fmadd_pd(_mm256_set1_pd(a[r]), half, halves[r]);
        }
        for r in 0..R {
            sums[r] = _mm512_fmadd_pd(_mm512_set1_pd(a[D + r]), b, sums[r]);
        }
    }
    let c = &mut c[start * columns + j..];
    for r in 0..D {
        if r >= skipped {
            let sums = four_numbers(halves[r]);
            let row = &mut c[r * columns..][..4];
            for q in 0..4 {
                row[q] += sums[q];
            }
        }
    }
    for r in 0..R {
        if D + r >= skipped {
            let row = &mut c[(D + r) * columns..][..8];
            row.copy_from_slice(&eight_numbers(_mm512_add_pd(octet(row), sums[r])));
        }
    }
}

/// Adds the products of R numbers of a with four of b, times p.
#[cfg(target_arch = "x86_64")]
#[inline]
#[target_feature(enable = "avx512f,fma")]
fn add_outer<const R: usize>(a: &[f64], p: f64, b: &[f64], sums: &mut [core::arch::x86_64::__m256d; R]) {
    use core::arch::x86_64::*;
    let (a, b) = (&a[..R], &b[..4]);
    let b = _mm256_mul_pd(_mm256_setr_pd(b[0], b[1], b[2], b[3]), _mm256_set1_pd(p));
    for r in 0..R {
        sums[r] = _mm256_fmadd_pd(_mm256_set1_pd(a[r]), b, sums[r]);
    }
}

/// Adds R rows of A'*diag(p)*B, from row i on, to C, four columns of them from column j on but the first `skipped`.
#[cfg(target_arch = "x86_64")]
#[inline]
#[target_feature(enable = "avx512f,fma")]
fn corner<const R: usize>(
    columns: usize,
    (a, i): (&[f64], usize),
    p: &[f64],
    (b, j): (&[f64], usize),
    (c, skipped): (&mut [f64], usize),
) {
    use core::arch::x86_64::*;
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

/// Does what `add_symmetric` does where there are eight columns or more: tiles are eight columns wide and as tall as
/// registers allow, so that a number of B is read and weighted once for many rows.
#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx512f,fma")]
fn add_symmetric_avx512(columns: usize, a: &[f64], p: &[f64], b: &[f64], c: &mut [f64]) {
    let whole = columns / 8 * 8;
    for ((a, p), b) in a.chunks(256 * columns).zip(p.chunks(256)).zip(b.chunks(256 * columns)) {
        for j in (0..whole).step_by(8) {
            let tiles = (columns - j).div_ceil(26);
            let mut height = (columns - j).div_ceil(tiles).next_multiple_of(2);
            if height > columns {
                height = columns.div_ceil(2).next_multiple_of(2).max(8);
            }
            let mut next = j;
            while next < columns {
                let height = height.min((columns - next).next_multiple_of(2).max(8));
                let start = next.min(columns - height);
                let (from, to) = ((a, start), (&mut *c, next - start));
                match (next == j, height) {
                    (true, 8) => tall_tile::<4, 4>(columns, from, p, (b, j), to),
                    (true, 10) => tall_tile::<4, 6>(columns, from, p, (b, j), to),
                    (true, 12) => tall_tile::<4, 8>(columns, from, p, (b, j), to),
                    (true, 14) => tall_tile::<4, 10>(columns, from, p, (b, j), to),
                    (true, 16) => tall_tile::<4, 12>(columns, from, p, (b, j), to),
                    (true, 18) => tall_tile::<4, 14>(columns, from, p, (b, j), to),
                    (true, 20) => tall_tile::<4, 16>(columns, from, p, (b, j), to),
                    (true, 22) => tall_tile::<4, 18>(columns, from, p, (b, j), to),
                    (true, 24) => tall_tile::<4, 20>(columns, from, p, (b, j), to),
                    (true, _) => tall_tile::<4, 22>(columns, from, p, (b, j), to),
                    (_, 8) => tall_tile::<0, 8>(columns, from, p, (b, j), to),
                    (_, 10) => tall_tile::<0, 10>(columns, from, p, (b, j), to),
                    (_, 12) => tall_tile::<0, 12>(columns, from, p, (b, j), to),
                    (_, 14) => tall_tile::<0, 14>(columns, from, p, (b, j), to),
                    (_, 16) => tall_tile::<0, 16>(columns, from, p, (b, j), to),
                    (_, 18) => tall_tile::<0, 18>(columns, from, p, (b, j), to),
                    (_, 20) => tall_tile::<0, 20>(columns, from, p, (b, j), to),
                    (_, 22) => tall_tile::<0, 22>(columns, from, p, (b, j), to),
                    (_, 24) => tall_tile::<0, 24>(columns, from, p, (b, j), to),
                    (..) => tall_tile::<0, 26>(columns, from, p, (b, j), to),
                }
                next += height;
            }
        }
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
}

/// Does what `times` does where there are eight columns or more: four rows side by side, so that a number of x is read once
/// for them, unless short rows would come from memory, which is read faster in order.
#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx512f,fma")]
fn times_avx512(columns: usize, a: &[f64], x: &[f64], y: &mut [f64]) {
    use core::arch::x86_64::*;
    let is_near = a.len() >= 4096 && a.len() <= 131072;
    let together = if is_near || columns >= 512 { 4 * columns * (y.len() / 4) } else { 0 };
    let x = &x[..columns];
    let (fours, others) = a.split_at(together);
    let (entries, rest) = y.split_at_mut(together / columns);
    for (rows, y) in fours.chunks_exact(4 * columns).zip(entries.chunks_exact_mut(4)) {
        let (first, rows) = rows.split_at(columns);
        let (second, rows) = rows.split_at(columns);
        let (third, fourth) = rows.split_at(columns);
        let rows = [first, second, third, &fourth[..columns]];
        let mut sums = [_mm512_setzero_pd(); 4];
        let mut k = 0;
        while k + 8 <= columns {
            let x = octet(&x[k..][..8]);
            for r in 0..4 {
                sums[r] = _mm512_fmadd_pd(octet(&rows[r][k..][..8]), x, sums[r]);
            }
            k += 8;
        }
        let mut halves = [_mm256_setzero_pd(); 4];
        for r in 0..4 {
            halves[r] = _mm256_add_pd(_mm512_castpd512_pd256(sums[r]), _mm512_extractf64x4_pd::<1>(sums[r]));
        }
        let [p, q, r, s] = halves;
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
