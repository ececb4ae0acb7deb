//! Long lists that are gone through by two threads.

use std::thread;

/// Does something with every other item, and with those between, side by side.
pub fn in_halves<T: Sync, R: Send>(items: &[T], work: impl Fn(&[&T]) -> R + Sync) -> [R; 2] {
    let half = |first: usize| work(&items.iter().skip(first).step_by(2).collect::<Vec<_>>());
    thread::scope(|scope| {
        let second = scope.spawn(|| half(1));
        let first = half(0);
        [first, second.join().unwrap_or_else(|reason| std::panic::resume_unwind(reason))]
    })
}
