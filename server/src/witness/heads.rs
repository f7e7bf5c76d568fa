//! The files of the heads that a witness remembers:
//! `DATA/witness/<SHA-256 of the origin>/head`, and `cosigned` beside it.
//!
//! `head` is what must not be forgotten: durable before anything is signed. `cosigned` is
//! for monitors, and made again with the next signature.

use std::fs;
use std::io::{self, ErrorKind};
use std::path::{Path, PathBuf};

use proto::note::{self, CosignerKey};
use proto::tlog::checkpoint::Checkpoint;
use proto::witness::{Log, RememberedHead, origin_hash};

use crate::store::durable::Staging;
use crate::store::folder::read_small;

/// Bytes that are read of a head: one more than any has.
const HEAD_BYTES_MAX: u64 = note::LEN_MAX as u64 + 1;

/// The folder of all logs. Everything here blocks.
#[derive(Debug)]
pub(super) struct Heads {
    root: PathBuf,
    staging: Staging,
}

impl Heads {
    pub(super) fn at(data: &Path, staging: Staging) -> Self {
        let root = data.join("witness");
        Self { root, staging }
    }

    /// Reads what is remembered of a log; `None` where nothing is.
    ///
    /// # Errors
    /// What the disk answers, and `InvalidData` when the file is not a head of the log.
    pub(super) fn read(&self, origin: &str) -> io::Result<Option<RememberedHead>> {
        let path = self.path(origin, "head");
        let Some(note) = read_small(&path, HEAD_BYTES_MAX)? else {
            return Ok(None);
        };
        let wrong = |what: String| {
            let text = format!(
                "{} is damaged: {what}. Without it this witness must not sign with its key again",
                path.display()
            );
            io::Error::new(ErrorKind::InvalidData, text)
        };
        let head = RememberedHead::parse(&note).map_err(|error| wrong(error.to_string()))?;
        if head.origin != origin {
            return Err(wrong(format!("it is a head of {}", head.origin)));
        }
        Ok(Some(head))
    }

    /// Remembers a head, durably, in the place of the one before.
    ///
    /// # Errors
    /// What the disk answers: either head may then be there.
    pub(super) fn write(&self, origin: &str, head: &RememberedHead) -> io::Result<()> {
        self.put(origin, "head", &head.note)
    }

    /// Reads the newest cosigned head; `None` where there is none that is whole.
    pub(super) fn read_cosigned(&self, log: &Log, key: &CosignerKey) -> Option<Vec<u8>> {
        let bytes = read_small(&self.path(&log.origin, "cosigned"), HEAD_BYTES_MAX).ok()??;
        let opened = note::open(&bytes, &log.keys).ok()?;
        let checkpoint = Checkpoint::parse(&opened.text).ok()?;
        let cosigned = note::cosignatures(&opened, std::slice::from_ref(key)).ok()?;
        (checkpoint.origin == log.origin && !cosigned.is_empty()).then_some(bytes)
    }

    pub(super) fn write_cosigned(&self, origin: &str, head: &RememberedHead) -> io::Result<()> {
        self.put(origin, "cosigned", &head.note)
    }

    fn put(&self, origin: &str, name: &str, bytes: &[u8]) -> io::Result<()> {
        let path = self.path(origin, name);
        if let Some(folder) = path.parent() {
            fs::create_dir_all(folder)?;
        }
        self.staging.write(&path, bytes)
    }

    fn path(&self, origin: &str, name: &str) -> PathBuf {
        self.root.join(origin_hash(origin)).join(name)
    }
}
