//! The marks with which MathML Core and Typst write mathematics.

/// The marks of a way to typeset mathematics.
pub struct Dialect {
    /// Before, between and after numerator and denominator.
    pub fraction: [&'static str; 3],
    /// Before, between and after base and exponent.
    pub power: [&'static str; 3],
    /// A power of each entry.
    pub entrywise_power: [&'static str; 3],
    /// Before, between and after base and index.
    pub subscript: [&'static str; 3],
    /// Around what is under a root.
    pub root: [&'static str; 2],
    /// Around what is under a cube root.
    pub cube_root: [&'static str; 2],
    /// Around an expression in parentheses as high as a line of text, and around a higher one.
    pub parentheses: [[&'static str; 2]; 2],
    /// Around an absolute value.
    pub absolute: [&'static str; 2],
    /// Around a norm.
    pub norm: [&'static str; 2],
    /// Around what is rounded down, and up.
    pub rounded: [[&'static str; 2]; 2],
    /// Around what is transposed.
    pub transpose: [&'static str; 2],
    /// Around what is inverted.
    pub inverse: [&'static str; 2],
    /// Before a matrix, between cells, between rows, after it.
    pub matrix: [&'static str; 4],
    /// Before cases, before a condition, between cases, before the last case's end, after it.
    pub cases: [&'static str; 5],
    /// The sign of a sum or product, up to its index; then before the start, before the end, before the body, after it.
    pub fold: [&'static str; 5],
    /// Before and after the entries of a vector, before the first index, before the last one, and after it.
    pub map: [&'static str; 5],
    /// Between factors, and between factors that multiply entry by entry, and divide so.
    pub products: [&'static str; 3],
    /// Before the name of a function in a product.
    pub gap: &'static str,
    /// Between arguments.
    pub comma: &'static str,
    /// Writes a number.
    pub number: fn(&str) -> String,
    /// Writes a name of one or more letters; the flag tells that it is upright, a function's.
    pub word: fn(&str, bool) -> String,
    /// Writes an operator.
    pub operator: fn(&str) -> String,
}

/// MathML Core, without the surrounding `<math>`.
pub const MATHML: Dialect = Dialect {
    fraction: ["<mfrac><mrow>", "</mrow><mrow>", "</mrow></mfrac>"],
    power: ["<msup><mrow>", "</mrow><mrow>", "</mrow></msup>"],
    entrywise_power: ["<msup><mrow>", "</mrow><mrow><mo>∘</mo>", "</mrow></msup>"],
    subscript: ["<msub><mrow>", "</mrow><mrow>", "</mrow></msub>"],
    root: ["<msqrt>", "</msqrt>"],
    cube_root: ["<mroot><mrow>", "</mrow><mn>3</mn></mroot>"],
    // Brackets grow with the row that they stand in, and those that may grow stand a little apart from it.
    parentheses: [
        ["<mrow><mo stretchy=\"false\">(</mo>", "<mo stretchy=\"false\">)</mo></mrow>"],
        ["<mrow><mo>(</mo>", "<mo>)</mo></mrow>"],
    ],
    absolute: ["<mrow><mo>|</mo>", "<mo>|</mo></mrow>"],
    norm: ["<mrow><mo>‖</mo>", "<mo>‖</mo></mrow>"],
    rounded: [["<mrow><mo>⌊</mo>", "<mo>⌋</mo></mrow>"], ["<mrow><mo>⌈</mo>", "<mo>⌉</mo></mrow>"]],
    transpose: ["<msup><mrow>", "</mrow><mo>⊤</mo></msup>"],
    inverse: ["<msup><mrow>", "</mrow><mrow><mo>−</mo><mn>1</mn></mrow></msup>"],
    matrix: [
        "<mrow><mo>[</mo><mtable><mtr><mtd>",
        "</mtd><mtd>",
        "</mtd></mtr><mtr><mtd>",
        "</mtd></mtr></mtable><mo>]</mo></mrow>",
    ],
    cases: [
        "<mrow><mo>{</mo><mtable><mtr><mtd style=\"text-align: left; text-align: -webkit-left\">",
        "</mtd><mtd style=\"text-align: left; text-align: -webkit-left\"><mtext>if&#xa0;</mtext>",
        "</mtd></mtr><mtr><mtd style=\"text-align: left; text-align: -webkit-left\">",
        "</mtd><mtd style=\"text-align: left; text-align: -webkit-left\"><mtext>otherwise</mtext>",
        "</mtd></mtr></mtable></mrow>",
    ],
    fold: [
        "<mrow><munderover><mo>SIGN</mo><mrow>",
        "<mo>=</mo>",
        "</mrow><mrow>",
        "<mo>−</mo><mn>1</mn></mrow></munderover>",
        "</mrow>",
    ],
    map: [
        "<msub><mrow><mo>[</mo>",
        "<mo>]</mo></mrow><mrow>",
        "<mo>=</mo>",
        "<mo>,</mo><mo>…</mo><mo>,</mo>",
        "<mo>−</mo><mn>1</mn></mrow></msub>",
    ],
    products: ["<mo>&#x2062;</mo>", "<mo>⊙</mo>", "<mo>⊘</mo>"],
    gap: "<mtext>\u{2009}</mtext>",
    comma: "<mo>,</mo>",
    number: |number| format!("<mn>{number}</mn>"),
    word: |word, _| format!("<mi>{}</mi>", escaped(word)),
    operator: |operator| format!("<mo>{}</mo>", escaped(operator).replace('-', "−")),
};

/// Typst, for math mode.
pub const TYPST: Dialect = Dialect {
    fraction: ["frac(", ", ", ")"],
    power: ["", "^(", ")"],
    entrywise_power: ["", "^(∘ ", ")"],
    subscript: ["", "_(", ")"],
    root: ["sqrt(", ")"],
    cube_root: ["root(3, ", ")"],
    parentheses: [["(", ")"]; 2],
    absolute: ["abs(", ")"],
    norm: ["norm(", ")"],
    rounded: [["floor(", ")"], ["ceil(", ")"]],
    transpose: ["", "^top"],
    inverse: ["", "^(-1)"],
    matrix: ["mat(delim: \"[\", ", ", ", "; ", ")"],
    cases: ["cases(", " & \"if \" ", ", ", " & \"otherwise\"", ")"],
    fold: ["SIGN_(", " = ", ")^(", " - 1) ", ""],
    map: ["[", "]_(", " = ", ", ..., ", " - 1)"],
    products: [" ", " ⊙ ", " ⊘ "],
    gap: "",
    comma: ", ",
    number: |number| number.to_string(),
    word: |word, upright| match (upright, word.chars().count()) {
        (false, 1) => word.to_string(),
        (true, _) => format!("op(\"{word}\")"),
        _ => format!("\"{word}\""),
    },
    operator: |operator| {
        let name = match operator {
            "≤" => "<=",
            "≥" => ">=",
            "≠" => "!=",
            "∧" => "and",
            "∨" => "or",
            "¬" => "not",
            "∂" => return "∂ ".to_string(),
            other => other,
        };
        format!(" {name} ")
    },
};

/// Writes text as MathML has it.
pub(super) fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}
