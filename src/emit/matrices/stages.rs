//! Loop distribution: the statements for the entries of a block, in stages that are loops of their own, so that no function
//! waits for another whose value it takes; the processor computes other entries meanwhile (Allen and Kennedy, Optimizing
//! Compilers for Modern Architectures, 2001).

use super::MODULE;
use super::dispatch::FMA;
use indexmap::{IndexMap, IndexSet};
use rustc_hash::{FxHashMap, FxHashSet};

/// The functions that a kernel computes for the entries of a block at once, and the names of the kernels: some arguments
/// take another way, which would be a branch in a loop with other functions.
const OF_BLOCKS: [(&str, &str); 2] = [("sin", "sines"), ("cos", "cosines")];

/// Most statements of a stage that is one loop.
const LONGEST_STAGE: usize = 60;

/// How many statements each of the loops has that a longer stage becomes.
const SHORT_STAGE: usize = 40;

/// Statements in stages, and the names that are arrays because a later stage or a kernel reads them.
#[derive(Default)]
pub(super) struct Stages {
    /// The stages, in order.
    pub list: Vec<Stage>,
    /// The names.
    pub arrays: IndexSet<String>,
    /// Those of conditions; the others are of numbers.
    pub conditions: FxHashSet<String>,
}

/// A loop over the entries of a block, and what comes after it.
#[derive(Default)]
pub(super) struct Stage {
    /// The statements for one entry, whose number in its block is `lane`.
    pub lines: Vec<String>,
    /// The calls of kernels for all entries.
    pub calls: Vec<String>,
}

impl Stages {
    /// Makes one stage that is the whole loop.
    pub(super) fn whole(lines: Vec<String>) -> Self {
        Stages { list: vec![Stage { lines, calls: Vec::new() }], ..Stages::default() }
    }

    /// Tells whether functions wait for each other, or are computed for a block at once.
    pub(super) fn are_better(&self) -> bool {
        self.list.len() > 2 || self.list.iter().any(|stage| !stage.calls.is_empty())
    }
}

impl Stages {
    /// Splits stages of many statements into several loops, which have registers for all that they compute.
    pub(super) fn in_short_loops(mut self) -> Stages {
        for stage in std::mem::take(&mut self.list) {
            if stage.lines.len() <= LONGEST_STAGE || !stage.lines.iter().all(|line| parts(line).is_some()) {
                self.list.push(stage);
                continue;
            }
            let mut own: FxHashMap<String, usize> = FxHashMap::default();
            let mut later: IndexSet<String> = IndexSet::new();
            for (at, line) in stage.lines.iter().enumerate() {
                let Some((name, value)) = parts(line) else { continue };
                let is_earlier = |word: &&str| own.get(*word).is_some_and(|own| own / SHORT_STAGE < at / SHORT_STAGE);
                later.extend(words(value).filter(is_earlier).map(String::from));
                if line.starts_with("let ") {
                    own.insert(name.to_string(), at);
                }
            }
            let lines: Vec<String> = stage.lines.iter().map(|line| in_arrays(line, &later)).collect();
            let short = lines.chunks(SHORT_STAGE).map(|lines| Stage { lines: lines.to_vec(), calls: Vec::new() });
            self.list.extend(short);
            self.list.push(Stage { lines: Vec::new(), calls: stage.calls });
            self.arrays.extend(later);
        }
        self
    }
}

