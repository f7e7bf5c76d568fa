//! Files of modules in an unpacked bundle, each held against its record.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{self, Read as _};
use std::path::Path;

use proto::bundle::Member;
use proto::dirhash::{self, H1};
use proto::goproxy::Request;
use proto::info::{Info, versions};
use proto::module::ModuleVersion;
use proto::modzip;
use proto::sumdb::Record;
use proto::tlog::record_hash;

use super::Error;
use crate::ledger::{FileRecord, Standing};
use crate::modules::file::new_record;
use crate::store::Key;

/// Bytes of a text that is read whole: heads, records, tiles, .info, .mod.
const TEXT_BYTES_MAX: u64 = 16 << 20;

/// A module's file, proved where it has a hash.
pub(crate) struct Carried {
    pub(crate) key: Key,
    pub(crate) record: FileRecord,
}

/// What the proved records say: by module version, and the database's name.
pub(super) type Records = BTreeMap<ModuleVersion, Vec<Known>>;

/// A record that is proved.
pub(super) struct Known {
    pub(super) database: String,
    pub(super) key_hash: u32,
    pub(super) id: u64,
    pub(super) record: Record,
}

/// The files of an unpacked bundle.
pub(super) struct Files<'a> {
    pub(super) folder: &'a Path,
    pub(super) records: &'a Records,
    /// The database that must prove a module; any of the bundle's where it says nothing.
    pub(super) covers: &'a (dyn Fn(&str) -> Option<String> + Sync),
}

impl Files<'_> {
    /// Holds a file against its record; what has no hash, against its name.
    ///
    /// # Errors
    /// [`Error::Refused`] with what is wrong, or what the file system answers.
    pub(super) fn file(&self, member: &Member, request: &Request) -> Result<Carried, Error> {
        let place = &member.place;
        let none = || refused(place, "it is not a file of a version");
        let key = Key::parse(place).ok_or_else(none)?;
        let version = request.version().ok_or_else(none)?;
        let (h1, standing) = match request {
            Request::Mod(_) | Request::Zip(_) => {
                let database = (self.covers)(version.path.as_str());
                let known = self.records.get(&version).into_iter().flatten();
                let known = known.into_iter().find(|known| {
                    let want = database.as_ref();
                    want.is_none_or(|want| *want == known.database)
                });
                let known = known.ok_or_else(|| unproved(place, database.as_deref()))?;
                let h1 = self.hash(member, request, &version)?;
                known.compare(place, request, &version, h1)?;
                (Some(h1), known.standing())
            }
            Request::Info { .. } => {
                let text = self.text(place)?.unwrap_or_default();
                let info = Info::parse(&text).map_err(|error| refused(place, error))?;
                if info.version != version.version.as_str() {
                    return Err(refused(place, "it tells of another version"));
                }
                (None, Standing::Uncovered)
            }
            Request::List(_) | Request::Latest(_) => return Err(none()),
        };
        let record = new_record(member.sha256.clone(), member.size, h1, standing);
        Ok(Carried { key, record })
    }

    fn hash(
        &self,
        member: &Member,
        request: &Request,
        version: &ModuleVersion,
    ) -> Result<H1, Error> {
        if let Request::Mod(_) = request {
            let text = self.text(&member.place)?.unwrap_or_default();
            return Ok(dirhash::go_mod(&text));
        }
        let path = self.folder.join(&member.place);
        let file = File::open(&path).map_err(Error::at(&path))?;
        let limits = modzip::Limits::default();
        match modzip::verify(file, member.size, version, &limits) {
            Ok(verified) => Ok(verified.h1),
            Err(modzip::Error::Read(error)) => Err(Error::at(&path)(error)),
            Err(error) => Err(refused(&member.place, error)),
        }
    }

    /// Reads a list of versions, which nothing proves.
    ///
    /// # Errors
    /// As [`Self::file`].
    pub(super) fn list(&self, member: &Member) -> Result<(), Error> {
        let text = self.text(&member.place)?.unwrap_or_default();
        let parsed = versions::parse(&text);
        parsed.map_err(|error| refused(&member.place, error))?;
        Ok(())
    }

    fn text(&self, place: &str) -> Result<Option<Vec<u8>>, Error> {
        read(&self.folder.join(place))
    }
}

impl Known {
    fn compare(
        &self,
        place: &str,
        request: &Request,
        version: &ModuleVersion,
        got: H1,
    ) -> Result<(), Error> {
        let want = match request {
            Request::Mod(_) => self.record.go_mod_h1(version),
            _ => self.record.h1(version),
        };
        let database = &self.database;
        match want {
            Some(want) if want == got => Ok(()),
            Some(want) => Err(Error::Refused(format!(
                "{place}: it hashes to {got}, and {database} has {want}"
            ))),
            None => Err(unproved(place, Some(database))),
        }
    }

    fn standing(&self) -> Standing {
        Standing::Proved {
            database: self.database.clone(),
            record: self.id,
            key: format!("{:08x}", self.key_hash),
            record_hash: record_hash(self.record.as_str().as_bytes()).to_string(),
        }
    }
}

fn unproved(place: &str, database: Option<&str>) -> Error {
    let by = database.unwrap_or("any checksum database");
    refused(place, format!("no record of {by} in the bundle proves it"))
}

/// Reads a whole file that is not a zip; `None` where there is none. Blocks.
///
/// # Errors
/// What the file system answers, but for a missing file.
pub(super) fn read(path: &Path) -> Result<Option<Vec<u8>>, Error> {
    let file = match File::open(path) {
        Err(error) if is_absence(&error) => return Ok(None),
        file => file.map_err(Error::at(path))?,
    };
    let mut bytes = Vec::new();
    let mut file = file.take(TEXT_BYTES_MAX + 1);
    file.read_to_end(&mut bytes).map_err(Error::at(path))?;
    if bytes.len() as u64 > TEXT_BYTES_MAX {
        let text = format!("it has more than {TEXT_BYTES_MAX} bytes");
        return Err(refused(&path.display().to_string(), text));
    }
    Ok(Some(bytes))
}

/// A folder in place of a file: a partial tile's parent, say.
fn is_absence(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        io::ErrorKind::NotFound | io::ErrorKind::NotADirectory
    )
}

pub(super) fn refused(what: &str, why: impl std::fmt::Display) -> Error {
    Error::Refused(format!("{what}: {why}"))
}
