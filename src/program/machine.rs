//! What generated code runs on.

/// The floating-point type of the generated code.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Default)]
pub enum Scalar {
    /// Double precision.
    #[default]
    F64,
    /// Single precision.
    F32,
}

impl Scalar {
    /// Returns the type's name in Rust.
    pub fn name(self) -> &'static str {
        match self {
            Scalar::F64 => "f64",
            Scalar::F32 => "f32",
        }
    }
}

/// What the generated code may call.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum Target {
    /// The standard library's methods of `f64` and `f32`.
    #[default]
    Std,
    /// The crate `libm`, for crates without the standard library.
    NoStd,
}

/// The numbers, the library and the processors that code is generated for.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Machine {
    pub scalar: Scalar,
    pub target: Target,
    /// Whether the code computes the same bits on every processor.
    pub is_reproducible: bool,
}

impl Machine {
    /// Tells whether the code looks for features of the processor; without the standard library it can't.
    pub fn is_dispatching(self) -> bool {
        self.target == Target::Std && !self.is_reproducible
    }

    /// Tells whether functions of numbers are computed side by side where a loop has many.
    pub fn has_lanes(self) -> bool {
        self.is_dispatching() && self.scalar == Scalar::F64
    }
}
