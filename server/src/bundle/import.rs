//! Taking a bundle in: unpacked and checked in the staging folder, then made visible.
//!
//! Nothing has a name before everything is checked. A crash before that leaves the old
//! state; after it, files may be there that no head vouches for yet: they are judged when
//! they are asked for, and taking the bundle in again finishes what was begun. The order:
//! tiles, records, files, heads, the journal's entry.

use std::collections::VecDeque;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use proto::goproxy::Request;
use proto::info::versions;
use proto::module::{ModulePath, ModuleVersion, Version};
use proto::note::VerifierKey;
use proto::semver;
use proto::sumdb::client::Relation;

use super::archive;
use super::check::{Checked, Database, Log, check};
use super::files::read;
use super::history::{self, day, imported};
use super::step::{STEPS, Step};
use super::unpack::{Unpack, Unpacking};
use super::{Error, ask};
use crate::blocking;
use crate::journal::{Entry, Imported, Journal};
use crate::modules::Shelf;
use crate::shelf::Kept;
use crate::store::Key;
use crate::store::durable::Staging;
use crate::sumdb::{self, Databases};

/// What bundles are taken into.
pub(crate) struct Mirror {
    shelf: Arc<Shelf>,
    databases: Arc<Databases>,
    journal: Journal,
    staging: Staging,
    data: PathBuf,
    /// Held while a bundle is taken in.
    turn: tokio::sync::Mutex<()>,
    /// The bundles that were taken in last, at most [`REMEMBERED_MAX`], oldest first. Held
    /// for a look or a push only.
    imported: Mutex<VecDeque<Imported>>,
}

/// Bundles that are remembered beside the journal, for the page.
const REMEMBERED_MAX: usize = 20;

/// What became of a bundle.
#[derive(Clone, Debug, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub(crate) struct Report {
    /// SHA-256 of its manifest, in hex.
    pub(crate) bundle: String,
    /// Who has signed it.
    pub(crate) signer: String,
    /// Module versions in it.
    pub(crate) modules: usize,
    /// Files of modules that were not there before.
    pub(crate) files: usize,
    /// Bytes of those.
    pub(crate) bytes: u64,
    /// Records that were not there before.
    pub(crate) records: usize,
    /// Databases and the sizes of their heads, where they moved.
    pub(crate) heads: Vec<(String, u64)>,
    /// When it was taken in before, in seconds since 1970.
    pub(crate) before: Option<u64>,
}

impl Report {
    /// Whether nothing was changed.
    pub(crate) fn is_unchanged(&self) -> bool {
        self.files == 0 && self.records == 0 && self.heads.is_empty()
    }
}

/// Ends the process when the step named `name` is next reached.
///
/// # Errors
/// That there is no such step.
pub(crate) fn end_after(name: &str) -> Result<(), Error> {
    if STEPS.end_after(name) {
        return Ok(());
    }
    Err(Error::Refused(format!("there is no step {name:?}")))
}

impl Mirror {
    /// Puts together what bundles are taken into. Blocks.
    ///
    /// # Errors
    /// What the file system answers.
    pub(crate) fn open(
        shelf: Arc<Shelf>,
        databases: Arc<Databases>,
        journal: Journal,
        staging: Staging,
        data: PathBuf,
    ) -> io::Result<Self> {
        let all = imported(&data)?;
        let old = all.len().saturating_sub(REMEMBERED_MAX);
        let last = all.into_iter().skip(old).collect();
        Ok(Self {
            shelf,
            databases,
            journal,
            staging,
            data,
            turn: tokio::sync::Mutex::default(),
            imported: Mutex::new(last),
        })
    }

    /// The day when a bundle was last taken in.
    pub(crate) fn last_import(&self) -> Option<String> {
        self.remembered().back().map(|last| day(last.at))
    }

