//! What is stored of a database, as plain files under `DATA/sumdb/<name>/`.
//!
//! ```text
//! tile/8/<level>/<number>[.p/<width>]   tiles that were proved, each as wide as it was seen
//! lookup/<module>@<version>             answers that were proved, verbatim
//! heads/<size>                          every signed head that was accepted, verbatim
//! heads.damaged/<size>                  files from there that were not heads any more
//! fork/                                 there while the database is stopped: the evidence
//! ```
//!
//! The newest head is the one with the greatest number in its name. Files may be
//! damaged, and after a power cut the newest tiles and answers may be missing: what
//! is read is held against its hash or its signature, and what does not hold counts
//! as absent.
//!
//! This is the part that only reads; [`super::keeper`] writes. Everything here
//! blocks: call it off the async threads.

mod check;
mod fork;
mod heads;
mod tiles;

use std::fs;
use std::io::{self, ErrorKind};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use proto::module::ModuleVersion;
use proto::note::VerifierKey;
use proto::sumdb::client::LookupPlan;
use proto::sumdb::{Error, Head, LookupAnswer, Record, TILE_HEIGHT};
use proto::tlog::{Node, Tile};

use super::audience::Audience;
use super::remote::DATA_BYTES_MAX;
use super::{LookupError, ProvedAnswer};
use crate::config;
use crate::store::folder::read_small;
pub(super) use fork::resume;
pub(super) use heads::DamagedHead;
use tiles::Known;

/// What the folders in a database's folder begin with.
pub(super) const FOLDERS: [&str; 4] = ["tile", "lookup", "heads", "fork"];

/// The folder of one database, to be read. Cheap to clone.
#[derive(Clone, Debug)]
pub(crate) struct Archive {
    folder: Arc<Path>,
    key: VerifierKey,
    audience: Audience,
    /// The newest head when the folder was opened.
    newest: Option<Head>,
    known: Arc<Known>,
}

impl Archive {
    /// Opens the folder of a database. Returns as well what is there under the name of
    /// a newer head than the newest, and is none.
    ///
    /// # Errors
    /// What the file system answers, or that the folder belongs to another key.
    pub(super) fn open(
        settings: &config::Database,
        upstream: &Arc<config::Upstream>,
        data: &Path,
    ) -> io::Result<(Self, Vec<DamagedHead>)> {
        let mut archive = Self {
            folder: folder(data, settings.key.name()).into(),
            key: settings.key.clone(),
            audience: Audience::new(settings.modules.clone(), Arc::clone(upstream)),
            newest: None,
            known: Arc::default(),
        };
        let (newest, damaged) = archive.newest_head()?;
        archive.newest = newest;
        Ok((archive, damaged))
    }

    /// The database's name, which is also its key's.
    pub(crate) fn name(&self) -> &str {
        self.key.name()
    }

    /// The key that has signed its heads.
    pub(super) fn key(&self) -> &VerifierKey {
        &self.key
    }

    /// The modules that it proves.
    pub(super) fn audience(&self) -> &Audience {
        &self.audience
    }

    /// The newest head when the folder was opened.
    pub(super) fn newest(&self) -> Option<&Head> {
        self.newest.as_ref()
    }

    /// Records under the newest head when the folder was opened.
    pub(crate) fn head_size(&self) -> Option<u64> {
        self.newest.as_ref().map(|head| head.tree.size)
    }

    /// The stored answer about a module version, proved again from what is stored.
    ///
    /// # Errors
    /// [`LookupError::Invalid`] when the proof does not hold, [`LookupError::Internal`].
    pub(crate) fn prove(
        &self,
        module: &ModuleVersion,
    ) -> Result<Option<ProvedAnswer>, LookupError> {
        self.prove_under(self.newest.as_ref(), module)
    }

    /// As [`Archive::prove`], while `newest` is followed.
    pub(super) fn prove_under(
        &self,
        newest: Option<&Head>,
        module: &ModuleVersion,
    ) -> Result<Option<ProvedAnswer>, LookupError> {
        let internal = |error: io::Error| LookupError::from_io("reading a stored answer", &error);
        let Some(bytes) = read(&self.lookup_path(module)).map_err(internal)? else {
            return Ok(None);
        };
        let invalid = |error: Error| LookupError::Invalid {
            reason: error.to_string(),
        };
        let plan = LookupPlan::new(newest, &bytes, module, &self.key).map_err(invalid)?;
        let mut data = Vec::new();
        for tile in plan.tiles() {
            let bytes = self.tile(tile).map_err(internal)?;
            data.push(bytes.ok_or_else(|| LookupError::Invalid {
                reason: format!("{tile}, which proves it, is not stored"),
            })?);
        }
        let proved = plan.finish(&data).map_err(invalid)?;
        Ok(Some(ProvedAnswer::new(
            proved.id,
            proved.record,
            &self.key,
            bytes.into(),
        )))
    }

