//! The checksum database that is kept and signed here.

use std::path::PathBuf;
use std::time::Duration;

use super::witnesses::{Unwitnessed, Witness};

/// A checksum database that is kept and signed here.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Own {
    /// The file with the key that signs it; there is none when `None`.
    pub key: Option<PathBuf>,
    /// The file with a second key of the same name, which signs each head as well while
    /// clients move from one to the other.
    pub second_key: Option<PathBuf>,
    /// Where the newest signed head is noted, outside the data folder; beside the key
    /// when `None`.
    pub high_water: Option<PathBuf>,
    /// How long after a private version was compared with its upstream the next one is;
    /// none is when `None`.
    pub recheck: Option<Duration>,
    /// Who is sent each new head, to cosign it.
    pub witnesses: Vec<Witness>,
    /// How many of them must have cosigned the newest head; all when `None`.
    pub witnesses_needed: Option<usize>,
    /// How old their cosignatures may be.
    pub cosigned_within: Duration,
    /// What becomes of new records while too few have.
    pub unwitnessed: Unwitnessed,
    /// The size of the log with which a person says to go on signing. No key says it, only
    /// a flag: it is meant for one start.
    pub accept_head: Option<u64>,
    /// The step of logging a record after which the process ends, for tests of crashes. No
    /// key says it, only a flag.
    pub end_after: Option<String>,
}

impl Own {
    /// Returns how many witnesses must have cosigned the newest head.
    pub fn witnesses_needed(&self) -> usize {
        self.witnesses_needed.unwrap_or(self.witnesses.len())
    }
}

impl Default for Own {
    fn default() -> Self {
        Self {
            key: None,
            second_key: None,
            high_water: None,
            recheck: Some(Duration::from_secs(3600)),
            witnesses: Vec::new(),
            witnesses_needed: None,
            cosigned_within: Duration::from_secs(3600),
            unwitnessed: Unwitnessed::Alarm,
            accept_head: None,
            end_after: None,
        }
    }
}