    /// The bundles that were taken in last, newest first.
    pub(crate) fn imported(&self) -> Vec<Imported> {
        self.remembered().iter().rev().cloned().collect()
    }

    fn remembered(&self) -> MutexGuard<'_, VecDeque<Imported>> {
        let imported = self.imported.lock();
        imported.unwrap_or_else(PoisonError::into_inner)
    }

    /// Writes down that a bundle was taken in.
    async fn note(&self, imported: Imported) -> Result<(), Error> {
        let written = self
            .journal
            .append(Entry::BundleImported(imported.clone()))
            .await;
        written.map_err(Error::io("writing the journal"))?;
        let mut remembered = self.remembered();
        if remembered.len() >= REMEMBERED_MAX {
            remembered.pop_front();
        }
        remembered.push_back(imported);
        Ok(())
    }

    /// Takes a bundle in that one of these keys must have signed.
    ///
    /// # Errors
    /// What is wrong with it, with nothing changed; or what disk or ledger answer, when
    /// taking it in again goes on.
    pub(crate) async fn import(
        self: &Arc<Self>,
        file: &Path,
        trusted: &[VerifierKey],
        progress: impl FnMut(u64) + Send + 'static,
    ) -> Result<Report, Error> {
        let _one_at_a_time = self.turn.lock().await;
        let (this, file, trusted) = (Arc::clone(self), file.to_owned(), trusted.to_vec());
        let checked = blocking::run(move || Ok(this.unpack_and_check(&file, &trusted, progress)));
        let (checked, before, unpacking) = checked.await.map_err(Error::io("checking"))??;
        STEPS.reach(Step::Checked);
        let applied = self.apply(checked, before).await;
        let removed = blocking::run(move || {
            drop(unpacking);
            Ok(())
        });
        // What stays is removed at the next start.
        let _ = removed.await;
        applied
    }

    /// Unpacks and checks. Returns as well when it was taken in before. Blocks.
    fn unpack_and_check(
        &self,
        file: &Path,
        trusted: &[VerifierKey],
        mut progress: impl FnMut(u64) + Send,
    ) -> Result<(Checked, Option<u64>, Unpacking), Error> {
        if self.journal.is_read_only() {
            let text = "the data folder is read-only: nothing can be taken in";
            return Err(Error::Refused(text.to_owned()));
        }
        let folder = self.staging.subfolder().map_err(Error::io("staging"))?;
        let unpacking = Unpacking(folder.clone());
        let mut sink = Unpack::new(&folder, &mut progress);
        let sealed = archive::read(super::open(file)?, trusted, &mut sink)?;
        STEPS.reach(Step::Unpacked);
        let known = imported(&self.data).map_err(Error::io("reading the journal"))?;
        let when = |sha256: &str| known.iter().rev().find(|it| it.sha256 == sha256);
        let before = when(&sealed.seal.digest()).map(|it| it.at);
        if let Some(base) = &sealed.manifest.base
            && when(&base.sha256).is_none()
        {
            return Err(Error::Gap(format!(
                "a gap: it adds to the bundle {}, which was not taken in here; take that in first",
                base.sha256
            )));
        }
        let covers = |module: &str| {
            let database = self.databases.covering(module)?;
            Some(database.name().to_owned())
        };
        let checked = check(sealed, folder, &self.logs(), &covers, &mut progress)?;
        for database in &checked.databases {
            check_not_older(database, before.is_some())?;
        }
        Ok((checked, before, unpacking))
    }

    fn logs(&self) -> Vec<Log> {
        let followed = |database: &sumdb::Database| match database {
            sumdb::Database::Followed(followed) => Some(Log {
                key: followed.key().clone(),
                followed: Some(Arc::clone(followed)),
            }),
            // Its log is kept here: nobody else's word moves it.
            sumdb::Database::Own(_) => None,
        };
        self.databases.all().iter().filter_map(followed).collect()
    }

    async fn apply(&self, checked: Checked, before: Option<u64>) -> Result<Report, Error> {
        let mut report = Report {
            bundle: checked.sealed.seal.digest(),
            signer: signer(&checked.sealed.signer),
            modules: checked.sealed.manifest.modules.len(),
            before,
            ..Report::default()
        };
        let checked = Arc::new(checked);
        let (proofs, staging) = (Arc::clone(&checked), self.staging.clone());
        let kept = blocking::run(move || Ok(keep_proofs(&proofs, &staging)));
        report.records = kept.await.map_err(Error::io("keeping proofs"))??;
        for carried in &checked.files {
            if self
                .keep(&checked.folder, &carried.key, &carried.record)
                .await?
            {
                report.files += 1;
                report.bytes += carried.record.size;
                STEPS.reach(Step::FileKept);
            }
        }
        for module in &checked.lists {
            self.add_to_list(&checked.folder, module).await?;
        }
        STEPS.reach(Step::FilesKept);
        for database in &checked.databases {
            if let Some(size) = follow(database).await? {
                report.heads.push((database.name.clone(), size));
            }
        }
        STEPS.reach(Step::HeadsFollowed);
        if before.is_none() || !report.is_unchanged() {
            let (bundle, signer) = (report.bundle.clone(), report.signer.clone());
            let imported = history::now(&checked.sealed.manifest, bundle, signer);
            self.note(imported).await?;
        }
        STEPS.reach(Step::Journaled);
        tracing::info!(
            bundle = report.bundle,
            signer = report.signer,
            files = report.files,
            bytes = report.bytes,
            records = report.records,
            "a bundle is taken in"
        );
        Ok(report)
    }

    /// Gives a file its name, unless that is taken. What is there was judged, or is when
    /// it is asked for.
    async fn keep(
        &self,
        folder: &Path,
        key: &Key,
        record: &crate::ledger::FileRecord,
    ) -> Result<bool, Error> {
        let io = |error| Error::at(Path::new(key.as_str()))(error);
        if let Some(found) = self.shelf.look(key).await.map_err(io)? {
            let content = found.blob.content.clone();
            // After a crash between the two: what was checked just now is what lies there.
            if found.record.is_none()
                && blocking::run(move || content.sha256()).await.map_err(io)? == record.sha256
            {
                self.shelf.record(key, record).await.map_err(io)?;
            }
            return Ok(false);
        }
        let from = folder.join(key.as_str());
        let staged = self.shelf.stage_from(&from).await.map_err(io)?;
        let kept = self.shelf.keep(key, staged, record).await.map_err(io)?;
        Ok(matches!(kept, Kept::Stored(_)))
    }

    /// Adds versions of the bundle to the stored list, those whose zips are there: `go list
    /// -m -versions` and `go get -u` take what the list has.
    async fn add_to_list(&self, folder: &Path, module: &ModulePath) -> Result<(), Error> {
        let request = Request::List(module.clone());
        let (key, place) = (Key::of(&request), request.path());
        let io = |error| Error::at(Path::new(&place))(error);
        let stored = self.shelf.look_changing(&key).await.map_err(io)?;
        let from = folder.join(&place);
        let lists = blocking::run(move || {
            let stored = stored.map(|(blob, _)| blob.content.bytes(LIST_BYTES_MAX));
            Ok((stored.transpose()?, read(&from)))
        });
        let (stored, carried) = lists.await.map_err(io)?;
        let parsed = |bytes: &[u8]| versions::parse(bytes).map_err(|it| it.to_string());
        let wrong = |error| ask::not_had(&place, error);
        let stored = stored.unwrap_or_default();
        let mut all: Vec<Version> = Vec::new();
        for listed in parsed(&carried?.unwrap_or_default()).map_err(wrong)? {
            let Ok(version) = ModuleVersion::new(module.clone(), listed.version) else {
                continue;
            };
            let zip = Key::of(&Request::Zip(version.clone()));
            if self.shelf.look(&zip).await.map_err(io)?.is_some() {
                all.push(version.version);
            }
        }
        let before = parsed(&stored).map_err(wrong)?;
        all.extend(before.into_iter().map(|listed| listed.version));
        let merged = list_of(all);
        if merged.as_bytes() == &*stored {
            return Ok(());
        }
        let kept = self.shelf.keep_changing(&key, merged.as_bytes());
        kept.await.map_err(io)
    }
}

