//! Tiles, records and heads of a checked bundle, which are kept and followed.

use std::io;

use proto::sumdb::client::Relation;

use super::Error;
use super::check::{Checked, CheckedDatabase};
use super::files::read;
use super::step::{TAKING, Taking};
use crate::store::durable::Staging;

/// Holds a bundle's head against the one that is followed: what was taken in before may be
/// older.
///
/// # Errors
/// [`Error::Refused`]: a rollback.
pub(super) fn check_not_older(database: &CheckedDatabase, was_imported: bool) -> Result<(), Error> {
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
///
/// # Errors
/// What the file system answers.
pub(super) fn keep_proofs(checked: &Checked, staging: &Staging) -> Result<usize, Error> {
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
    TAKING.reach(Taking::TilesKept);
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
    TAKING.reach(Taking::RecordsKept);
    Ok(records)
}

/// Follows the bundle's head. Returns its size where that moved.
///
/// # Errors
/// What ledger or journal answer, or that another head was followed meanwhile.
pub(super) async fn follow(database: &CheckedDatabase) -> Result<Option<u64>, Error> {
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
