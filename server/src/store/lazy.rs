//! Files that become durable a little after they are written.

use std::collections::BTreeSet;
use std::fs::File;
use std::io;
use std::path::PathBuf;
use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::Duration;

use super::folder::sync_folder;

/// Syncs what was added, from a thread of its own, which begins with the first
/// file and ends with this value.
#[derive(Debug)]
pub(super) struct Lazy {
    shared: Arc<Shared>,
    /// Held while the thread is begun or ended.
    thread: Mutex<Option<JoinHandle<()>>>,
}

#[derive(Debug, Default)]
struct Shared {
    /// Held for an insertion or a removal, never while syncing.
    state: Mutex<State>,
    changed: Condvar,
    /// Held while syncing, so that a flush also waits for what another has begun.
    syncing: Mutex<()>,
}

#[derive(Debug, Default)]
struct State {
    pending: BTreeSet<PathBuf>,
    ends: bool,
}

/// How long a file may wait.
const WAIT: Duration = Duration::from_millis(500);
/// Files that wait. Whoever adds more than these syncs them himself first.
const PENDING_MAX: usize = 4096;

impl Lazy {
    pub(super) fn new() -> Self {
        Self {
            shared: Arc::default(),
            thread: Mutex::new(None),
        }
    }

    /// Adds a file that has just been written under its name.
    pub(super) fn add(&self, path: PathBuf) -> io::Result<()> {
        let mut state = self
            .shared
            .state
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        state.pending.insert(path);
        let is_full = state.pending.len() > PENDING_MAX;
        drop(state);
        if is_full {
            return self.flush();
        }
        self.begin()?;
        self.shared.changed.notify_one();
        Ok(())
    }

    /// Syncs all that was added.
    pub(super) fn flush(&self) -> io::Result<()> {
        self.shared.sync()
    }

    fn begin(&self) -> io::Result<()> {
        let mut thread = self.thread.lock().unwrap_or_else(PoisonError::into_inner);
        if thread.is_none() {
            let shared = Arc::clone(&self.shared);
            let builder = std::thread::Builder::new().name("lazy-sync".into());
            *thread = Some(builder.spawn(move || shared.run())?);
        }
        Ok(())
    }
}

impl Drop for Lazy {
    fn drop(&mut self) {
        let mut state = self
            .shared
            .state
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        state.ends = true;
        drop(state);
        self.shared.changed.notify_one();
        let thread = self
            .thread
            .get_mut()
            .unwrap_or_else(PoisonError::into_inner);
        if let Some(thread) = thread.take() {
            // It has told its errors; a panic of it is printed already.
            let _ = thread.join();
        }
    }
}

impl Shared {
    fn run(&self) {
        loop {
            let state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
            let state = self
                .changed
                .wait_while(state, |state| state.pending.is_empty() && !state.ends)
                .unwrap_or_else(PoisonError::into_inner);
            let ends = state.ends;
            if !ends {
                // More will come in the meantime, and share the folders.
                let waited = self
                    .changed
                    .wait_timeout_while(state, WAIT, |state| !state.ends);
                drop(waited);
            } else {
                drop(state);
            }
            if let Err(error) = self.sync() {
                tracing::warn!(%error, "cannot make files of a checksum database durable; they are proved again when read");
            }
            if ends {
                return;
            }
        }
    }

    fn sync(&self) -> io::Result<()> {
        let _syncing = self.syncing.lock().unwrap_or_else(PoisonError::into_inner);
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        let paths = std::mem::take(&mut state.pending);
        drop(state);
        let mut result = Ok(());
        let mut folders = BTreeSet::new();
        for path in &paths {
            let synced = match File::open(path) {
                // Removed since: a wider tile took its place.
                Err(error) if error.kind() == io::ErrorKind::NotFound => continue,
                opened => opened.and_then(|file| file.sync_all()),
            };
            result = result.and(synced);
            folders.extend(path.parent());
        }
        for folder in folders {
            match sync_folder(folder) {
                Err(error) if error.kind() == io::ErrorKind::NotFound => {}
                synced => result = result.and(synced),
            }
        }
        result
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_added_is_synced_without_being_told_to() {
        let folder = tempfile::tempdir().unwrap();
        let lazy = Lazy::new();
        for round in 0..2 {
            let path = folder.path().join(round.to_string());
            std::fs::write(&path, b"x").unwrap();
            lazy.add(path).unwrap();
            lazy.add(folder.path().join("removed since")).unwrap();
            let is_pending = || !lazy.shared.state.lock().unwrap().pending.is_empty();
            while is_pending() {
                std::thread::sleep(Duration::from_millis(5));
            }
        }
        lazy.flush().unwrap();
        let shared = Arc::clone(&lazy.shared);
        drop(lazy);
        assert_eq!(Arc::strong_count(&shared), 1, "the thread has ended");
    }
}
