//! The limits that refuse: how large a source may grow before it is answered with an error rather than with all of the
//! machine's memory. Limits that only end a search, and change which form is found, stand with the search.

/// Most entries that the parameters of one function with fixed dimensions may have together.
pub const PARAMETER_ENTRIES: usize = 1_000_000;

/// Most entries of a vector or matrix of constants, such as `eye(n)`, that is written out.
pub const CONSTANT_ENTRIES: usize = 1_000_000;

/// Most terms to which the indexed sums and products of one function may be written out.
pub const WRITTEN_TERMS: usize = 1_000_000;

/// Most entries to which a function with loops over ranges of numbers is written out beside these.
pub const ENTRIES_BESIDE_LOOPS: usize = 100_000;

/// Most nodes of the graph of one function as it is written.
pub const NODES: usize = 20_000_000;

/// Most nodes of a graph in which derivatives inside of expressions were worked out.
pub const NODES_RESOLVED: usize = 200_000;

/// Most loops inside of one another.
pub const NESTED_LOOPS: usize = 16;

/// Highest order of a derivative inside of an expression, `diff(e, x, n)`.
pub const ORDER_INSIDE: i64 = 100;

/// Highest order of a derivative that a command is asked for.
pub const ORDER: usize = 10_000;

/// Most nodes of all the derivatives together that one of a high order is formed of, unless they are multiplied out.
pub const NODES_REPEATED: usize = 5_000;

/// Most numbers by which second derivatives are formed entry by entry.
pub const SECOND_BY: usize = 2_000;

/// Most derivatives that are written one a line.
pub const LINES: usize = 100_000;

/// Most symbols of all second derivatives together that are written as formulas, each part of one counted once.
pub const SYMBOLS: usize = 4_000_000;

/// Most entries of one matrix that is evaluated.
pub const EVALUATED_ENTRIES: usize = 100_000_000;

/// Most numbers of one point that a function for many points keeps at a time.
pub const BATCH_NUMBERS: usize = 512;

/// Most numbers that a function with fixed dimensions takes or returns in arrays, or keeps on the stack, in generated code.
pub const NUMBERS_BY_VALUE: usize = 65_536;

/// Writes a limit for people, with commas between its thousands.
pub fn text(limit: usize) -> String {
    let digits = limit.to_string();
    let groups: Vec<&str> = digits.as_bytes().rchunks(3).rev().filter_map(|group| str::from_utf8(group).ok()).collect();
    groups.join(",")
}
