//! What an unpacked bundle holds, proved: every file by its record, every record and tile
//! by the signed head, and the head by the one that is followed.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use proto::bundle::{Manifest, Member, Place, Sealed};
use proto::goproxy::Request;
use proto::goproxy::sumdb::SumdbRequest;
use proto::module::{ModulePath, ModuleVersion};
use proto::note::VerifierKey;
use proto::sumdb::Head;
use proto::sumdb::client::{HeadPlan, LookupPlan, Relation, TileCheck};
use proto::tlog::Tile;
use rayon::iter::{IntoParallelRefIterator as _, ParallelIterator as _};

use super::Error;
use super::files::{Carried, Files, Known, Records, read, refused};
use crate::sumdb::Followed;

/// A database that bundles may have something of.
#[derive(Clone)]
pub(crate) struct Log {
    /// The key to believe.
    pub(crate) key: VerifierKey,
    /// What is followed of it; `None` where a bundle is checked and nothing else.
    pub(crate) followed: Option<Arc<Followed>>,
}

/// What a bundle has of one database, proved.
pub(crate) struct CheckedDatabase {
    pub(crate) name: String,
    pub(crate) followed: Option<Arc<Followed>>,
    /// The head that was followed.
    pub(crate) before: Option<Head>,
    pub(crate) head: Head,
    pub(crate) relation: Relation,
    pub(crate) tiles: Vec<Tile>,
    /// Records and their numbers.
    pub(crate) lookups: Vec<(ModuleVersion, u64)>,
}

/// A checked bundle in a folder.
pub(crate) struct Checked {
    pub(crate) sealed: Sealed,
    pub(crate) folder: PathBuf,
    pub(crate) databases: Vec<CheckedDatabase>,
    pub(crate) files: Vec<Carried>,
    /// Modules that it has lists of.
    pub(crate) lists: Vec<ModulePath>,
}

/// Checks an unpacked bundle. `covers` says which database must prove a module; where it
/// says nothing, any of the bundle's may. Blocks.
///
/// # Errors
/// [`Error::Refused`] with what is wrong, or what the file system answers.
pub(crate) fn check(
    sealed: Sealed,
    folder: PathBuf,
    logs: &[Log],
    covers: &(dyn Fn(&str) -> Option<String> + Sync),
    progress: &mut (dyn FnMut(u64) + Send),
) -> Result<Checked, Error> {
    let unpacked = Unpacked {
        manifest: &sealed.manifest,
        folder: &folder,
    };
    let mut databases = Vec::new();
    let mut records = Records::new();
    for listed in &sealed.manifest.databases {
        databases.push(unpacked.database(listed, logs, &mut records)?);
    }
    let files = Files {
        folder: &folder,
        records: &records,
        covers,
    };
    let mut carried = Vec::new();
    let mut lists = Vec::new();
    for member in &sealed.manifest.members {
        let Place::Module(request) = sealed.manifest.place(member)? else {
            continue;
        };
        if let Request::List(module) = request {
            files.list(member)?;
            lists.push(module);
            continue;
        }
        carried.push((member, request));
    }
    let progress = Mutex::new(progress);
    // Inflating and hashing is nearly all of the work: each processor takes part.
    let proved: Vec<_> = carried
        .par_iter()
        .map(|(member, request)| -> Result<Carried, Error> {
            let file = files.file(member, request)?;
            progress.lock().unwrap_or_else(PoisonError::into_inner)(member.size);
            Ok(file)
        })
        .collect();
    // Of several errors the first one in the bundle's order, each time.
    let files = proved.into_iter().collect::<Result<_, Error>>()?;
    Ok(Checked {
        sealed,
        folder,
        databases,
        files,
        lists,
    })
}

struct Unpacked<'a> {
    manifest: &'a Manifest,
    folder: &'a Path,
}

