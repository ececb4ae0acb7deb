//! Comments that nothing in them ends or turns around.

/// Writes a line of a comment. Characters that end the line, or that change the direction of what follows, which the
/// compiler refuses, are written by their numbers.
pub(super) fn comment(prefix: &str, line: &str) -> String {
    let is_refused =
        |c: char| c.is_control() && c != '\t' || matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
    let mut written = format!("{prefix} ");
    for c in line.chars() {
        match is_refused(c) {
            true => written.extend(c.escape_unicode()),
            false => written.push(c),
        }
    }
    written.truncate(written.trim_end().len());
    written
}
