//! Where it is written which head of a database is the newest.

use std::fmt;
use std::io;
use std::path::PathBuf;

use futures_util::future::BoxFuture;
use proto::sumdb::Head;

use super::archive;
use crate::store::durable::Staging;

/// Keeps the newest accepted heads, and moves them forward one at a time.
///
/// This is the one way that a head becomes the followed one: it is proved before, and
/// believed after.
pub(crate) trait Heads: fmt::Debug + Send + Sync {
    /// Makes `new` the newest head of the database `name`, durably, if `old` is it
    /// until now. Where the newest that is kept is older than `old`, because what
    /// keeps it was restored, `new` takes its place as well.
    ///
    /// Called from a thread that may block; never twice at once for one database by
    /// one process.
    ///
    /// # Errors
    /// What the disk or the ledger answers: `new` is then not followed, though it may
    /// have been written.
    fn advance<'a>(
        &'a self,
        name: &'a str,
        old: Option<&'a Head>,
        new: &'a Head,
    ) -> BoxFuture<'a, io::Result<Result<(), Conflict>>>;
}

/// Another process has moved the head forward.
#[derive(Debug)]
pub(crate) struct Conflict {
    /// The newest head: its signed note.
    pub(crate) newest: Vec<u8>,
}

/// Heads as files of the databases' folders, for a process that has these to itself.
#[derive(Debug)]
pub(crate) struct HeadFiles {
    data: PathBuf,
    staging: Staging,
}

impl HeadFiles {
    pub(crate) fn new(data: PathBuf, staging: Staging) -> Self {
        Self { data, staging }
    }
}

impl Heads for HeadFiles {
    fn advance<'a>(
        &'a self,
        name: &'a str,
        _: Option<&'a Head>,
        new: &'a Head,
    ) -> BoxFuture<'a, io::Result<Result<(), Conflict>>> {
        let folder = archive::folder(&self.data, name);
        let path = folder.join("heads").join(new.tree.size.to_string());
        Box::pin(async move { self.staging.write(&path, &new.note).map(Ok) })
    }
}
