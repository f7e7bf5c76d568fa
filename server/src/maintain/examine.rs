//! Looking at one stored file: is it what its name, its record and its proof say?

use std::io::{self, BufReader};
use std::sync::{Mutex, PoisonError, mpsc};

use proto::dirhash::H1;
use proto::goproxy::Request;
use proto::module::ModuleVersion;
use tokio::runtime::Handle;

use crate::config::Config;
use crate::ledger::{FileRecord, Standing};
use crate::modules::file::{Misfit, Part, VersionFile, measure, new_record};
use crate::modules::proof;
use crate::own;
use crate::store::{Blobs, Found, Key, Walk};
use crate::sumdb::Archives;

/// What was found of a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Finding {
    /// It is whole, and its standing is known.
    Good {
        /// The file's key.
        key: Key,
        /// What the index should say of it.
        record: FileRecord,
    },
    /// It is whole, and nothing stored here proves it: it is proved when asked
    /// for.
    Unproved {
        /// The file's key.
        key: Key,
        /// SHA-256 of the file, in hex.
        sha256: String,
    },
    /// A list, `@latest` or the like, which nothing proves.
    Changing,
    /// It is not what it should be.
    Damaged {
        /// The file's key, or what cannot be read.
        key: String,
        /// What is wrong.
        reason: String,
    },
    /// No request leads to it.
    Stranger {
        /// Its path.
        path: String,
    },
}

/// What files are held against.
pub(crate) struct Examiner<'a> {
    /// The settings, for the patterns that are exempt.
    pub(crate) config: &'a Config,
    /// The stored proofs.
    pub(crate) databases: &'a Archives,
    /// The database of our own, where there is one.
    pub(crate) own: Option<&'a own::Archive>,
    /// The files.
    pub(crate) blobs: &'a dyn Blobs,
    /// The runtime that reads them.
    pub(crate) runtime: &'a Handle,
    /// How many are examined at once.
    pub(crate) workers: usize,
}

/// Returns how many files a machine can examine at once.
pub(crate) fn cores() -> usize {
    std::thread::available_parallelism().map_or(1, usize::from)
}