/// Distributes the statements for one entry over stages.
pub(super) fn distributed(lines: Vec<String>, mut names: impl Iterator<Item = String>) -> Stages {
    if !lines.iter().all(|line| parts(line).is_some()) {
        return Stages::whole(lines);
    }
    let lines = flattened(lines, &mut names);
    let carried: IndexSet<String> = lines.iter().filter_map(|line| carried(line)).map(String::from).collect();
    // What carries values from one entry to the next stays together, in the stage that the last of it needs.
    let (recurrent, lines): (Vec<String>, Vec<String>) =
        lines.into_iter().partition(|line| words(line).any(|word| carried.contains(word)));
    let mut stage_of: FxHashMap<String, usize> = FxHashMap::default();
    let mut ready: FxHashMap<String, usize> = FxHashMap::default();
    let mut arrays = IndexSet::new();
    let mut conditions = FxHashSet::default();
    let mut stages: Vec<Vec<String>> = Vec::new();
    let last = recurrent.join(" ");
    for line in lines.into_iter().chain(recurrent) {
        let Some((name, value)) = parts(&line) else { continue };
        let is_recurrent = words(&line).any(|word| carried.contains(word));
        // What is added to a number comes after what the number was.
        let before = line.contains(" += ").then_some(name);
        let needed = words(if is_recurrent { &last } else { value }).chain(before);
        let stage = needed.filter_map(|word| ready.get(word)).max().copied().unwrap_or(0);
        arrays
            .extend(words(value).filter(|word| stage_of.get(*word).is_some_and(|own| *own < stage)).map(String::from));
        ready.insert(name.to_string(), stage + usize::from(calls(value).next().is_some()));
        if line.starts_with("let ") {
            stage_of.insert(name.to_string(), stage);
        }
        if is_condition(value) {
            conditions.insert(name.to_string());
        }
        stages.resize(stages.len().max(stage + 1), Vec::new());
        stages[stage].push(line);
    }
    let is_local = |name: &str| stage_of.contains_key(name);
    let mut list: Vec<Stage> =
        stages.into_iter().map(|lines| Stage::new(lines, is_local, &mut arrays, &mut names)).collect();
    for line in list.iter_mut().flat_map(|stage| &mut stage.lines) {
        *line = in_arrays(line, &arrays);
    }
    Stages { list, arrays, conditions }
}

impl Stage {
    /// Takes the functions of blocks out of the statements for one entry.
    fn new(
        lines: Vec<String>,
        is_local: impl Fn(&str) -> bool,
        arrays: &mut IndexSet<String>,
        names: &mut impl Iterator<Item = String>,
    ) -> Self {
        let mut results: IndexMap<String, Vec<(&str, String)>> = IndexMap::new();
        let mut stage = Stage::default();
        for line in lines {
            match function_of_block(&line) {
                Some((name, kernel, argument)) => {
                    arrays.insert(name.to_string());
                    results.entry(argument.to_string()).or_default().push((kernel, format!("&mut {name}[..lanes]")));
                }
                None => stage.lines.push(line),
            }
        }
        for (argument, mut results) in results {
            let array_of = |index: &str| argument.strip_suffix(index).filter(|name| name.chars().all(is_part));
            let slice = match (array_of("[i]"), array_of("[lane]")) {
                (Some(slice), _) => format!("&{slice}[at..][..lanes]"),
                (_, Some(array)) => format!("&{array}[..lanes]"),
                _ if is_local(&argument) => {
                    arrays.insert(argument.clone());
                    format!("&{argument}[..lanes]")
                }
                _ => {
                    let name = names.next().unwrap_or_default();
                    stage.lines.push(format!("let {name} = {argument};"));
                    arrays.insert(name.clone());
                    format!("&{name}[..lanes]")
                }
            };
            results.sort_by_key(|(kernel, _)| OF_BLOCKS.iter().position(|(_, of_block)| of_block == kernel));
            let (kernels, results): (Vec<&str>, Vec<String>) = results.into_iter().unzip();
            let (kernel, results) = (kernels.join("_and_"), results.join(", "));
            stage.calls.push(format!("{MODULE}::{kernel}{FMA}({slice}, {results});"));
        }
        stage
    }
}

/// The name, the kernel and the argument where a statement gives a name to a function that is computed for a block.
fn function_of_block(line: &str) -> Option<(&str, &'static str, &str)> {
    let (name, value) = parts(line).filter(|_| line.starts_with("let "))?;
    let call = calls(value).next().filter(|call| *call == value)?;
    let (function, argument) = call.strip_prefix(MODULE)?.strip_prefix("::")?.split_once(FMA)?;
    let (_, kernel) = OF_BLOCKS.iter().find(|(name, _)| *name == function)?;
    Some((name, kernel, argument.strip_prefix('(')?.strip_suffix(')')?))
}

