//! Turns at changing a file: it is never recorded while it is taken back.

use std::hash::{DefaultHasher, Hash as _, Hasher as _};

use tokio::sync::Mutex;

use crate::store::Key;

/// Files share a lock with some others only, so that storage that hangs at one does not
/// hold up them all.
#[derive(Debug, Default)]
pub(super) struct Turns([Mutex<()>; TURNS]);

const TURNS: usize = 32;

impl Turns {
    /// Returns the lock of a file.
    pub(super) fn of(&self, key: &Key) -> &Mutex<()> {
        let mut hasher = DefaultHasher::new();
        key.hash(&mut hasher);
        let number = hasher.finish() % TURNS as u64;
        &self.0[usize::try_from(number).unwrap_or(0)]
    }
}
