//! Writing what was proved into an archive.
//!
//! Only heads are made durable before anything goes on. Tiles and answers are
//! written whole and without waiting for the disk, and made durable a little later
//! ([`Staging::write_lazily`]): after a power cut some may be missing or damaged, which is
//! seen when they are read, and they are asked for and proved again.
//!
//! Everything here blocks: call it off the async threads.

use std::fs;
use std::io;
use std::path::Path;
use std::sync::{Mutex, PoisonError};

use proto::module::ModuleVersion;
use proto::sumdb::{Fork, Head};
use proto::tlog::Tile;

use super::archive::{Archive, DamagedHead, absent_is_none};
use crate::store::durable::Staging;

/// The one that writes to the folder of a database.
#[derive(Debug)]
pub(super) struct Keeper {
    archive: Archive,
    staging: Staging,
    /// Held while a tile is kept: the narrower ones of its place go, and their folder, into
    /// which another would be about to write.
    tiles: Mutex<()>,
}

impl Keeper {
    pub(super) fn new(archive: Archive, staging: Staging) -> Self {
        Self {
            archive,
            staging,
            tiles: Mutex::default(),
        }
    }

    pub(super) fn archive(&self) -> &Archive {
        &self.archive
    }

    /// Keeps a tile that has been proved, unless a wider one is there. With
    /// `replacing`, what is there has turned out not to hold.
    pub(super) fn put_tile(&self, tile: &Tile, bytes: &[u8], replacing: bool) -> io::Result<()> {
        let archive = &self.archive;
        let _one = self.tiles.lock().unwrap_or_else(PoisonError::into_inner);
        if replacing {
            self.remove_tile(tile)?;
        } else if !tile.is_full()
            && let Some((stored, _)) = archive.stored_at(tile)?
            && stored.width >= tile.width
        {
            if archive.tile(tile)?.is_some_and(|there| there == bytes) {
                return Ok(());
            }
            self.remove_tile(tile)?;
        }
        self.staging.write_lazily(&archive.tile_path(tile), bytes)?;
        archive.note_proved(tile, bytes);
        let partial = archive.partial_folder(tile);
        if tile.is_full() {
            archive.forget_width(tile);
            return absent_is_none(fs::remove_dir_all(partial)).map(|_| ());
        }
        match archive.note_width(tile) {
            Some(narrower) => remove(&partial.join(narrower.to_string())),
            None => Ok(()),
        }
    }

    fn remove_tile(&self, tile: &Tile) -> io::Result<()> {
        self.archive.forget_width(tile);
        remove(&self.archive.tile_path(&tile.to_full()))?;
        absent_is_none(fs::remove_dir_all(self.archive.partial_folder(tile))).map(|_| ())
    }

    /// Keeps an answer that has been proved.
    pub(super) fn put_lookup(&self, module: &ModuleVersion, answer: &[u8]) -> io::Result<()> {
        match self
            .staging
            .write_lazily(&self.archive.lookup_path(module), answer)
        {
            // No file can have this name; the answer is asked for again next time.
            Err(error) if error.kind() == io::ErrorKind::InvalidFilename => Ok(()),
            kept => kept,
        }
    }

    /// Keeps an accepted head that is not the newest. What it proves is proved by the
    /// newest as well; clients that have it ask for its tiles.
    pub(super) fn put_older_head(&self, head: &Head) -> io::Result<()> {
        let path = self.archive.head_path(head.tree.size);
        if path.is_file() {
            return Ok(());
        }
        self.staging.write_lazily(&path, &head.note)
    }

    /// Moves a file aside that is not a head any more.
    pub(super) fn put_aside(&self, damaged: &DamagedHead) -> io::Result<()> {
        let to = self.archive.damaged_head_path(damaged.size);
        if let Some(folder) = to.parent() {
            fs::create_dir_all(folder)?;
        }
        fs::rename(&damaged.path, to)
    }

    /// Keeps a marker ready, so that a fork is not forgotten for want of room on the
    /// disk.
    pub(super) fn prepare_fork(&self) -> io::Result<()> {
        let ready = self.archive.ready_folder().join("evidence.txt");
        if ready.is_file() {
            return Ok(());
        }
        let (name, key) = (self.archive.name(), self.archive.key());
        let text = format!(
            "The checksum database {name} has signed two heads that contradict each other.\n\
             They could not be written here: see the log.\nThe database's public key is\n  {key}\n"
        );
        self.staging.write(&ready, text.as_bytes())
    }

    /// Marks the database as stopped, and keeps what proves the fork. The marker is
    /// the file of evidence. Where the evidence can't be written, the marker that was
    /// kept ready takes its place, for which the disk needs no room.
    ///
    /// # Errors
    /// What the file system answers. The database may be marked all the same.
    pub(super) fn put_fork(&self, fork: &Fork) -> io::Result<()> {
        let folder = self.archive.fork_folder();
        let text = format!(
            "{fork}\nThe database's public key is\n  {}\n",
            self.archive.key()
        );
        let write = || {
            self.staging
                .write(&folder.join("first.note"), &fork.older.note)?;
            self.staging
                .write(&folder.join("second.note"), &fork.newer.note)?;
            self.staging
                .write(&self.archive.fork_marker(), text.as_bytes())
        };
        write().inspect_err(|_| {
            if self.archive.fork().is_none()
                && let Err(error) = self.mark_fork(&folder)
            {
                let (database, error) = (self.archive.name(), error.to_string());
                tracing::error!(database, error, "the marker of a fork can't be written");
            }
        })
    }

    fn mark_fork(&self, folder: &Path) -> io::Result<()> {
        if folder.is_dir() {
            let ready = self.archive.ready_folder().join("evidence.txt");
            fs::rename(ready, self.archive.fork_marker())
        } else {
            fs::rename(self.archive.ready_folder(), folder)
        }
    }
}

fn remove(path: &Path) -> io::Result<()> {
    absent_is_none(fs::remove_file(path)).map(|_| ())
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::config;

    #[test]
    fn tiles_of_one_place_are_kept_by_many_at_once() {
        let data = tempfile::tempdir().unwrap();
        let settings = config::Config::new(data.path().to_owned())
            .databases
            .remove(0);
        let upstream = Arc::new(config::Upstream::default());
        let (archive, _) = Archive::open(&settings, &upstream, data.path()).unwrap();
        let keeper = Keeper::new(archive, Staging::open(data.path()).unwrap());
        let tile = |width| {
            let path = match width {
                256 => "tile/8/0/000".to_owned(),
                width => format!("tile/8/0/000.p/{width}"),
            };
            (Tile::parse(&path).unwrap(), vec![0; width * 32])
        };
        std::thread::scope(|scope| {
            for width in [3, 7, 200, 256] {
                let keeper = &keeper;
                scope.spawn(move || {
                    let (tile, bytes) = tile(width);
                    for round in 0..200 {
                        let kept = keeper.put_tile(&tile, &bytes, round % 2 == 0);
                        kept.unwrap_or_else(|error| panic!("{width}, round {round}: {error}"));
                    }
                });
            }
        });
    }
}
