//! The name of a derivative, in each form in which it is written.

use crate::show::markup::Markup;

/// What is derived, and by what.
pub struct Name {
    /// The function, or an entry of its value: `f`, `f[0,1]`.
    of: String,
    /// The parameter entries: `x`, `W[0,1]`.
    by: Vec<String>,
    /// The direction to which the derivative is applied.
    direction: Option<String>,
}

impl Name {
    /// Names the derivative of the function by one or several parameter entries; the function itself by none.
    pub fn derivative(by: &[&str]) -> Name {
        Name { of: "f".into(), by: by.iter().map(|name| name.to_string()).collect(), direction: None }
    }

    /// Names what the derivative makes of a direction.
    pub fn apply_to(&mut self, direction: &str) {
        self.direction = Some(direction.to_string());
    }

    /// Names the derivative of one entry of the function's value.
    pub fn of_entry(mut self, place: &str) -> Name {
        self.of = format!("f{place}");
        self
    }

    /// Tells whether nothing is derived.
    pub fn is_value(&self) -> bool {
        self.by.is_empty()
    }

    /// Writes the name as text: `d/dx`, `d^2/dx dy`.
    pub fn text(&self) -> String {
        let order = self.by.len();
        if order == 0 {
            return "f".to_string();
        }
        let superscript = if order == 1 { String::new() } else { format!("^{order}") };
        let below = match self.is_repeated() {
            true => format!("d{}{superscript}", self.by[0]),
            false => self.by.iter().map(|name| format!("d{name}")).collect::<Vec<_>>().join(" "),
        };
        let direction = self.direction.iter().map(|direction| format!("[{direction}]")).collect::<String>();
        format!("d{superscript}/{below}{direction}")
    }

    fn is_repeated(&self) -> bool {
        self.by.iter().all(|name| *name == self.by[0])
    }

    /// Typesets the name.
    pub fn typeset(&self, markup: Markup) -> String {
        if self.is_value() {
            return markup.label(&self.of);
        }
        let order = self.by.len();
        let below: Vec<String> = match self.is_repeated() {
            true => vec![markup.partial(1, &markup.raised(&markup.label(&self.by[0]), order))],
            false => self.by.iter().map(|own| markup.partial(1, &markup.label(own))).collect(),
        };
        let fraction = markup.fraction(&markup.partial(order, &markup.label(&self.of)), &markup.beside(&below));
        match &self.direction {
            Some(direction) => format!("{fraction}{}", markup.bracketed(&markup.label(direction))),
            None => fraction,
        }
    }
}
