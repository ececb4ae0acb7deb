/// Sorts the entries of a sparse matrix by their numbers in two steps of significance, each of them once, and tells for
/// each one that was given the place where it is then. Returns how many are left.
pub fn merged(major: &mut [usize], minor: &mut [usize], slots: &mut [usize], scratch: &mut [usize]) -> usize {
    let count = slots.len();
    let scratch = &mut scratch[..count];
    for (at, own) in scratch.iter_mut().enumerate() {
        *own = at;
    }
    scratch.sort_unstable_by_key(|at| (major[*at], minor[*at]));
    let mut left = 0;
    for at in 0..count {
        let own = scratch[at];
        if at > 0 {
            let before = scratch[at - 1];
            left += usize::from((major[own], minor[own]) != (major[before], minor[before]));
        }
        slots[own] = left;
    }
    let left = if count > 0 { left + 1 } else { 0 };
    for numbers in [major, minor] {
        for (slot, number) in slots.iter().zip(numbers.iter()) {
            scratch[*slot] = *number;
        }
        numbers[..left].copy_from_slice(&scratch[..left]);
    }
    left
}

/// How many steps of a recurrence are one segment: the smallest number whose square is not less than the number of steps.
pub const fn segment(steps: usize) -> usize {
    let mut root = 1;
    while root * root < steps {
        root += 1;
    }
    root
}
