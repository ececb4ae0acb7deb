//! The layout of long arrays, tuples and structures.

use super::print::Printer;
use crate::program::Expression;

/// Longest line of code.
const WIDTH: usize = 100;

/// Writes what stands on a line of a function on this line if it fits, else its parts on lines of their own.
pub(super) fn laid_out(printer: &Printer<'_>, value: &Expression) -> String {
    layout(printer, value, 0)
}

fn layout(printer: &Printer<'_>, value: &Expression, indent: usize) -> String {
    let flat = printer.expression(value);
    // The function itself is indented, too.
    if flat.len() + 4 * (indent + 1) <= WIDTH {
        return flat;
    }
    let pad = "    ".repeat(indent + 1);
    let end = "    ".repeat(indent);
    let each = |parts: &[Expression]| -> String {
        parts.iter().map(|part| format!("{pad}{},\n", layout(printer, part, indent + 1))).collect()
    };
    match value {
        Expression::List(parts) => format!("[\n{}{end}]", each(parts)),
        Expression::Tuple(parts) => format!("(\n{}{end})", each(parts)),
        Expression::Structure(name, fields) => {
            let fields: String = fields
                .iter()
                .map(|(field, part)| match printer.field(field, part) {
                    short if short == *field => format!("{pad}{short},\n"),
                    _ => format!("{pad}{field}: {},\n", layout(printer, part, indent + 1)),
                })
                .collect();
            format!("{name} {{\n{fields}{end}}}")
        }
        _ => flat,
    }
}
