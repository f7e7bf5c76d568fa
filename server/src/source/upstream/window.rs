//! How transfers ended that ended a moment ago.

use std::collections::VecDeque;
use std::time::{Duration, Instant};

/// Parts that a window moves by.
const PARTS: u32 = 10;

/// Files that failed and are remembered by name. A host that fails at more of them in one
/// window fails at all it is asked for.
const FILES_MAX: usize = 256;

/// How many transfers ended, and how many of them failed.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Ended {
    /// All of them.
    pub(super) transfers: u32,
    /// Those that failed.
    pub(super) failures: u32,
}

impl Ended {
    /// Returns the failures in a hundred transfers, rounded down.
    pub(super) fn percent(self) -> u32 {
        let percent = u64::from(self.failures) * 100 / u64::from(self.transfers.max(1));
        u32::try_from(percent).unwrap_or(u32::MAX)
    }
}

/// Transfers that ended within a time. Those before it drop out a tenth of it at once.
#[derive(Debug)]
pub(super) struct Window {
    length: Duration,
    /// Oldest first.
    parts: VecDeque<Part>,
    ended: Ended,
}

#[derive(Debug)]
struct Part {
    began: Instant,
    ended: Ended,
    /// Files that failed in it for the first time in the window.
    files: Vec<u64>,
}

impl Window {
    /// An empty window of this length.
    pub(super) fn new(length: Duration) -> Self {
        Self {
            length,
            parts: VecDeque::new(),
            ended: Ended::default(),
        }
    }

    /// Counts a transfer that ends well now.
    pub(super) fn succeeded(&mut self, now: Instant) {
        self.drop_old(now);
        self.count(now, 0);
    }

    /// Counts a transfer that fails now. One that fails at a file, named by a hash of its
    /// path, counts if the window has no failure of that file.
    pub(super) fn failed(&mut self, now: Instant, file: Option<u64>) {
        self.drop_old(now);
        if file.is_some_and(|file| self.files().any(|failed| failed == file)) {
            return;
        }
        let knows_more = self.files().count() < FILES_MAX;
        let files = &mut self.count(now, 1).files;
        files.extend(file.filter(|_| knows_more));
    }

    fn count(&mut self, now: Instant, failures: u32) -> &mut Part {
        let add = |ended: &mut Ended| {
            ended.transfers = ended.transfers.saturating_add(1);
            ended.failures = ended.failures.saturating_add(failures);
        };
        add(&mut self.ended);
        let part = self.newest(now);
        add(&mut part.ended);
        part
    }

    /// Returns how those ended that are in the window since the last was counted.
    pub(super) fn ended(&self) -> Ended {
        self.ended
    }

    fn files(&self) -> impl Iterator<Item = u64> {
        self.parts
            .iter()
            .flat_map(|part| part.files.iter().copied())
    }

    fn drop_old(&mut self, now: Instant) {
        while let Some(part) = self.parts.front()
            && now.saturating_duration_since(part.began) > self.length
        {
            let Ended {
                transfers,
                failures,
            } = part.ended;
            self.ended.transfers = self.ended.transfers.saturating_sub(transfers);
            self.ended.failures = self.ended.failures.saturating_sub(failures);
            self.parts.pop_front();
        }
    }

    /// Returns the part that counts what ends now.
    fn newest(&mut self, now: Instant) -> &mut Part {
        let is_over = |part: &Part| {
            let length = now.saturating_duration_since(part.began);
            length > self.length / PARTS
        };
        if self.parts.back().is_none_or(is_over) {
            self.parts.push_back(Part {
                began: now,
                ended: Ended::default(),
                files: Vec::new(),
            });
        }
        let newest = self.parts.len() - 1;
        &mut self.parts[newest]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn transfers_drop_out_when_the_window_has_passed() {
        let mut now = Instant::now();
        let mut window = Window::new(Duration::from_secs(10));
        for _ in 0..5 {
            window.failed(now, None);
            now += Duration::from_secs(2);
        }
        let want = |transfers, failures| Ended {
            transfers,
            failures,
        };
        assert_eq!(window.ended(), want(5, 5));
        now += Duration::from_secs(3);
        window.succeeded(now);
        assert_eq!(window.ended(), want(4, 3));
        now += Duration::from_secs(60);
        window.succeeded(now);
        assert_eq!(window.ended(), want(1, 0));
        assert!(window.parts.len() <= PARTS as usize + 1);
    }

    #[test]
    fn a_file_counts_once_in_a_window_and_again_in_the_next() {
        let mut now = Instant::now();
        let mut window = Window::new(Duration::from_secs(10));
        for _ in 0..3 {
            window.failed(now, Some(7));
        }
        assert_eq!(window.ended().failures, 1);
        now += Duration::from_secs(11);
        window.failed(now, Some(7));
        assert_eq!(window.ended().failures, 1);
        // Names are kept of so many only; further files count all the same.
        for file in 100..100 + 2 * FILES_MAX as u64 {
            window.failed(now, Some(file));
        }
        assert_eq!(window.ended().failures, 1 + 2 * FILES_MAX as u32);
        assert_eq!(window.files().count(), FILES_MAX);
    }

    #[test]
    fn percents_are_rounded_down() {
        for (transfers, failures, percent) in [(0, 0, 0), (3, 1, 33), (2, 1, 50), (20, 20, 100)] {
            let ended = Ended {
                transfers,
                failures,
            };
            assert_eq!(ended.percent(), percent);
        }
    }
}