/// Bytes of a stored list.
const LIST_BYTES_MAX: usize = 16 << 20;

/// Writes versions as a list, in order and each once.
fn list_of(versions: Vec<Version>) -> String {
    let mut all: Vec<String> = versions.iter().map(ToString::to_string).collect();
    all.sort_by(|a, b| semver::compare(a, b));
    all.dedup();
    all.into_iter().map(|it| format!("{it}\n")).collect()
}

fn check_not_older(database: &Database, was_imported: bool) -> Result<(), Error> {
    match database.relation {
        Relation::First | Relation::Same | Relation::Newer => Ok(()),
        Relation::Older if was_imported => Ok(()),
        Relation::Older => {
            let have = database.before.as_ref().map_or(0, |it| it.tree.size);
            Err(Error::Refused(format!(
                "{}: a rollback: the head followed here has {have} records, and the bundle's {}, \
                 which is older; make a new bundle",
                database.name, database.head.tree.size
            )))
        }
    }
}

/// Keeps tiles and records, which is safe as they are proved; the head that vouches for
/// them comes last. Returns how many records are new. Blocks.
fn keep_proofs(checked: &Checked, staging: &Staging) -> Result<usize, Error> {
    let mut records = 0;
    for database in &checked.databases {
        let Some(followed) = &database.followed else {
            continue;
        };
        let folder = checked.folder.join("sumdb").join(&database.name);
        let io = Error::io;
        for tile in &database.tiles {
            let bytes = read(&folder.join(tile.path()))?.unwrap_or_default();
            let there = followed.unchecked_tile(tile).map_err(io("reading tiles"))?;
            if there.as_ref() != Some(&bytes) {
                let kept = followed.keep_carried_tile(tile, &bytes);
                kept.map_err(io("keeping tiles"))?;
            }
        }
    }
    STEPS.reach(Step::TilesKept);
    for database in &checked.databases {
        let Some(followed) = &database.followed else {
            continue;
        };
        let folder = checked.folder.join("sumdb").join(&database.name);
        let io = Error::io;
        for (module, id) in &database.lookups {
            let there = followed.has_record(module, *id);
            if !there.map_err(io("reading records"))? {
                let path = folder.join("lookup").join(module.escaped());
                let bytes = read(&path)?.unwrap_or_default();
                let kept = followed.keep_carried_lookup(module, &bytes);
                kept.map_err(io("keeping records"))?;
                records += 1;
            }
        }
    }
    staging.flush().map_err(Error::io("keeping proofs"))?;
    STEPS.reach(Step::RecordsKept);
    Ok(records)
}

/// Follows the bundle's head. Returns its size where that moved.
async fn follow(database: &Database) -> Result<Option<u64>, Error> {
    let Some(followed) = &database.followed else {
        return Ok(None);
    };
    let (before, head) = (database.before.clone(), database.head.clone());
    let moved = followed.follow_carried(before, head, database.relation);
    if !moved.await.map_err(Error::io("following a head"))? {
        let text = "another head has been followed meanwhile; take the bundle in again";
        return Err(Error::Io {
            what: database.name.clone(),
            error: io::Error::other(text),
        });
    }
    let is_new = database.relation.moves_forward();
    Ok(is_new.then_some(database.head.tree.size))
}

/// A key as logs and journal name it.
pub(crate) fn signer(key: &VerifierKey) -> String {
    format!("{}+{:08x}", key.name(), key.key_hash())
}
