//! Numbers with a few digits, as a picture can hold them.

/// From this size on, numbers are written with an exponent.
const LARGE: f64 = 1e7;

/// Writes a number with this many decimals. What would round to 0, or is very large, gets an exponent.
pub fn figure(value: f64, digits: usize) -> String {
    let size = value.abs();
    let smallest = (0..digits).fold(0.5, |half, _| half / 10.0);
    if value == 0.0 {
        return format!("{:.digits$}", 0.0);
    }
    if !value.is_finite() || (smallest..LARGE).contains(&size) {
        return format!("{value:.digits$}");
    }
    format!("{value:.digits$e}")
}

/// Writes numbers as a sum: `1.00 + 2.00 - 0.50`. Long sums are cut in the middle.
pub fn sum(values: &[f64], digits: usize) -> String {
    const MOST: usize = 6;
    let term = |(at, value): (usize, &f64)| match (at, *value < 0.0) {
        (0, _) => figure(*value, digits),
        (_, true) => format!(" - {}", figure(-value, digits)),
        (_, false) => format!(" + {}", figure(*value, digits)),
    };
    let terms: Vec<String> = values.iter().enumerate().map(term).collect();
    if terms.len() <= MOST {
        return terms.concat();
    }
    format!("{} + ...{}", terms[..MOST - 2].concat(), terms[terms.len() - 1])
}

#[cfg(test)]
mod tests {
    use super::{figure, sum};

    #[test]
    fn small_and_large_numbers_keep_digits() {
        assert_eq!(figure(-0.0, 2), "0.00");
        assert_eq!(figure(0.005, 2), "0.01");
        assert_eq!(figure(0.0049, 2), "4.90e-3");
        assert_eq!(figure(12345678.0, 1), "1.2e7");
        assert_eq!(figure(f64::NAN, 2), "NaN");
    }

    #[test]
    fn sums_have_signs_between() {
        assert_eq!(sum(&[-1.0, 2.0, -0.5], 2), "-1.00 + 2.00 - 0.50");
        assert_eq!(sum(&[1.0; 9], 0), "1 + 1 + 1 + 1 + ... + 1");
    }
}
