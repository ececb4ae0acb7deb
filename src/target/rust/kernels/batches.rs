/// The numbers of the points from `at` on; zeros where there are fewer than a block has.
#[inline(never)]
pub fn read_block<const LANES: usize>(x: &[f64], at: usize) -> [f64; LANES] {
    let x = &x[at..];
    match x.first_chunk() {
        Some(whole) => *whole,
        None => {
            let mut block = [0.0; LANES];
            block[..x.len()].copy_from_slice(x);
            block
        }
    }
}

/// Writes a block to the points from `at` on, as far as there are any.
#[inline(never)]
pub fn write_block<const LANES: usize>(y: &mut [f64], at: usize, block: &[f64; LANES]) {
    let y = &mut y[at..];
    match y.first_chunk_mut() {
        Some(whole) => *whole = *block,
        None => y.copy_from_slice(&block[..y.len()]),
    }
}
