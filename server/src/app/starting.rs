//! A start that takes long: systemd is asked for more time while there is progress.
//!
//! After a hard stop sled reads all of its index again, and that is minutes where the
//! index is large and the disk slow. Progress is what this process reads and writes; a
//! start that hangs asks for nothing and is ended by `TimeoutStartSec=`.
//!
//! Source: proc(5), `/proc/pid/io`.

use std::path::Path;
use std::time::{Duration, Instant};

use crate::systemd;

/// How often it is looked.
const LOOK: Duration = Duration::from_secs(5);

/// For how long each time is asked for more.
const EXTENSION: Duration = Duration::from_secs(60);

/// Bytes between two looks that are progress: looking itself reads some, too.
const PROGRESS_BYTES_MIN: u64 = 64 << 10;

/// Asks until it is dropped.
pub(crate) async fn ask_for_time(data: &Path) {
    let started = Instant::now();
    let mut before = moved();
    loop {
        tokio::time::sleep(LOOK).await;
        let now = moved();
        let (Some(was), Some(is)) = (before, now) else {
            return;
        };
        before = now;
        let seconds = started.elapsed().as_secs();
        if is.saturating_sub(was) < PROGRESS_BYTES_MIN {
            continue;
        }
        let text = format!("opening {} ({seconds} s so far)", data.display());
        tracing::info!(seconds, data = %data.display(), "still opening the data folder");
        let say = move || systemd::extend_start(EXTENSION, &text);
        let _ = tokio::task::spawn_blocking(say).await;
    }
}

/// Returns the bytes that this process has read and written; `None` where that is not
/// told.
fn moved() -> Option<u64> {
    read_moved(&std::fs::read_to_string("/proc/self/io").ok()?)
}

fn read_moved(text: &str) -> Option<u64> {
    let of = |key: &str| -> Option<u64> {
        let line = text.lines().find_map(|line| line.strip_prefix(key));
        line?.trim().parse().ok()
    };
    of("rchar:")?.checked_add(of("wchar:")?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_read_and_written_is_added() {
        let text = "rchar: 10\nwchar: 7\nsyscr: 1\nsyscw: 1\nread_bytes: 0\n";
        assert_eq!(read_moved(text), Some(17));
        for text in ["", "rchar: 10\n", "rchar: x\nwchar: 7\n"] {
            assert_eq!(read_moved(text), None, "{text}");
        }
    }
}
