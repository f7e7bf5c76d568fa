//! What is kept of a database, as plain files under `DATA/sumdb/<name>/`.
//!
//! ```text
//! tile/8/<level>/<number>[.p/<width>]   tiles that were proved, each as wide as it was seen
//! lookup/<module>@<version>             answers that were proved, verbatim
//! heads/<size>                          every signed head that was accepted, verbatim
//! fork/                                 there while the database is stopped: the evidence
//! ```
//!
//! What an answer rests on is written before it: tiles, then its head, then the
//! answer. A crash between leaves files that are true and not yet needed. The
//! newest head is the one with the greatest number in its name.
//!
//! Everything here blocks: call it off the async threads.

use std::fs;
use std::io::{self, ErrorKind};
use std::path::{Path, PathBuf};
use std::time::{SystemTime, UNIX_EPOCH};

use proto::module::ModuleVersion;
use proto::note::VerifierKey;
use proto::sumdb::{Fork, Head, split_records};
use proto::tlog::{Level, Tile};

use crate::store::durable::Staging;

/// What the folders in a database's folder begin with.
pub(super) const FOLDERS: [&str; 4] = ["tile", "lookup", "heads", "fork"];

/// The folder of one database.
#[derive(Clone, Debug)]
pub(super) struct Store {
    folder: PathBuf,
    key: VerifierKey,
    /// Absent where nothing is to be written.
    staging: Option<Staging>,
}

impl Store {
    pub(super) fn new(data: &Path, key: &VerifierKey, staging: Option<Staging>) -> Self {
        Self {
            folder: data.join("sumdb").join(key.name()),
            key: key.clone(),
            staging,
        }
    }

    /// The stored answer about a module version.
    pub(super) fn lookup(&self, module: &ModuleVersion) -> io::Result<Option<Vec<u8>>> {
        read(&self.lookup_path(module))
    }

    pub(super) fn put_lookup(&self, module: &ModuleVersion, answer: &[u8]) -> io::Result<()> {
        self.write(&self.lookup_path(module), answer)
    }

    fn lookup_path(&self, module: &ModuleVersion) -> PathBuf {
        self.folder.join("lookup").join(module.escaped())
    }

    /// A tile, cut from the widest at its place, or `None` when none is wide enough.
    pub(super) fn tile(&self, tile: &Tile) -> io::Result<Option<Vec<u8>>> {
        let Some(held) = self.widest(tile)? else {
            return Ok(None);
        };
        if held.width < tile.width {
            return Ok(None);
        }
        let Some(bytes) = read(&self.folder.join(held.path()))? else {
            return Ok(None);
        };
        // A file that is not what its name says is as good as none: it is fetched
        // and proved again.
        Ok(match tile.level {
            Level::Hashes(_) => tile.cut(&held, &bytes).ok().map(<[u8]>::to_vec),
            Level::Data => cut_records(tile, &held, bytes),
        })
    }

    /// Keeps a tile that has been proved, unless a wider one is there and sound.
    pub(super) fn put_tile(&self, tile: &Tile, bytes: &[u8]) -> io::Result<()> {
        match self.tile(tile)? {
            Some(held) if held == bytes => return Ok(()),
            // What is there is damaged: what was just proved is not.
            Some(_) => self.drop_tile(tile)?,
            None => {}
        }
        self.write(&self.folder.join(tile.path()), bytes)?;
        let partial = self.partial_folder(tile);
        if tile.is_full() {
            return remove_all(&partial);
        }
        for width in widths(&partial)? {
            if width < tile.width {
                remove(&partial.join(width.to_string()))?;
            }
        }
        Ok(())
    }

    fn drop_tile(&self, tile: &Tile) -> io::Result<()> {
        remove(&self.folder.join(tile.to_full().path()))?;
        remove_all(&self.partial_folder(tile))
    }

    fn widest(&self, tile: &Tile) -> io::Result<Option<Tile>> {
        let full = tile.to_full();
        if self.folder.join(full.path()).is_file() {
            return Ok(Some(full));
        }
        let width = widths(&self.partial_folder(tile))?.into_iter().max();
        Ok(width.map(|width| Tile { width, ..*tile }))
    }

    fn partial_folder(&self, tile: &Tile) -> PathBuf {
        self.folder.join(format!("{}.p", tile.to_full().path()))
    }

    /// Sizes of all accepted heads, newest first.
    pub(super) fn head_sizes(&self) -> io::Result<Vec<u64>> {
        let mut sizes = numbers(&self.folder.join("heads"))?;
        sizes.sort_unstable_by(|a, b| b.cmp(a));
        Ok(sizes)
    }

