/// Eight numbers in a register.
#[cfg(target_arch = "x86_64")]
#[inline]
#[target_feature(enable = "avx512f")]
fn octet(x: &[f64]) -> ::core::arch::x86_64::__m512d {
    let x = &x[..8];
    ::core::arch::x86_64::_mm512_setr_pd(x[0], x[1], x[2], x[3], x[4], x[5], x[6], x[7])
}

/// The eight numbers in a register.
#[cfg(target_arch = "x86_64")]
#[inline]
#[target_feature(enable = "avx512f")]
fn eight_numbers(x: ::core::arch::x86_64::__m512d) -> [f64; 8] {
    use ::core::arch::x86_64::*;
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
    use ::core::arch::x86_64::*;
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
        corners(columns, a, p, b, c);
    }
}
