//! Programs to text: the only place where generated code is written, with the parentheses that it needs.

use super::MODULE;
use super::items::type_of;
use super::layout::laid_out;
use crate::program::{Binary, Check, Expression, Function, Number, Sign, Statement, Unary};

/// How tightly an expression binds; larger is tighter.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
enum Level {
    Choice,
    Or,
    And,
    Relation,
    Additive,
    Multiplicative,
    Unary,
    Postfix,
}

impl Binary {
    fn symbol(self) -> &'static str {
        match self {
            Binary::Add => "+",
            Binary::Subtract => "-",
            Binary::Multiply => "*",
            Binary::Divide => "/",
            Binary::Remainder => "%",
            Binary::Compare(comparison) => comparison.to_operator().symbol(),
            Binary::And => "&&",
            Binary::Or => "||",
        }
    }

    /// The level of the operation, and those that its operands need without parentheses.
    fn levels(self) -> [Level; 3] {
        match self {
            Binary::Add | Binary::Subtract => [Level::Additive, Level::Additive, Level::Multiplicative],
            Binary::Multiply | Binary::Divide | Binary::Remainder => {
                [Level::Multiplicative, Level::Multiplicative, Level::Unary]
            }
            Binary::Compare(_) => [Level::Relation, Level::Additive, Level::Additive],
            Binary::And => [Level::And, Level::And, Level::Relation],
            Binary::Or => [Level::Or, Level::Or, Level::And],
        }
    }
}

fn level(expression: &Expression) -> Level {
    use Expression::*;
    match expression {
        Number(number) if number.is_negative && number.kind.is_some() => Level::Choice,
        Number(number) if number.is_negative => Level::Unary,
        Name(_) | Whole(_) | Number(_) | Entry(..) | Call(..) | Method(..) => Level::Postfix,
        List(_) | Repeated(..) | Tuple(_) | Structure(..) | Constant(_) => Level::Postfix,
        Known(..) | Text(_) => Level::Postfix,
        Unary(..) => Level::Unary,
        Binary(operator, ..) => operator.levels()[0],
        Range(..) | Choice(_) | Cast(..) | Closure(..) | Match(..) => Level::Choice,
    }
}

/// Writes programs.
pub(super) struct Printer<'a> {
    /// What is written for the constant that tells whether to multiply and add in one instruction.
    pub(super) fused: &'a str,
}