    /// An accepted head. One that the database's key has not signed is an error: the
    /// folder belongs to another database, or is damaged.
    pub(super) fn head(&self, size: u64) -> io::Result<Head> {
        let path = self.head_path(size);
        let bad = |reason: String| {
            let path = path.display();
            let name = self.key.name();
            io::Error::other(format!(
                "{path} is no head of {name}: {reason}; if this is another database than \
                 before, move its folder away"
            ))
        };
        let note = fs::read(&path)?;
        let head = Head::open(&note, &self.key).map_err(|error| bad(error.to_string()))?;
        if head.tree.size != size {
            return Err(bad(format!("it is one of {} records", head.tree.size)));
        }
        Ok(head)
    }

    pub(super) fn newest_head(&self) -> io::Result<Option<Head>> {
        let newest = self.head_sizes()?.first().copied();
        newest.map(|size| self.head(size)).transpose()
    }

    pub(super) fn put_head(&self, head: &Head) -> io::Result<()> {
        let path = self.head_path(head.tree.size);
        if path.is_file() {
            return Ok(());
        }
        self.write(&path, &head.note)
    }

    fn head_path(&self, size: u64) -> PathBuf {
        self.folder.join("heads").join(size.to_string())
    }

    /// Marks the database as stopped, and keeps what proves the fork. The marker is
    /// the file of evidence, written last.
    pub(super) fn put_fork(&self, fork: &Fork) -> io::Result<()> {
        let folder = self.fork_folder();
        self.write(&folder.join("first.note"), &fork.older.note)?;
        self.write(&folder.join("second.note"), &fork.newer.note)?;
        let text = format!("{fork}\nThe database's public key is\n  {}\n", self.key);
        self.write(&self.fork_marker(), text.as_bytes())
    }

    /// Where the evidence of a fork is, while the database is stopped by one.
    pub(super) fn fork(&self) -> Option<PathBuf> {
        // A marker that cannot be seen for another reason than its absence stops, too.
        let marker = self.fork_marker();
        let absent = matches!(marker.try_exists(), Ok(false));
        (!absent).then_some(marker)
    }

    /// Moves the evidence of a fork aside, so that the database is followed again,
    /// from the head that was followed before. Returns where the evidence is now.
    pub(super) fn resume(&self) -> io::Result<PathBuf> {
        let now = SystemTime::now().duration_since(UNIX_EPOCH);
        let seconds = now.unwrap_or_default().as_secs();
        let aside = self.folder.join(format!("fork.seen-{seconds}"));
        fs::rename(self.fork_folder(), &aside)?;
        fs::File::open(&self.folder)?.sync_all()?;
        Ok(aside)
    }

    fn fork_folder(&self) -> PathBuf {
        self.folder.join("fork")
    }

    /// The file that says, by being there, that the database is stopped.
    pub(super) fn fork_marker(&self) -> PathBuf {
        self.fork_folder().join("evidence.txt")
    }

    fn write(&self, path: &Path, bytes: &[u8]) -> io::Result<()> {
        match &self.staging {
            Some(staging) => staging.write(path, bytes),
            None => Err(io::Error::from(ErrorKind::ReadOnlyFilesystem)),
        }
    }
}

fn cut_records(tile: &Tile, held: &Tile, bytes: Vec<u8>) -> Option<Vec<u8>> {
    let records = split_records(&bytes).ok()?;
    if records.len() as u64 != u64::from(held.width) {
        return None;
    }
    let kept = records.iter().take(usize::try_from(tile.width).ok()?);
    Some(
        kept.flat_map(|record| [record.as_str(), "\n"])
            .collect::<String>()
            .into_bytes(),
    )
}

fn read(path: &Path) -> io::Result<Option<Vec<u8>>> {
    absent_is_none(fs::read(path))
}

fn remove(path: &Path) -> io::Result<()> {
    absent_is_none(fs::remove_file(path)).map(|_| ())
}

fn remove_all(folder: &Path) -> io::Result<()> {
    absent_is_none(fs::remove_dir_all(folder)).map(|_| ())
}

fn absent_is_none<T>(result: io::Result<T>) -> io::Result<Option<T>> {
    match result {
        Ok(value) => Ok(Some(value)),
        Err(error) => match error.kind() {
            // A name too long was never written either.
            ErrorKind::NotFound | ErrorKind::NotADirectory | ErrorKind::InvalidFilename => Ok(None),
            _ => Err(error),
        },
    }
}

/// The widths of a partial tile's files.
fn widths(folder: &Path) -> io::Result<Vec<u32>> {
    let numbers = numbers(folder)?;
    Ok(numbers
        .into_iter()
        .filter_map(|number| u32::try_from(number).ok())
        .collect())
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
