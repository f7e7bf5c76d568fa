//! How the server stands: what is wrong that it serves in spite of.
//!
//! One set of conditions, told in four places: the log when one begins and ends, the
//! status line of systemd, `/readyz`, and the metric `sumward_degraded`.

use std::collections::BTreeMap;

use tokio::sync::watch;

/// Something that is wrong, and does not stop the server from serving what it has.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Condition {
    /// The wall clock jumped: ages and certificates are judged by it.
    ClockJumped,
    /// A checksum database showed two histories and waits for a person.
    DatabaseStopped,
    /// So little is free on the data disk that nothing new is fetched.
    DiskFull,
    /// Records are made anew from files and journal.
    IndexRebuilding,
    /// The data folder can only be read: nothing new is fetched.
    ReadOnly,
    /// The last reload was refused; the settings before it are in effect.
    ReloadRefused,
    /// The data folder does not answer in time.
    StorageSilent,
    /// The host of an upstream had no address at the start and has none yet.
    UpstreamUnresolved,
}

impl Condition {
    /// All of them.
    pub const ALL: [Self; 8] = [
        Self::ClockJumped,
        Self::DatabaseStopped,
        Self::DiskFull,
        Self::IndexRebuilding,
        Self::ReadOnly,
        Self::ReloadRefused,
        Self::StorageSilent,
        Self::UpstreamUnresolved,
    ];

    /// Its name in JSON and as a label.
    pub fn label(self) -> &'static str {
        match self {
            Self::ClockJumped => "clock_jumped",
            Self::DatabaseStopped => "database_stopped",
            Self::DiskFull => "disk_full",
            Self::IndexRebuilding => "index_rebuilding",
            Self::ReadOnly => "read_only",
            Self::ReloadRefused => "reload_refused",
            Self::StorageSilent => "storage_silent",
            Self::UpstreamUnresolved => "upstream_unresolved",
        }
    }
}

/// The conditions that hold, each with what there is to say about it.
pub type Held = BTreeMap<Condition, String>;

/// What is wrong at this moment.
#[derive(Debug)]
pub struct Standing(watch::Sender<Held>);

impl Default for Standing {
    fn default() -> Self {
        Self(watch::Sender::new(Held::new()))
    }
}

impl Standing {
    /// Says that a condition holds, and why, or that it does not. The log is told when it
    /// begins, when there is something else to say, and when it ends.
    pub fn set(&self, condition: Condition, reason: Option<String>) {
        self.0.send_if_modified(|held| {
            let before = held.get(&condition);
            if before == reason.as_ref() {
                return false;
            }
            let name = condition.label();
            match reason {
                Some(reason) => {
                    tracing::warn!(condition = name, reason, "degraded");
                    held.insert(condition, reason);
                }
                None => {
                    tracing::info!(condition = name, "no longer degraded");
                    held.remove(&condition);
                }
            }
            true
        });
    }

    /// Tells whether a condition holds.
    pub fn holds(&self, condition: Condition) -> bool {
        self.0.borrow().contains_key(&condition)
    }

    /// Returns what holds.
    pub fn held(&self) -> Held {
        self.0.borrow().clone()
    }

    /// Returns one who is told of every change.
    pub fn subscribe(&self) -> watch::Receiver<Held> {
        self.0.subscribe()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_distinct_and_in_order() {
        let mut names = Condition::ALL.map(Condition::label).to_vec();
        names.dedup();
        assert_eq!(names.len(), Condition::ALL.len());
        assert!(names.is_sorted());
    }

    #[test]
    fn only_changes_are_told() {
        let standing = Standing::default();
        let mut told = standing.subscribe();
        standing.set(Condition::DiskFull, None);
        assert!(!told.has_changed().unwrap());
        standing.set(Condition::DiskFull, Some("7 bytes".to_owned()));
        assert!(told.has_changed().unwrap());
        told.mark_unchanged();
        standing.set(Condition::DiskFull, Some("7 bytes".to_owned()));
        assert!(!told.has_changed().unwrap());
        assert!(standing.holds(Condition::DiskFull));
        standing.set(Condition::DiskFull, None);
        assert!(told.has_changed().unwrap());
        assert_eq!(standing.held(), Held::new());
    }
}
