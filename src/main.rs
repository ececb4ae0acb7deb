//! The command `gradc`.
#![forbid(unsafe_code)]

fn main() -> std::process::ExitCode {
    gradc::cli::main().into()
}