impl Printer<'_> {
    /// Writes an expression.
    pub fn expression(&self, expression: &Expression) -> String {
        let mut written = String::new();
        self.write(&mut written, expression, Level::Choice);
        written
    }

    /// Writes statements, one a line.
    pub fn lines(&self, statements: &[Statement]) -> Vec<String> {
        let mut lines = Vec::new();
        for statement in statements {
            self.statement(statement, "", &mut lines);
        }
        lines
    }

    fn statement(&self, statement: &Statement, indent: &str, lines: &mut Vec<String>) {
        let text = |expression: &Expression| self.expression(expression);
        let inner = format!("{indent}    ");
        match statement {
            Statement::Let { names, is_mutable, kind, value } => {
                let own = if names.len() == 1 { names.concat() } else { format!("({})", names.join(", ")) };
                let mutable = if *is_mutable { "mut " } else { "" };
                let kind = kind.as_ref().map_or(String::new(), |kind| format!(": {}", type_of(kind)));
                lines.push(format!("{indent}let {mutable}{own}{kind} = {};{}", text(value), comment(value)));
            }
            Statement::Assign(place, sign, value) => {
                let sign = match sign {
                    Sign::Set => "=",
                    Sign::Add => "+=",
                    Sign::Subtract => "-=",
                };
                let written = format!("{} {sign} {};{}", text(place), laid_out(self, value), comment(value));
                lines.extend(written.lines().map(|line| format!("{indent}{line}")));
            }
            Statement::For { pattern, over, body } => {
                lines.push(format!("{indent}for {} in {} {{", text(pattern), text(over)));
                body.iter().for_each(|statement| self.statement(statement, &inner, lines));
                lines.push(format!("{indent}}}"));
            }
            Statement::If { condition, body, otherwise } => {
                lines.push(format!("{indent}if {} {{", text(condition)));
                body.iter().for_each(|statement| self.statement(statement, &inner, lines));
                if !otherwise.is_empty() {
                    lines.push(format!("{indent}}} else {{"));
                    otherwise.iter().for_each(|statement| self.statement(statement, &inner, lines));
                }
                lines.push(format!("{indent}}}"));
            }
            Statement::Evaluate(value) => lines.push(format!("{indent}{};", text(value))),
            Statement::Return(None) => lines.push(format!("{indent}return;")),
            Statement::Return(Some(value)) => lines.push(format!("{indent}return {};", text(value))),
            Statement::Result(value) => {
                lines.extend(laid_out(self, value).lines().map(|line| format!("{indent}{line}")));
            }
            Statement::MayOverwrite => lines.push(format!("{indent}#[allow(unused_assignments)]")),
        }
    }

    /// Writes an expression where something binds as tightly as `least`.
    fn write(&self, out: &mut String, expression: &Expression, least: Level) {
        let is_inside = level(expression) < least;
        out.push_str(if is_inside { "(" } else { "" });
        match expression {
            Expression::Name(name) => out.push_str(name),
            Expression::Whole(number) => out.push_str(&number.to_string()),
            Expression::Known(name @ ("NAN" | "INFINITY"), scalar) => {
                out.push_str(&format!("{}::{name}", scalar.name()));
            }
            Expression::Known(name, scalar) => out.push_str(&format!("::core::{}::consts::{name}", scalar.name())),
            Expression::Text(text) => out.push_str(&format!("\"{text}\"")),
            Expression::Number(number) => {
                out.push_str(if number.is_negative { "-" } else { "" });
                out.push_str(&number.digits);
                out.extend(number.kind.map(|kind| format!("_{kind}")));
            }
            Expression::Entry(array, index) => {
                self.write(out, array, Level::Postfix);
                self.between(out, "[", &[&**index], "]");
            }
            Expression::Range(from, to) => {
                from.iter().for_each(|from| self.write(out, from, Level::Or));
                out.push_str("..");
                to.iter().for_each(|to| self.write(out, to, Level::Or));
            }
            Expression::Unary(operator, operand) => {
                let (symbol, least) = match operator {
                    Unary::Negate => ("-", Level::Postfix),
                    Unary::Not => ("!", Level::Postfix),
                    Unary::Reference => ("&", Level::Unary),
                    Unary::Mutable => ("&mut ", Level::Unary),
                    Unary::Dereference => ("*", Level::Unary),
                };
                out.push_str(symbol);
                self.write(out, operand, least);
            }
            Expression::Binary(operator, left, right) => {
                let [_, of_left, of_right] = operator.levels();
                self.write(out, left, of_left);
                out.push_str(&format!(" {} ", operator.symbol()));
                self.write(out, right, of_right);
            }
            Expression::Call(function, arguments) => {
                match function {
                    Function::Kernel(name, false) => out.push_str(&format!("{MODULE}::{name}")),
                    Function::Kernel(name, true) => out.push_str(&format!("{MODULE}::{name}{}", self.fused)),
                    Function::Special(name) => out.push_str(&format!("special::{name}")),
                    Function::Check(check) => out.push_str(match check {
                        Check::Holds => "::core::assert!",
                        Check::Equal => "::core::assert_eq!",
                        Check::EqualInTests => "::core::debug_assert_eq!",
                    }),
                    Function::Path(path) => out.push_str(path),
                }
                self.between(out, "(", arguments, ")");
            }
            Expression::Method(of, name, arguments) => {
                self.write(out, of, Level::Postfix);
                out.push_str(if of.as_whole().is_some() { "_usize." } else { "." });
                out.push_str(name);
                self.between(out, "(", arguments, ")");
            }
            Expression::Choice(parts) => {
                let [condition, holds, fails] = &**parts;
                self.between(out, "if ", &[condition], " { ");
                self.between(out, "", &[holds], " } else { ");
                self.between(out, "", &[fails], " }");
            }
            Expression::Cast(of, kind) => {
                self.write(out, of, Level::Unary);
                out.push_str(&format!(" as {kind}"));
            }
            Expression::List(list) => self.between(out, "[", list, "]"),
            Expression::Repeated(of, count) => {
                self.between(out, "[", &[&**of], "; ");
                self.between(out, "", &[&**count], "]");
            }
            Expression::Tuple(list) => self.between(out, "(", list, ")"),
            Expression::Structure(name, fields) if fields.is_empty() => out.push_str(&format!("{name} {{}}")),
            Expression::Structure(name, fields) => {
                let fields: Vec<String> = fields.iter().map(|(field, value)| self.field(field, value)).collect();
                out.push_str(&format!("{name} {{ {} }}", fields.join(", ")));
            }
            Expression::Constant(value) => self.between(out, "const { ", &[&**value], " }"),
            Expression::Closure(parameter, value) => {
                self.between(out, &format!("|{parameter}| "), &[&**value], "");
            }
            Expression::Match(pattern, value) => {
                self.between(out, "let ", &[&**pattern], " = ");
                self.write(out, value, Level::Choice);
            }
        }
        out.push_str(if is_inside { ")" } else { "" });
    }

    /// Writes a field of a structure.
    pub(super) fn field(&self, field: &str, value: &Expression) -> String {
        match value {
            Expression::Name(name) if name == field => name.clone(),
            value => format!("{field}: {}", self.expression(value)),
        }
    }

    /// Writes expressions, separated by commas, between what needs no parentheses around them.
    fn between<E: std::borrow::Borrow<Expression>>(&self, out: &mut String, open: &str, list: &[E], close: &str) {
        out.push_str(open);
        for (at, expression) in list.iter().enumerate() {
            out.push_str(if at > 0 { ", " } else { "" });
            self.write(out, expression.borrow(), Level::Choice);
        }
        out.push_str(close);
    }
}