impl Examiner<'_> {
    /// Examines all files of a walk, and hands each finding to `take` with the bytes
    /// that were read for it.
    ///
    /// # Errors
    /// What `take` answers.
    pub(crate) fn all(
        &self,
        walk: Walk,
        mut take: impl FnMut(Finding, u64) -> io::Result<()>,
    ) -> io::Result<()> {
        let walk = Mutex::new(walk);
        std::thread::scope(|scope| {
            let (sender, receiver) = mpsc::sync_channel(FINDINGS_WAITING_MAX);
            for _ in 0..self.workers {
                let (sender, walk) = (sender.clone(), &walk);
                scope.spawn(move || {
                    loop {
                        let next = walk.lock().unwrap_or_else(PoisonError::into_inner).next();
                        let Some(found) = next else { break };
                        // A file or folder that cannot be read is what is looked for,
                        // not a reason to stop looking.
                        let finding = match found {
                            Ok(found) => self.one(&found),
                            Err(error) => (unread("a folder", &error), 0),
                        };
                        if sender.send(finding).is_err() {
                            break;
                        }
                    }
                });
            }
            drop(sender);
            for (finding, bytes) in receiver {
                take(finding, bytes)?;
            }
            Ok(())
        })
    }

    fn one(&self, found: &Found) -> (Finding, u64) {
        let stranger = || Finding::Stranger {
            path: found.path.display().to_string(),
        };
        let Some(key) = &found.key else {
            return (stranger(), 0);
        };
        let Ok(request) = Request::parse(key.as_str()) else {
            return (stranger(), 0);
        };
        let Some(file) = version_file(&request, key.as_str()) else {
            return (Finding::Changing, 0);
        };
        self.version_file(&file, key)
            .unwrap_or_else(|error| (unread(key.as_str(), &error), 0))
    }

    fn version_file(&self, file: &VersionFile, key: &Key) -> io::Result<(Finding, u64)> {
        let Some(blob) = self.runtime.block_on(self.blobs.read(key))? else {
            let finding = Finding::Damaged {
                key: key.to_string(),
                reason: "is not a file".to_owned(),
            };
            return Ok((finding, 0));
        };
        let (sha256, size) = (blob.content.sha256()?, blob.content.len());
        let reader = BufReader::with_capacity(64 << 10, blob.content.reader());
        let finding = match measure(file, reader, size) {
            Err(Misfit::Unread(error)) => return Err(error),
            Err(misfit) => Finding::Damaged {
                key: key.to_string(),
                reason: misfit.to_string(),
            },
            Ok(measured) => self.stand(file, key, sha256, size, measured.h1),
        };
        Ok((finding, size))
    }

    /// Finds the proof of a file among the stored ones.
    fn stand(
        &self,
        file: &VersionFile,
        key: &Key,
        sha256: String,
        size: u64,
        h1: Option<H1>,
    ) -> Finding {
        let damaged = |reason: String| Finding::Damaged {
            key: key.to_string(),
            reason,
        };
        let key = key.clone();
        let (Some(covered), Some(got)) = (file.part.covered(), h1) else {
            let record = new_record(sha256, size, None, Standing::Uncovered);
            return Finding::Good { key, record };
        };
        let module = file.version.path.as_str();
        if self.config.is_exempt(module) {
            let record = new_record(sha256, size, h1, Standing::Exempt);
            return Finding::Good { key, record };
        }
        if let Some(own) = self.own.filter(|own| own.proves(module)) {
            let held = own.prove(&file.version, self.runtime);
            return match held {
                Ok(Some(held)) => match covered.of(&held.record, &file.version) {
                    Some(want) if want == got => {
                        let standing =
                            proof::standing_in(own.name(), own.key(), held.id, &held.record);
                        let record = new_record(sha256, size, h1, standing);
                        Finding::Good { key, record }
                    }
                    Some(want) => damaged(format!("{} has {want}, the file is {got}", own.name())),
                    None => Finding::Unproved { key, sha256 },
                },
                Ok(None) => Finding::Unproved { key, sha256 },
                Err(error) => damaged(format!("its record in {}: {error}", own.name())),
            };
        }
        let Some(database) = self.databases.covering(module) else {
            return Finding::Unproved { key, sha256 };
        };
        match database.prove(&file.version) {
            Ok(None) => Finding::Unproved { key, sha256 },
            Ok(Some(answer)) => match covered.of(&answer.record, &file.version) {
                Some(want) if want == got => {
                    let standing = proof::standing(database.name(), &answer);
                    let record = new_record(sha256, size, h1, standing);
                    Finding::Good { key, record }
                }
                Some(want) => damaged(format!("{} has {want}, the file is {got}", database.name())),
                None => Finding::Unproved { key, sha256 },
            },
            Err(error) => damaged(format!(
                "its stored proof in {} does not hold: {error}",
                database.name()
            )),
        }
    }
}

fn unread(key: &str, error: &io::Error) -> Finding {
    Finding::Damaged {
        key: key.to_owned(),
        reason: format!("cannot be read: {error}"),
    }
}

/// Findings that wait for whoever takes them.
const FINDINGS_WAITING_MAX: usize = 256;

/// Returns the file of a version that a request names, if it names one.
fn version_file(request: &Request, key: &str) -> Option<VersionFile> {
    let (version, part) = match request {
        Request::Mod(version) => (version.clone(), Part::Mod),
        Request::Zip(version) => (version.clone(), Part::Zip),
        Request::Info { path, query } => {
            let version = ModuleVersion::new(path.clone(), query.version()?).ok()?;
            (version, Part::Info)
        }
        Request::List(_) | Request::Latest(_) => return None,
    };
    let key = Key::parse(key)?;
    Some(VersionFile { version, part, key })
}
