//! The layout of returned arrays, tuples and structures.

use crate::lower::Shape;

/// Longest line of code.
const WIDTH: usize = 100;

/// The parts of the returned expression, laid out over lines where they are long.
pub enum Piece {
    Leaf(String),
    List(Vec<Piece>),
    Tuple(Vec<Piece>),
    Structure(String, Vec<(String, Piece)>),
}

impl Piece {
    /// Makes a part that is one expression.
    pub fn leaf(text: &str) -> Piece {
        Piece::Leaf(text.to_string())
    }
}

pub fn tuple(parts: Vec<Piece>) -> Piece {
    Piece::Tuple(parts)
}

pub fn structure(name: &str, fields: Vec<(String, Piece)>) -> Piece {
    Piece::Structure(name.to_string(), fields)
}

pub fn nested(shape: Shape, entries: &[String]) -> Piece {
    let leaves = |entries: &[String]| Piece::List(entries.iter().map(|entry| Piece::leaf(entry)).collect());
    match (shape, entries) {
        (Shape::Scalar, [only]) => Piece::leaf(only),
        (Shape::Matrix(_, columns), _) => Piece::List(entries.chunks(columns.max(1)).map(leaves).collect()),
        (Shape::Tensor(_, rows, columns), _) => {
            let matrices = entries.chunks((rows * columns).max(1));
            Piece::List(matrices.map(|matrix| nested(Shape::Matrix(rows, columns), matrix)).collect())
        }
        _ => leaves(entries),
    }
}

/// Writes a piece on one line if it fits, else its parts on lines of their own.
pub fn lines(piece: Piece, indent: usize) -> String {
    let pad = "    ".repeat(indent);
    format!("{pad}{}\n", layout(&piece, indent))
}

fn layout(piece: &Piece, indent: usize) -> String {
    let flat = flat(piece);
    if flat.len() + 4 * indent <= WIDTH || matches!(piece, Piece::Leaf(_)) {
        return flat;
    }
    let pad = "    ".repeat(indent + 1);
    let end = "    ".repeat(indent);
    let each = |parts: &[Piece]| -> String {
        parts.iter().map(|part| format!("{pad}{},\n", layout(part, indent + 1))).collect()
    };
    match piece {
        Piece::Leaf(text) => text.clone(),
        Piece::List(parts) => format!("[\n{}{end}]", each(parts)),
        Piece::Tuple(parts) => format!("(\n{}{end})", each(parts)),
        Piece::Structure(name, fields) => {
            let fields: String = fields
                .iter()
                .map(|(field, part)| match flat_field(field, part) {
                    short if short == *field => format!("{pad}{short},\n"),
                    _ => format!("{pad}{field}: {},\n", layout(part, indent + 1)),
                })
                .collect();
            format!("{name} {{\n{fields}{end}}}")
        }
    }
}

fn flat(piece: &Piece) -> String {
    let join = |parts: &[Piece]| parts.iter().map(flat).collect::<Vec<_>>().join(", ");
    match piece {
        Piece::Leaf(text) => text.clone(),
        Piece::List(parts) => format!("[{}]", join(parts)),
        Piece::Tuple(parts) => format!("({})", join(parts)),
        Piece::Structure(name, fields) if fields.is_empty() => format!("{name} {{}}"),
        Piece::Structure(name, fields) => {
            let fields: Vec<String> = fields.iter().map(|(field, part)| flat_field(field, part)).collect();
            format!("{name} {{ {} }}", fields.join(", "))
        }
    }
}

fn flat_field(field: &str, part: &Piece) -> String {
    let text = flat(part);
    if text == field { text } else { format!("{field}: {text}") }
}
