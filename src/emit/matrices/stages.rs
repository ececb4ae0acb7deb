//! Loop distribution: the statements for the entries of a block, in stages that are loops of their own, so that no function
//! waits for another whose value it takes; the processor computes other entries meanwhile (Allen and Kennedy, Optimizing
//! Compilers for Modern Architectures, 2001).

use super::MODULE;
use super::dispatch::FMA;
use indexmap::IndexSet;
use rustc_hash::FxHashMap;

/// Statements in stages, and the names that are arrays because a later stage reads them.
pub(super) struct Stages {
    /// The statements of each stage.
    pub lines: Vec<Vec<String>>,
    /// The names.
    pub arrays: IndexSet<String>,
}

/// Distributes the statements for one entry, whose number in its block is `lane`, over stages.
pub(super) fn distributed(lines: Vec<String>, names: impl Iterator<Item = String>) -> Stages {
    if !lines.iter().all(|line| parts(line).is_some()) {
        return Stages { lines: vec![lines], arrays: IndexSet::new() };
    }
    let lines = flattened(lines, names);
    let carried: IndexSet<String> = lines.iter().filter_map(|line| carried(line)).map(String::from).collect();
    // What carries values from one entry to the next stays together, in the stage that the last of it needs.
    let (recurrent, lines): (Vec<String>, Vec<String>) =
        lines.into_iter().partition(|line| words(line).any(|word| carried.contains(word)));
    let mut stage_of: FxHashMap<String, usize> = FxHashMap::default();
    let mut ready: FxHashMap<String, usize> = FxHashMap::default();
    let mut arrays = IndexSet::new();
    let mut stages: Vec<Vec<String>> = Vec::new();
    let last = recurrent.join(" ");
    for line in lines.into_iter().chain(recurrent) {
        let Some((name, value)) = parts(&line) else { continue };
        let is_recurrent = words(&line).any(|word| carried.contains(word));
        let needed = words(if is_recurrent { &last } else { value });
        let stage = needed.filter_map(|word| ready.get(word)).max().copied().unwrap_or(0);
        arrays
            .extend(words(value).filter(|word| stage_of.get(*word).is_some_and(|own| *own < stage)).map(String::from));
        ready.insert(name.to_string(), stage + usize::from(calls(value).next().is_some()));
        if line.starts_with("let ") {
            stage_of.insert(name.to_string(), stage);
        }
        stages.resize(stages.len().max(stage + 1), Vec::new());
        stages[stage].push(line);
    }
    for line in stages.iter_mut().flatten() {
        *line = in_arrays(line, &arrays);
    }
    Stages { lines: stages, arrays }
}

/// Gives a name to each value of a function that takes long, one name to equal ones.
fn flattened(lines: Vec<String>, mut names: impl Iterator<Item = String>) -> Vec<String> {
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