/// Gives a name to each value of a function that takes long, one name to equal ones.
fn flattened(lines: Vec<String>, names: &mut impl Iterator<Item = String>) -> Vec<String> {
    let mut named: FxHashMap<String, String> = FxHashMap::default();
    let mut same: FxHashMap<String, String> = FxHashMap::default();
    let mut flat = Vec::new();
    for line in lines {
        let mut line = replaced(&line, |word| same.get(word).cloned());
        if line.contains("if ") {
            flat.push(line);
            continue;
        }
        let mut own: Vec<String> = Vec::new();
        // The last call has no other in it.
        while let Some(call) = calls(&line).last().map(String::from) {
            let value = parts(&line).filter(|(_, value)| *value == call && line.starts_with("let "));
            if let Some((name, _)) = value {
                match named.get(&call) {
                    Some(known) => drop(same.insert(name.to_string(), known.clone())),
                    None => {
                        named.insert(call, name.to_string());
                        own.push(std::mem::take(&mut line));
                    }
                }
                line.clear();
                break;
            }
            let name = named.entry(call.clone()).or_insert_with(|| {
                let name = names.next().unwrap_or_default();
                own.push(format!("let {name} = {call};"));
                name
            });
            line = line.replace(&call, name);
        }
        flat.extend(own);
        flat.extend((!line.is_empty()).then_some(line));
    }
    flat
}

/// The calls of functions that take long, in the order in which they begin.
fn calls(text: &str) -> impl Iterator<Item = &str> {
    text.match_indices(&format!("{MODULE}::")).map(|(at, _)| at).collect::<Vec<_>>().into_iter().filter_map(move |at| {
        let open = text[at..].find('(')? + at;
        let mut depth = 0_usize;
        let close = text[open..].find(|letter| {
            match letter {
                '(' => depth += 1,
                ')' => depth -= 1,
                _ => {}
            }
            depth == 0
        })?;
        text[at..open].ends_with(FMA).then(|| &text[at..=open + close])
    })
}

/// The name that a statement gives a value to, and the value.
fn parts(line: &str) -> Option<(&str, &str)> {
    let (place, value) = line.split_once(" = ").or_else(|| line.split_once(" += "))?;
    let name = place.strip_prefix("let ").unwrap_or(place).split([':', '[']).next()?;
    let (value, rest) = value.split_once(';')?;
    (rest.is_empty() || rest.starts_with(" //")).then_some((name, value))
}

/// The name of a number that keeps its value until the next entry.
fn carried(line: &str) -> Option<&str> {
    let (place, _) = line.split_once(" = ")?;
    place.chars().all(is_part).then_some(place)
}

/// Tells whether a value is true or false: it compares, or is `!` of what does, outside of parentheses and choices.
fn is_condition(value: &str) -> bool {
    const SYMBOLS: [&str; 8] = ["<", ">", "<=", ">=", "==", "!=", "&&", "||"];
    let mut depth = 0_i32;
    value.starts_with('!')
        || !value.starts_with("if ")
            && value.split(' ').any(|word| {
                let compares = depth == 0 && SYMBOLS.contains(&word);
                depth += word.matches('(').count() as i32 - word.matches(')').count() as i32;
                compares
            })
}

fn is_part(letter: char) -> bool {
    letter.is_alphanumeric() || letter == '_'
}

fn words(text: &str) -> impl Iterator<Item = &str> {
    text.split(|letter| !is_part(letter)).filter(|word| !word.is_empty())
}

/// Writes a text with other words.
fn replaced(text: &str, with: impl Fn(&str) -> Option<String>) -> String {
    let mut written = String::new();
    let mut rest = text;
    while let Some(start) = rest.find(is_part) {
        let end = rest[start..].find(|letter| !is_part(letter)).map_or(rest.len(), |length| start + length);
        written.push_str(&rest[..start]);
        let word = &rest[start..end];
        written.push_str(&with(word).unwrap_or_else(|| word.to_string()));
        rest = &rest[end..];
    }
    written + rest
}

/// Writes a statement with the entries of arrays for their names.
fn in_arrays(line: &str, arrays: &IndexSet<String>) -> String {
    let entry = |word: &str| arrays.contains(word).then(|| format!("{word}[lane]"));
    let defined = line.strip_prefix("let ").and_then(|rest| {
        let (place, value) = rest.split_once(" = ")?;
        let name = place.split(':').next()?;
        arrays.contains(name).then(|| format!("{name} = {value}"))
    });
    replaced(&defined.unwrap_or_else(|| line.to_string()), entry)
}
