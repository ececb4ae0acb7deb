//! What a command is at, while it works, on a terminal only.

use std::io::{self, IsTerminal, Write};

/// A line on the terminal that goes away when the work is done.
pub struct Progress {
    terminal: bool,
    shown: bool,
}

impl Progress {
    /// Begins some work.
    pub fn new() -> Progress {
        Progress { terminal: io::stderr().is_terminal(), shown: false }
    }

    /// Tells what is done next.
    pub fn at(&mut self, what: &str) {
        if self.terminal {
            self.shown = true;
            let _ = write!(io::stderr(), "\r\x1b[K{what} ...");
            let _ = io::stderr().flush();
        }
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        if self.shown {
            let _ = write!(io::stderr(), "\r\x1b[K");
        }
    }
}
