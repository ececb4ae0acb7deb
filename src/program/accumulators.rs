//! Sums whose lanes are added up apart, so that no addition waits for the one before.

use super::{Expression, Number, Scalar, Sign, Statement};

/// The sums of a loop, each of which has its lanes.
pub enum Sums {
    /// Few: each has a name.
    Names(Vec<String>),
    /// Many: they are the entries of an array.
    Array(String, usize),
}

/// The name of a sum's lanes.
fn lanes_of(sum: &str) -> Expression {
    format!("{sum}_lanes").into()
}

/// Returns the sum of some numbers.
fn sum(of: Expression) -> Expression {
    Expression::kernel("sum", [of.reference()])
}

impl Sums {
    /// The sums.
    pub fn all(&self) -> Vec<Expression> {
        match self {
            Sums::Names(names) => names.iter().map(Expression::from).collect(),
            Sums::Array(array, count) => (0..*count).map(|at| Expression::from(array).at(at)).collect(),
        }
    }

    /// Declares the lanes; without a type for their zeros where something else tells it.
    pub fn lanes(&self, float: Option<Scalar>, width: usize) -> Vec<Statement> {
        let zeros = |count| {
            Expression::Repeated(Box::new(Expression::Number(Number::new("0.0", float.map(Scalar::name)))), count)
        };
        let width = zeros(Box::new(width.into()));
        let lanes = |sum: &String, value| Statement::variable(format!("{sum}_lanes"), value);
        match self {
            Sums::Names(names) => names.iter().map(|name| lanes(name, width.clone())).collect(),
            Sums::Array(array, count) => {
                let rows = Expression::Repeated(Box::new(width), Box::new(Expression::Whole(*count)));
                vec![lanes(array, rows)]
            }
        }
    }

    /// Declares the sums.
    pub fn declared(&self, float: Scalar) -> Vec<Statement> {
        match self {
            Sums::Names(names) => names.iter().map(|name| Statement::total(name, float)).collect(),
            Sums::Array(array, count) => vec![Statement::variable(array, Expression::zeros(float, *count))],
        }
    }

    /// Adds the lanes of each, or so many of them, to it.
    pub fn taken_up(&self, count: Option<&str>) -> Vec<Statement> {
        let part = |lanes: Expression| {
            let count = count.map(|count| Box::new(count.into()));
            sum(lanes.at(Expression::Range(None, count)))
        };
        match self {
            Sums::Names(names) => names.iter().map(|name| Statement::add(name, part(lanes_of(name)))).collect(),
            Sums::Array(array, _) => {
                let pattern = Expression::Tuple(vec!["sum".into(), "lanes_of_sum".into()]);
                let pairs = Expression::from(array).method("iter_mut", []).method("zip", [lanes_of(array).reference()]);
                let add = Statement::add(Expression::from("sum").dereference(), part("lanes_of_sum".into()));
                vec![Statement::over(pattern, pairs, vec![add])]
            }
        }
    }

    /// Gives the sums what their lanes add up to; they are variables where something is added to them after that. Those in an
    /// array are declared before.
    pub fn totals(&self, is_mutable: bool) -> Vec<Statement> {
        let total = |name: &String| {
            let value = sum(lanes_of(name));
            if is_mutable { Statement::variable(name, value) } else { Statement::name(name, value) }
        };
        match self {
            Sums::Names(names) => names.iter().map(total).collect(),
            Sums::Array(..) => self.taken_up(None),
        }
    }

    /// Begins with empty lanes again.
    pub fn begun_anew(&self) -> Vec<Statement> {
        match self {
            Sums::Names(names) => {
                names.iter().map(|name| Statement::fill(lanes_of(name), Expression::zero())).collect()
            }
            Sums::Array(array, _) => {
                let numbers = lanes_of(array).method("as_flattened_mut", []);
                vec![Statement::fill(numbers, Expression::zero())]
            }
        }
    }

    /// Changes what adds to a sum so that it adds to the lane of its own.
    pub fn in_lane(&self, statement: Statement) -> Statement {
        let Statement::Assign(place, Sign::Add, value) = statement else { return statement };
        let own = match (self, &place) {
            (Sums::Names(names), Expression::Name(name)) if names.contains(name) => Some(lanes_of(name)),
            (Sums::Array(array, _), Expression::Entry(of, at)) if of.as_name() == Some(array) => {
                Some(lanes_of(array).at((**at).clone()))
            }
            _ => None,
        };
        Statement::add(own.map_or(place, |lanes| lanes.at("lane")), value)
    }
}