    /// The stored answer about a module version, which was proved before it was
    /// stored. It is not proved again, but its signature is checked, and its record is
    /// held against the hash in the tile beside it: a file that was damaged since
    /// counts as absent, and the log says so.
    pub(super) fn lookup(&self, module: &ModuleVersion) -> io::Result<Option<ProvedAnswer>> {
        let path = self.lookup_path(module);
        let Some(bytes) = read(&path)? else {
            return Ok(None);
        };
        match self.check_lookup(module, &bytes) {
            Ok((id, record)) => Ok(Some(ProvedAnswer::new(id, record, &self.key, bytes.into()))),
            Err(reason) => {
                let (database, file) = (self.name(), path.display().to_string());
                tracing::error!(
                    database,
                    file,
                    reason,
                    "a stored answer of a checksum database is damaged and not served; it is \
                     asked for again"
                );
                Ok(None)
            }
        }
    }

    fn check_lookup(&self, module: &ModuleVersion, bytes: &[u8]) -> Result<(u64, Record), String> {
        let says = |error: Error| error.to_string();
        let answer = LookupAnswer::parse(bytes).map_err(says)?;
        let record = Record::parse(&answer.record).map_err(says)?;
        let head = Head::open(&answer.note, &self.key).map_err(says)?;
        if !record.is_about(module) {
            return Err(format!("its record is not about {module}"));
        }
        let end = answer.id.saturating_add(1);
        let tile = Tile::holding(TILE_HEIGHT, Node::record(answer.id), end)
            .filter(|_| end <= head.tree.size)
            .ok_or("its record is beyond its head")?;
        match self.tile(&tile) {
            Ok(Some(hashes)) if hashes.ends_with(&answer.record_hash().0) => {
                Ok((answer.id, record))
            }
            Ok(Some(_)) => Err(format!("its record has another hash than {tile}")),
            Ok(None) => Err(format!("{tile}, which has its hash, is not stored")),
            Err(error) => Err(format!("{tile}: {error}")),
        }
    }

    pub(super) fn lookup_path(&self, module: &ModuleVersion) -> PathBuf {
        self.folder.join("lookup").join(module.escaped())
    }
}

/// The folder of the database `name`.
pub(super) fn folder(data: &Path, name: &str) -> PathBuf {
    data.join("sumdb").join(name)
}

/// Reads no more than the longest answer that is fetched has, and a byte. What is longer was
/// damaged, and what is cut from it proves nothing.
fn read(path: &Path) -> io::Result<Option<Vec<u8>>> {
    absent_is_none(read_small(path, DATA_BYTES_MAX + 1)).map(Option::flatten)
}

pub(super) fn absent_is_none<T>(result: io::Result<T>) -> io::Result<Option<T>> {
    match result {
        Ok(value) => Ok(Some(value)),
        Err(error) => match error.kind() {
            // A name too long was never written either.
            ErrorKind::NotFound | ErrorKind::NotADirectory | ErrorKind::InvalidFilename => Ok(None),
            _ => Err(error),
        },
    }
}

/// The numbers that name the files of a folder; none when there is no folder.
fn numbers(folder: &Path) -> io::Result<Vec<u64>> {
    let Some(entries) = absent_is_none(fs::read_dir(folder))? else {
        return Ok(Vec::new());
    };
    let mut numbers = Vec::new();
    for entry in entries {
        if let Some(number) = entry?
            .file_name()
            .to_str()
            .and_then(|name| name.parse().ok())
        {
            numbers.push(number);
        }
    }
    Ok(numbers)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_that_has_grown_is_not_read_whole() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("tile");
        assert_eq!(read(&path).unwrap(), None);
        let file = fs::File::create(&path).unwrap();
        // A hole: it takes no room on the disk, and would take all of it in memory.
        file.set_len(1 << 40).unwrap();
        let read = read(&path).unwrap().unwrap();
        assert_eq!(read.len() as u64, DATA_BYTES_MAX + 1);
    }
}
