//! Bars for long work: on standard error, when it is a terminal.

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

/// Whether bars are shown.
#[derive(Debug, Clone, Copy)]
pub struct Progress {
    shown: bool,
}

/// One bar; it goes away when it is finished or dropped.
#[derive(Debug, Clone)]
pub struct Bar(ProgressBar);

const BYTES: &str = "{msg} {bar:30} {bytes} of {total_bytes}, {bytes_per_sec}, {eta} left";
const ITEMS: &str = "{msg} {bar:30} {pos} of {len}, {eta} left";

impl Progress {
    /// Decides once whether bars are shown.
    pub fn new(shown: bool) -> Self {
        Self { shown }
    }

    /// Begins a bar that counts bytes.
    pub fn bytes(&self, title: impl Into<String>, total: u64) -> Bar {
        self.bar(title.into(), total, BYTES)
    }

    /// Begins a bar that counts things.
    pub fn items(&self, title: impl Into<String>, total: u64) -> Bar {
        self.bar(title.into(), total, ITEMS)
    }

    fn bar(self, title: String, total: u64, template: &str) -> Bar {
        let target = if self.shown {
            ProgressDrawTarget::stderr()
        } else {
            ProgressDrawTarget::hidden()
        };
        let bar = ProgressBar::with_draw_target(Some(total), target).with_message(title);
        // A template that does not parse would only cost the looks.
        let style = ProgressStyle::with_template(template);
        Bar(bar.with_style(style.unwrap_or_else(|_| ProgressStyle::default_bar())))
    }
}

impl Bar {
    /// Moves on.
    pub fn add(&self, count: u64) {
        self.0.inc(count);
    }

    /// Says what is being done now.
    pub fn say(&self, title: impl Into<String>) {
        self.0.set_message(title.into());
    }

    /// Takes the bar away.
    pub fn finish(&self) {
        self.0.finish_and_clear();
    }
}
