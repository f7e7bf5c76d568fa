//! Progress of long work, on a terminal's standard error and nowhere else.

use std::io::Write as _;
use std::time::Duration;

use indicatif::{ProgressBar, ProgressStyle};

/// A running count of bytes.
pub(crate) struct Progress(ProgressBar);

/// Begins to show work whose end is not known.
pub(crate) fn files(what: &'static str) -> Progress {
    let bar = ProgressBar::no_length().with_message(what);
    if let Ok(style) =
        ProgressStyle::with_template("{spinner} {msg} {bytes} ({bytes_per_sec}, {elapsed})")
    {
        bar.set_style(style);
    }
    bar.enable_steady_tick(Duration::from_millis(100));
    Progress(bar)
}

impl Progress {
    /// Counts bytes.
    pub(crate) fn inc(&self, bytes: u64) {
        self.0.inc(bytes);
    }

    /// Sets the count to what another has counted.
    pub(crate) fn set(&self, bytes: u64) {
        self.0.set_position(bytes);
    }

    /// Prints a line without tearing the bar, terminal or not.
    pub(crate) fn println(&self, line: &str) {
        // Nobody may be reading.
        self.0.suspend(|| {
            let _ = writeln!(std::io::stderr(), "{line}");
        });
    }

    /// Takes the bar away.
    pub(crate) fn finish(&self) {
        self.0.finish_and_clear();
    }
}
