//! Bars for long work: on standard error, when it is a terminal.

use std::io::{self, Read};
use std::path::PathBuf;
use std::time::Duration;

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

/// Fewer bytes than this are read before a bar could be looked at.
const WAITED_BYTES_MIN: u64 = 256 << 20;

/// Time between two pictures of work going on.
const TICK: Duration = Duration::from_millis(120);

/// Whether bars are shown.
#[derive(Debug, Clone, Copy)]
pub struct Progress {
    shown: bool,
}

/// One bar; it goes away when it is finished or dropped.
#[derive(Debug, Clone)]
pub struct Bar(ProgressBar);

const BYTES: &str = "{msg} {bar:30} {bytes} of {total_bytes}, {bytes_per_sec}, {eta} left";
const WORK: &str = "{msg} {spinner} {elapsed}";
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

    /// Begins a bar for reading files, if they are large enough to be waited for.
    pub fn reading(&self, paths: &[PathBuf]) -> Bar {
        let len = |path: &PathBuf| std::fs::metadata(path).map_or(0, |metadata| metadata.len());
        let total = paths.iter().map(len).fold(0_u64, u64::saturating_add);
        if total < WAITED_BYTES_MIN {
            return Bar::hidden();
        }
        self.bytes("reading", total)
    }

    /// Shows that work goes on whose end nobody knows.
    pub fn work(&self, title: impl Into<String>) -> Bar {
        let bar = self.bar(title.into(), 0, WORK);
        if self.shown {
            bar.0.enable_steady_tick(TICK);
        }
        bar
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
    /// A bar that is never shown.
    pub fn hidden() -> Self {
        Self(ProgressBar::hidden())
    }

    /// Returns how far it has come.
    pub fn at(&self) -> u64 {
        self.0.position()
    }

    /// Says whether it can be seen.
    pub fn is_hidden(&self) -> bool {
        self.0.is_hidden()
    }

    /// Moves on.
    pub fn add(&self, count: u64) {
        self.0.inc(count);
    }

    /// Gives a reader on, and moves on with every byte that is read.
    pub fn along<R: Read>(&self, reader: R) -> impl Read {
        Along { reader, bar: self }
    }

    /// Says that there is more to do than was known.
    pub fn grow(&self, total: u64) {
        self.0.set_length(total);
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

struct Along<'a, R> {
    reader: R,
    bar: &'a Bar,
}

impl<R: Read> Read for Along<'_, R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let len = self.reader.read(buffer)?;
        self.bar.add(len as u64);
        Ok(len)
    }
}
