//! Random programs of the language, the same for a seed everywhere.

/// A linear congruential generator (Knuth's MMIX).
pub struct Random(u64);

impl Random {
    /// Starts at a seed.
    pub fn new(seed: u64) -> Self {
        let mut random = Random(seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) ^ 0x5851_F42D_4C95_7F2D);
        random.below(2);
        random
    }

    /// Returns a number below a limit.
    pub fn below(&mut self, limit: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) as usize % limit
    }

    /// Picks one of several texts.
    pub fn pick<'t>(&mut self, choices: &[&'t str]) -> &'t str {
        choices[self.below(choices.len())]
    }

    /// Writes a function of four numbers and a vector with one value.
    pub fn program(&mut self) -> String {
        let depth = 1 + self.below(3);
        let mut lets = String::new();
        let mut names: Vec<String> = Vec::new();
        for at in 0..self.below(3) {
            let value = self.number(1, &names);
            lets.push_str(&format!("let t{at} = {value}; "));
            names.push(format!("t{at}"));
        }
        let value = self.number(depth, &names);
        format!("f(x, y, z, w, p: vector[3]) = {{ {lets}{value} }}")
    }

    /// Writes a function of the same inputs with powers, whole, negative and broken ones, over norms.
    pub fn program_over_norms(&mut self) -> String {
        let mut terms = vec![self.over_norms()];
        for _ in 0..self.below(2) {
            terms.push(self.over_norms());
        }
        format!("f(x, y, z, w, p: vector[3]) = {}", terms.join(" + "))
    }

    fn over_norms(&mut self) -> String {
        let above: Vec<String> = (0..1 + self.below(2)).map(|_| self.sum_of_powers()).collect();
        let below: Vec<String> = (0..1 + self.below(2)).map(|_| self.norm()).collect();
        format!("{}/({})", above.join("*"), below.join("*"))
    }

    fn sum_of_powers(&mut self) -> String {
        let terms: Vec<String> = (0..1 + self.below(3))
            .map(|_| format!("{}{}", self.pick(&["", "-", "2*", "1/3*"]), self.product_of_powers()))
            .collect();
        match self.below(4) {
            0 => format!("({} + {}*({}))", terms.join(" + "), self.power(), self.product_of_powers()),
            _ => format!("({})", terms.join(" + ")),
        }
    }

    fn product_of_powers(&mut self) -> String {
        let factors: Vec<String> = (0..1 + self.below(3)).map(|_| self.power()).collect();
        factors.join("*")
    }

    fn power(&mut self) -> String {
        let base = self.pick(&["x", "y", "z", "x", "y", "p[0]", "p[1]", "(x - y)", "(x*y)"]);
        format!("{base}^{}", self.pick(&["1", "1", "2", "3", "-1", "-2", "0.5", "1.5", "-0.5", "(1/3)"]))
    }

    fn norm(&mut self) -> String {
        let norm = self.pick(&[
            "hypot(x, y)",
            "hypot(x, 2*y)",
            "hypot(hypot(x, y), z)",
            "hypot(x, y*z)",
            "sqrt(x^2 + y^2)",
            "(x^2 + 4*y^2)",
            "(x^2 + y^2)",
            "norm2(p)",
            "norm2([x - y, z])",
            "norm2([x, y, z])",
            "(1 + x^2)",
            "(x^2 + x^4)",
        ]);
        format!("{norm}^{}", self.pick(&["1", "2", "3", "4", "0.5", "1.5", "2.5", "-1"]))
    }

    /// Writes a difference of names or its opposite, in one of several spellings.
    fn difference(&mut self) -> String {
        self.pick(&[
            "(x - y)",
            "(y - x)",
            "-(x - y)",
            "(-x + y)",
            "(x + y - z - w)",
            "-(x + y - z - w)",
            "(z + w - x - y)",
            "(w - y + z - x)",
            "-(z - x + w - y)",
            "(x*y - z)",
            "(z - x*y)",
            "-(x*y - z)",
            "(x - 1)",
            "(1 - x)",
            "-(x - 1)",
            "x",
            "-x",
            "y",
            "-y",
            "(p[0] - x)",
            "(x - p[0])",
            "2*(x - y)",
            "(2*y - 2*x)",
            "x/2",
            "-x/2",
        ])
        .to_string()
    }

    /// Writes a positive number.
    fn positive(&mut self, depth: usize, names: &[String]) -> String {
        let below = depth.saturating_sub(1);
        match self.below(7) {
            0 => format!("exp({})", self.number(below, names)),
            1 => format!("(1 + ({})^2)", self.number(below, names)),
            2 => format!("sqrt(1 + ({})^2)", self.number(below, names)),
            3 => format!("cosh({})", self.difference()),
            4 => format!("(1 + exp({}))", self.difference()),
            5 => format!("sigmoid({})", self.number(below, names)),
            _ => format!("softplus({})", self.number(below, names)),
        }
    }

    fn vector(&mut self, depth: usize, names: &[String]) -> String {
        let below = depth.saturating_sub(1);
        match self.below(6) {
            0 => "p".to_string(),
            1 => format!("[{}, {}, {}]", self.number(below, names), self.difference(), self.difference()),
            2 => format!("({}*p)", self.number(below, names)),
            3 => format!("(p + {})", self.number(below, names)),
            4 => format!("softmax({})", self.vector(below, names)),
            _ => format!("tanh({})", self.vector(below, names)),
        }
    }

    fn number(&mut self, depth: usize, names: &[String]) -> String {
        let below = match depth.checked_sub(1) {
            None if !names.is_empty() && self.below(3) == 0 => return names[self.below(names.len())].clone(),
            None => return self.difference(),
            Some(below) => below,
        };
        let one = |random: &mut Random| random.number(below, names);
        match self.below(24) {
            0 => format!("({} + {})", one(self), one(self)),
            1 => format!("({} - {})", one(self), one(self)),
            2 | 3 => format!("{}*{}", one(self), one(self)),
            4 => format!("{}/{}", one(self), self.positive(below, names)),
            5 => format!("({} - {})", self.pick(&["1", "2", "1/2"]), one(self)),
            6 => format!("{}*exp({})*({})^{}", one(self), self.difference(), self.difference(), self.pick(&["2", "3"])),
            7 => {
                format!("sigmoid({})*sigmoid({})*sigmoid({})", self.difference(), self.difference(), self.difference())
            }
            8 => format!("exp({})/(1 + exp({}))^{}", self.difference(), self.difference(), self.pick(&["1", "2", "3"])),
            9 => format!("softplus({})*sigmoid({})^2", self.difference(), self.difference()),
            10 => format!("ln({})", self.positive(below, names)),
            11 => format!("sqrt({})", self.positive(below, names)),
            12 => format!("1/{}", self.positive(below, names)),
            13 => {
                format!("{}({})", self.pick(&["sin", "cos", "tanh", "atan", "sinh", "cosh", "exp", "asinh"]), one(self))
            }
            14 => format!("{}({})^2", self.pick(&["sin", "cos", "tanh", "sigmoid"]), self.difference()),
            15 => format!(
                "{}({})",
                self.pick(&["erf", "erfc", "softplus", "silu", "gelu", "sigmoid", "abs", "relu"]),
                one(self)
            ),
            16 => format!("logsumexp({})", self.vector(below, names)),
            17 => {
                format!("{}({})[{}]", self.pick(&["softmax", "log_softmax"]), self.vector(below, names), self.below(3))
            }
            18 => format!("norm2({})", self.vector(below, names)),
            19 => format!("dot({}, {})", self.vector(below, names), self.vector(below, names)),
            // Two spellings of one number may differ by a rounding, so that one is greater.
            20 => {
                let bound = self.pick(&["1/3", "-1/7", "z*w/9"]);
                format!("if({} > {bound}, {}, {})", self.difference(), one(self), one(self))
            }
            21 => format!("{}({}, {})", self.pick(&["max", "min", "hypot"]), one(self), one(self)),
            22 => {
                format!("({})^{}", self.positive(below, names), self.pick(&["2", "-1", "1.5", "0.5", "-2", "x", "y"]))
            }
            _ => format!("(1 - {}({})^2)", self.pick(&["sin", "cos", "tanh", "sigmoid"]), one(self)),
        }
    }
}
