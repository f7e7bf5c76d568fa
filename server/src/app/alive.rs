//! Whether this process still does its work: what the watchdog of systemd is fed on.
//!
//! Asked are the data folder, which must let a file of it be read, and the tasks that
//! accept connections. It is asked on the runtime that serves: where that hangs, nobody
//! feeds. Only what a restart may mend counts: no upstream, no full disk.

use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

use crate::config::Config;
use crate::data::{FORMAT_BYTES_MAX, FORMAT_FILE};
use crate::serve::pulse::Pulse;
use crate::standing::{Condition, Standing};
use crate::store::folder::read_small;
use crate::systemd;

/// What is asked.
pub(crate) struct Alive {
    pub(crate) data: PathBuf,
    pub(crate) pulse: Pulse,
    /// Set when nobody accepts any more.
    pub(crate) stop: CancellationToken,
    /// Where a data folder that is silent is told.
    pub(crate) standing: Arc<Standing>,
}

/// How often it is asked, and how long an answer may take, where no watchdog says it.
const EVERY: Duration = Duration::from_secs(5);
const ANSWER_MAX: Duration = Duration::from_secs(10);

/// A file that is being read.
type Reading = JoinHandle<std::io::Result<()>>;

impl Alive {
    /// What is asked of one that has nowhere else to tell how it stands.
    pub(crate) fn of(config: &Config, pulse: Pulse, stop: CancellationToken) -> Self {
        Self {
            data: config.data.clone(),
            pulse,
            stop,
            standing: Arc::default(),
        }
    }

    /// Asks from time to time, and feeds the watchdog where there is one and all answer.
    /// Does not end.
    pub(crate) async fn tend(self) {
        let watchdog = systemd::watchdog_interval();
        let every = watchdog.map_or(EVERY, |it| EVERY.min(it / 4));
        let answer_max = watchdog.map_or(ANSWER_MAX, |it| ANSWER_MAX.min(it / 4));
        let mut reading = None;
        let mut was_accepting = true;
        loop {
            let read = read(&mut reading, &self.data, answer_max).await;
            let silent = read.err().map(|error| {
                format!(
                    "the data folder {} does not answer: {error}",
                    self.data.display()
                )
            });
            let has_files = silent.is_none();
            self.standing.set(Condition::StorageSilent, silent);
            let is_accepting = self.stop.is_cancelled() || self.pulse.beats(answer_max).await;
            if was_accepting && !is_accepting {
                tracing::error!("connections are no longer accepted; this is a bug");
            }
            was_accepting = is_accepting;
            if watchdog.is_some() && has_files && is_accepting {
                systemd::alive();
            }
            tokio::time::sleep(every).await;
        }
    }
}

/// Reads the file that every data folder has. One reading is under way at a time: of
/// those that never end each keeps a thread.
async fn read(reading: &mut Option<Reading>, data: &Path, max: Duration) -> std::io::Result<()> {
    let under_way = reading.get_or_insert_with(|| {
        let data = data.to_owned();
        tokio::task::spawn_blocking(move || {
            match read_small(&data.join(FORMAT_FILE), FORMAT_BYTES_MAX)? {
                Some(_) => Ok(()),
                // One of the first format has none.
                None => std::fs::metadata(data).map(drop),
            }
        })
    });
    let Ok(ended) = tokio::time::timeout(max, under_way).await else {
        let text = format!("no answer within {} ms", max.as_millis());
        return Err(std::io::Error::new(ErrorKind::TimedOut, text));
    };
    *reading = None;
    ended.map_err(std::io::Error::other)?
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_file_that_never_answers_is_asked_for_once() {
        let data = tempfile::tempdir().unwrap();
        let format = data.path().join(FORMAT_FILE);
        let mut reading = None;
        read(&mut reading, data.path(), ANSWER_MAX).await.unwrap();
        let gone = read(&mut reading, &format, ANSWER_MAX).await;
        assert_eq!(gone.unwrap_err().kind(), ErrorKind::NotFound);
        // A pipe without a writer: opening it waits.
        let made = std::process::Command::new("mkfifo").arg(&format).status();
        assert!(made.unwrap().success());
        for _ in 0..2 {
            let error = read(&mut reading, data.path(), Duration::from_millis(10)).await;
            assert_eq!(error.unwrap_err().kind(), ErrorKind::TimedOut);
        }
        std::fs::write(&format, "2\n").unwrap();
        read(&mut reading, data.path(), ANSWER_MAX).await.unwrap();
        std::fs::remove_file(&format).unwrap();
        std::fs::write(&format, "2\n").unwrap();
        read(&mut reading, data.path(), ANSWER_MAX).await.unwrap();
    }
}
