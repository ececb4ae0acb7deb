//! The Greek letters by their names.

#[rustfmt::skip]
const GREEK: &[(char, &str)] = &[
    ('α', "alpha"),
    ('β', "beta"),
    ('γ', "gamma"),
    ('δ', "delta"),
    ('ε', "epsilon"),
    ('ϵ', "epsilon"),
    ('ζ', "zeta"),
    ('η', "eta"),
    ('θ', "theta"),
    ('ϑ', "theta"),
    ('ι', "iota"),
    ('κ', "kappa"),
    ('λ', "lambda"),
    ('μ', "mu"),
    ('ν', "nu"),
    ('ξ', "xi"),
    ('ο', "omicron"),
    ('π', "pi"),
    ('ρ', "rho"),
    ('σ', "sigma"),
    ('ς', "sigma"),
    ('τ', "tau"),
    ('υ', "upsilon"),
    ('φ', "phi"),
    ('ϕ', "phi"),
    ('χ', "chi"),
    ('ψ', "psi"),
    ('ω', "omega"),
    ('Γ', "Gamma"),
    ('Δ', "Delta"),
    ('Θ', "Theta"),
    ('Λ', "Lambda"),
    ('Ξ', "Xi"),
    ('Π', "Pi"),
    ('Σ', "Sigma"),
    ('Φ', "Phi"),
    ('Ψ', "Psi"),
    ('Ω', "Omega"),
];

/// Returns the name of a single Greek letter: `alpha` for `α`.
pub fn greek_name(letter: &str) -> Option<&'static str> {
    let mut characters = letter.chars();
    let only = characters.next().filter(|_| characters.next().is_none())?;
    GREEK.iter().find(|(own, _)| *own == only).map(|(_, name)| *name)
}

/// Returns the Greek letter with a name: `α` for `alpha`, and for itself.
pub fn greek_letter(name: &str) -> Option<char> {
    GREEK.iter().find(|(letter, own)| *own == name || name.chars().eq([*letter])).map(|(letter, _)| *letter)
}
