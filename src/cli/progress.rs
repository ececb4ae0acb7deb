//! What a command is at, while it works long, on a terminal only.

use std::io::{self, IsTerminal, Write};
use std::time::{Duration, Instant};

/// Work that takes less is not reported.
const PATIENCE: Duration = Duration::from_millis(500);

/// A line on the terminal that goes away when the work is done.
pub struct Progress {
    since: Instant,
    terminal: bool,
    shown: bool,
}

impl Progress {
    /// Begins some work.
    pub fn new() -> Progress {
        Progress { since: Instant::now(), terminal: io::stderr().is_terminal(), shown: false }
    }

    /// Tells what is done next.
    pub fn at(&mut self, what: &str) {
        if self.terminal && self.since.elapsed() >= PATIENCE {
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