/// Says what a number is.
fn comment(value: &Expression) -> String {
    match value {
        Expression::Number(Number { meaning: Some(meaning), .. }) => format!(" // {meaning}"),
        _ => String::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::graph::Comparison;

    fn text(expression: &Expression) -> String {
        Printer { fused: "" }.expression(expression)
    }

    /// Reads what the printer writes, by the precedences of Rust.
    struct Reader<'t>(&'t str);

    impl Reader<'_> {
        fn takes(&mut self, word: &str) -> bool {
            let rest = self.0.strip_prefix(word);
            self.0 = rest.unwrap_or(self.0);
            rest.is_some()
        }

        fn operation(&mut self, levels: &[&[(&str, Binary)]]) -> Expression {
            let [own, tighter @ ..] = levels else { return self.unary() };
            let mut left = self.operation(tighter);
            while let Some((_, operator)) = own.iter().find(|(word, _)| self.takes(word)) {
                left = left.binary(*operator, self.operation(tighter));
            }
            left
        }

        fn all(&mut self) -> Expression {
            use Binary::*;
            if self.takes("if ") {
                let condition = self.all();
                assert!(self.takes(" { "));
                let holds = self.all();
                assert!(self.takes(" } else { "));
                let fails = self.all();
                assert!(self.takes(" }"));
                return Expression::choice(condition, holds, fails);
            }
            self.operation(&[
                &[(" || ", Or)],
                &[(" && ", And)],
                &[(" < ", Compare(Comparison::Less)), (" == ", Compare(Comparison::Equal))],
                &[(" + ", Add), (" - ", Subtract)],
                &[(" * ", Multiply), (" / ", Divide), (" % ", Remainder)],
            ])
        }

        fn unary(&mut self) -> Expression {
            if self.takes("-") {
                return -self.unary();
            }
            if self.takes("!") {
                return Expression::Unary(Unary::Not, Box::new(self.unary()));
            }
            let mut whole = if self.takes("(") {
                let inside = self.all();
                let inside = if self.takes(" as f64") { inside.cast("f64") } else { inside };
                assert!(self.takes(")"), "{}", self.0);
                inside
            } else {
                let name = self.0[..1].to_string();
                self.0 = &self.0[1..];
                name.into()
            };
            loop {
                if self.takes("[") {
                    whole = whole.at(self.all());
                    assert!(self.takes("]"));
                } else if self.takes(".abs()") {
                    whole = whole.method("abs", []);
                } else {
                    return whole;
                }
            }
        }
    }

    fn random(state: &mut u64, depth: usize) -> Expression {
        let mut below = |limit: u64| {
            *state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            (*state >> 33) % limit
        };
        let kind = if depth == 0 { 0 } else { below(14) };
        let name = ["a", "b", "c"][below(3) as usize];
        let mut part = || random(state, depth - 1);
        match kind {
            0 => name.into(),
            1 => part() + part(),
            2 => part() - part(),
            3 => part() * part(),
            4 => part() / part(),
            5 => part() % part(),
            6 => -part(),
            7 => Expression::Unary(Unary::Not, Box::new(part())),
            8 => part().compare(Comparison::Less, part()),
            9 => part().binary(Binary::And, part()),
            10 => part().binary(Binary::Or, part()),
            11 => Expression::from(name).at(part()),
            12 => part().method("abs", []),
            _ => Expression::choice(part(), part(), part()),
        }
    }

    #[test]
    fn what_is_written_reads_back() {
        let mut state = 1;
        for _ in 0..20_000 {
            let expression = random(&mut state, 4);
            let text = text(&expression);
            let mut reader = Reader(&text);
            assert_eq!(reader.all(), expression, "{text}");
            assert_eq!(reader.0, "", "{text}");
        }
        let [a, b] = ["a", "b"].map(Expression::from);
        let product = a.clone().cast("f64") * b.clone();
        assert_eq!(Reader("(a as f64) * b").all(), product);
        assert_eq!(text(&product), "(a as f64) * b");
    }

    #[test]
    fn whole_numbers_are_taken_away_from_what_is_added_before() {
        let less = Expression::from("n") - 1;
        assert_eq!(text(&Expression::from("i").plus(less.clone())), "i + n - 1");
        assert_eq!(text(&(Expression::from("i") + less)), "i + (n - 1)");
        assert_eq!(text(&Expression::Whole(2).times(Expression::from("n") * "m")), "2 * n * m");
    }
}