impl Unpacked<'_> {
    fn database(
        &self,
        listed: &proto::bundle::Database,
        logs: &[Log],
        records: &mut Records,
    ) -> Result<CheckedDatabase, Error> {
        let name = listed.name();
        let log = known(listed, logs)?;
        if let Some(followed) = &log.followed {
            followed.check_running().map_err(Error::Refused)?;
        }
        let head = self.head(listed, &log.key)?;
        let before = log.followed.as_ref().and_then(|it| it.newest_head());
        let followed = log.followed.clone();
        let relation = self.relation(listed, before.as_ref(), &head, followed.as_deref())?;
        let mut proved = BTreeSet::new();
        let mut lookups = Vec::new();
        let mut tiles = Vec::new();
        for member in &self.manifest.members {
            let Place::Database { name: of, request } = self.manifest.place(member)? else {
                continue;
            };
            if of != name {
                continue;
            }
            match request {
                SumdbRequest::Supported | SumdbRequest::Latest => {}
                SumdbRequest::Tile(tile) => tiles.push(tile),
                SumdbRequest::Lookup(module) => {
                    let known = self.lookup(name, member, &module, &head, &log.key, &mut proved)?;
                    lookups.push((module.clone(), known.id));
                    records.entry(module).or_default().push(known);
                }
            }
        }
        for tile in &tiles {
            if !proved.contains(&tile.path()) {
                self.tile_alone(name, tile, &head)?;
            }
        }
        Ok(CheckedDatabase {
            name: name.to_owned(),
            followed,
            before,
            head,
            relation,
            tiles,
            lookups,
        })
    }

    fn head(&self, listed: &proto::bundle::Database, key: &VerifierKey) -> Result<Head, Error> {
        let name = listed.name();
        let bytes = self.text(&format!("sumdb/{name}/latest"))?;
        let bytes = bytes.ok_or_else(|| refused(name, "its signed head is missing"))?;
        let head = Head::open(&bytes, key).map_err(|error| refused(name, error))?;
        if (head.tree.size, head.tree.hash.to_string()) != (listed.size, listed.root.clone()) {
            return Err(refused(name, "its head is another one than the manifest's"));
        }
        Ok(head)
    }

    /// Proves how the bundle's head stands to the one that is followed.
    fn relation(
        &self,
        listed: &proto::bundle::Database,
        before: Option<&Head>,
        head: &Head,
        followed: Option<&Followed>,
    ) -> Result<Relation, Error> {
        let name = listed.name();
        let plan = HeadPlan::new(before, head.clone()).map_err(|error| refused(name, error))?;
        let mut data = Vec::new();
        for tile in plan.tiles() {
            let bytes = match self.tile(name, tile)? {
                Some(bytes) => Some(bytes),
                None => match followed {
                    Some(followed) => followed.unchecked_tile(tile).map_err(Error::io("tiles"))?,
                    None => None,
                },
            };
            data.push(bytes.ok_or_else(|| gap(name, before, head, listed.since))?);
        }
        let merged = plan.finish(&data).map_err(|error| refused(name, error))?;
        Ok(merged.relation)
    }

    fn lookup(
        &self,
        name: &str,
        member: &Member,
        module: &ModuleVersion,
        head: &Head,
        key: &VerifierKey,
        proved: &mut BTreeSet<String>,
    ) -> Result<Known, Error> {
        let wrong = |error: proto::sumdb::Error| refused(&member.place, error);
        let bytes = self.text(&member.place)?.unwrap_or_default();
        let plan = LookupPlan::new(Some(head), &bytes, module, key).map_err(wrong)?;
        if plan.head() != head {
            let text = "it has another head than the bundle's";
            return Err(refused(&member.place, text));
        }
        let mut data = Vec::new();
        for tile in plan.tiles() {
            let bytes = self.tile(name, tile)?;
            data.push(bytes.ok_or_else(|| lacking(&member.place, tile))?);
        }
        proved.extend(plan.tiles().iter().map(Tile::path));
        let answer = plan.finish(&data).map_err(wrong)?;
        Ok(Known {
            database: name.to_owned(),
            key_hash: key.key_hash(),
            id: answer.id,
            record: answer.record,
        })
    }

    /// Proves a tile that no record needs: one that leads from an earlier head.
    fn tile_alone(&self, name: &str, tile: &Tile, head: &Head) -> Result<(), Error> {
        let place = format!("sumdb/{name}/{}", tile.path());
        let check = TileCheck::new(head, tile).map_err(|error| refused(&place, error))?;
        let mut data = Vec::new();
        for needed in check.tiles() {
            let bytes = self.tile(name, needed)?;
            data.push(bytes.ok_or_else(|| lacking(&place, needed))?);
        }
        let bytes = check
            .finish(&data)
            .map_err(|error| refused(&place, error))?;
        if Some(bytes) != self.tile(name, tile)? {
            return Err(refused(&place, "it is not the tile that the head has"));
        }
        Ok(())
    }

    fn tile(&self, name: &str, tile: &Tile) -> Result<Option<Vec<u8>>, Error> {
        self.text(&format!("sumdb/{name}/{}", tile.path()))
    }

    fn text(&self, place: &str) -> Result<Option<Vec<u8>>, Error> {
        read(&self.folder.join(place))
    }
}

/// Finds the key to believe for a database.
fn known<'a>(listed: &proto::bundle::Database, logs: &'a [Log]) -> Result<&'a Log, Error> {
    let name = listed.name();
    let named = logs.iter().find(|log| log.key.name() == name);
    let log = named.ok_or_else(|| {
        refused(
            name,
            format!("this checksum database is not followed here: give --database '{}', if that is its key", listed.key),
        )
    })?;
    let verifier = listed.verifier()?;
    if verifier != log.key {
        return Err(refused(
            name,
            format!(
                "the bundle has the key {verifier}, and the one to believe is {}",
                log.key
            ),
        ));
    }
    Ok(log)
}

fn gap(name: &str, before: Option<&Head>, head: &Head, since: u64) -> Error {
    let have = before.map_or(0, |head| head.tree.size);
    let want = head.tree.size;
    let from = match since {
        0 => "it leads from no earlier head".to_owned(),
        since => format!("it leads from the head of {since} records"),
    };
    Error::Gap(format!(
        "{name}: a gap: the head followed here has {have} records, the bundle's {want}, and nothing \
             shows that one log is the beginning of the other: {from}; take in the bundles between \
             first, or make one with --since and the file DATA/sumdb/{name}/heads/{have}"
    ))
}

fn lacking(place: &str, tile: &Tile) -> Error {
    refused(
        place,
        format!("{tile}, which proves it, is not in the bundle"),
    )
}
