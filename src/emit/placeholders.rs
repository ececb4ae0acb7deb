//! Placeholders for the source's names in programs that are still worked on: how long an expression is, and so what gets a name,
//! never depends on what a parameter is called.

/// The first of the letters that placeholders are written with; no generated code has such letters.
const FIRST: u32 = 0x4e00;
/// How many letters there are.
const LETTERS: u32 = 0x5000;

/// Names, and what stands for them: the number of the name, with letters for digits. All short lists of names have
/// placeholders of one letter.
#[derive(Clone, Default)]
pub struct Placeholders {
    names: Vec<String>,
}

impl Placeholders {
    /// Returns a placeholder for a name.
    pub fn stand_for(&mut self, name: impl Into<String>) -> String {
        let mut rest = self.names.len() as u32;
        self.names.push(name.into());
        let mut placeholder = String::new();
        loop {
            placeholder.extend(char::from_u32(FIRST + rest % LETTERS));
            rest /= LETTERS;
            if rest == 0 {
                return placeholder;
            }
        }
    }

    /// Writes the names for the placeholders.
    pub fn named(&self, text: &str) -> String {
        let mut written = String::with_capacity(text.len());
        let mut rest = text;
        while let Some(start) = rest.find(is_letter) {
            written.push_str(&rest[..start]);
            let end = rest[start..].find(|letter| !is_letter(letter)).map_or(rest.len(), |length| start + length);
            let digits = rest[start..end].chars().rev();
            let number = digits.fold(0, |number, letter| number * LETTERS + (u32::from(letter) - FIRST));
            written.extend(self.names.get(number as usize).map(String::as_str));
            rest = &rest[end..];
        }
        written + rest
    }
}

fn is_letter(letter: char) -> bool {
    (FIRST..FIRST + LETTERS).contains(&u32::from(letter))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn placeholders_are_words_and_have_names() {
        let mut placeholders = Placeholders::default();
        let names: Vec<String> = (0..60_000).map(|at| format!("x{at}")).collect();
        let all: Vec<String> = names.iter().map(|name| placeholders.stand_for(name)).collect();
        assert!(all.concat().chars().all(char::is_alphanumeric));
        for at in [0, 1, 20_479, 20_480, 20_481, 59_999] {
            let text = format!("t_{}[i] = t1 + {};", all[at], all[0]);
            assert_eq!(placeholders.named(&text), format!("t_x{at}[i] = t1 + x0;"));
        }
    }
}
