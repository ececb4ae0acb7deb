/// The methods of `f64` that the functions below call.
trait Elementary {
    fn exp(self) -> f64;
    fn exp_m1(self) -> f64;
    fn ln(self) -> f64;
    fn ln_1p(self) -> f64;
    fn sin(self) -> f64;
    fn tan(self) -> f64;
    fn floor(self) -> f64;
}

impl Elementary for f64 {
    fn exp(self) -> f64 {
        libm::exp(self)
    }
    fn exp_m1(self) -> f64 {
        libm::expm1(self)
    }
    fn ln(self) -> f64 {
        libm::log(self)
    }
    fn ln_1p(self) -> f64 {
        libm::log1p(self)
    }
    fn sin(self) -> f64 {
        libm::sin(self)
    }
    fn tan(self) -> f64 {
        libm::tan(self)
    }
    fn floor(self) -> f64 {
        libm::floor(self)
    }
}
