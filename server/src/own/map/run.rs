//! One file of sorted keys. It is never changed, and read block by block.

use std::fs::File;
use std::io::{self, BufWriter, Write as _};
use std::os::unix::fs::FileExt as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use proto::sumdb::table::{self, Block, Entry, Footer, Lookup, Place, Step, Walk, Writer};
use proto::tlog::Hash;
use quick_cache::sync::Cache;

use crate::store::durable::Staging;

/// A file and its footer. Everything here blocks.
#[derive(Debug)]
pub(super) struct Run {
    file: File,
    footer: Footer,
}

/// Blocks that name other blocks, by their SHA-256: every lookup reads some.
pub(super) type Blocks = Cache<Hash, Arc<Block>>;

impl Run {
    /// Opens the run of a name.
    ///
    /// # Errors
    /// What the file system answers, and `InvalidData` for a file that is not this run.
    pub(super) fn open(folder: &Path, name: &str) -> io::Result<Self> {
        let path = folder.join(name);
        let run = Self::of(File::open(&path)?)?;
        if run.name() != name {
            let text = format!("{} holds other keys than its name says", path.display());
            return Err(io::Error::new(io::ErrorKind::InvalidData, text));
        }
        Ok(run)
    }

    fn of(file: File) -> io::Result<Self> {
        let length = file.metadata()?.len();
        let mut end = vec![0; Footer::LEN];
        let at = length.checked_sub(Footer::LEN as u64);
        let at = at.ok_or_else(|| damaged(table::Error::Footer("shorter than a footer")))?;
        file.read_exact_at(&mut end, at)?;
        let footer = Footer::parse(length, &end).map_err(damaged)?;
        Ok(Self { file, footer })
    }

    /// Writes entries, which ascend, as a run, durably.
    ///
    /// # Errors
    /// What the file system answers, and those of the entries.
    pub(super) fn write(
        folder: &Path,
        staging: &Staging,
        entries: impl Iterator<Item = io::Result<Entry>>,
    ) -> io::Result<Self> {
        let staged = staging.create()?;
        let mut out = BufWriter::new(&**staged.file());
        let mut writer = Writer::default();
        for entry in entries {
            let entry = entry?;
            let blocks = writer.push(&entry.key, entry.number);
            out.write_all(&blocks.map_err(io::Error::other)?)?;
        }
        out.write_all(&writer.finish())?;
        out.flush()?;
        drop(out);
        let run = Self::of(staged.file().try_clone()?)?;
        staged.publish(&run.path(folder))?;
        Ok(run)
    }

    /// Returns its name, which stands for all of its content.
    pub(super) fn name(&self) -> String {
        hex::encode(self.footer.digest().0)
    }

    /// Returns where it lies.
    pub(super) fn path(&self, folder: &Path) -> PathBuf {
        folder.join(self.name())
    }

    /// Keys in it.
    pub(super) fn count(&self) -> u64 {
        self.footer.entries
    }

    /// Returns the number of a key; `None` where it is not there.
    ///
    /// # Errors
    /// What the file system answers, and `InvalidData` for a damaged block.
    pub(super) fn find(&self, key: &[u8], blocks: &Blocks) -> io::Result<Option<u64>> {
        let mut lookup = Lookup::new(&self.footer, key);
        loop {
            match lookup.step() {
                Step::Found(number) => return Ok(Some(number)),
                Step::Absent => return Ok(None),
                Step::Read(place) => lookup
                    .give(&*self.block(&place, blocks)?)
                    .map_err(damaged)?,
            }
        }
    }

    fn block(&self, place: &Place, blocks: &Blocks) -> io::Result<Arc<Block>> {
        if place.level > 0
            && let Some(block) = blocks.get(&place.digest)
            && block.place() == place
        {
            return Ok(block);
        }
        let block = Block::open(place, self.bytes(place)?).map_err(damaged)?;
        let block = Arc::new(block);
        if place.level > 0 {
            blocks.insert(place.digest, Arc::clone(&block));
        }
        Ok(block)
    }

    /// Returns all entries in their order. After an error there are no more.
    pub(super) fn entries(&self) -> impl Iterator<Item = Result<Entry, Broken>> {
        Walk::new(&self.footer).entries(|place: &Place| self.bytes(place).map_err(Broken))
    }

    fn bytes(&self, place: &Place) -> io::Result<Vec<u8>> {
        let mut bytes = vec![0; place.len];
        self.file.read_exact_at(&mut bytes, place.offset)?;
        Ok(bytes)
    }
}

/// What ends the reading of a run.
pub(super) struct Broken(pub(super) io::Error);

impl From<table::Error> for Broken {
    fn from(error: table::Error) -> Self {
        Self(damaged(error))
    }
}

/// Says what is wrong with a file of the map, and how it is made anew.
fn damaged(error: table::Error) -> io::Error {
    let text = format!(
        "a file of the map of modules in the log: {error}; `sumward index rebuild` makes it anew"
    );
    io::Error::new(io::ErrorKind::InvalidData, text)
}
