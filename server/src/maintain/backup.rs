//! A copy of a data folder that a server is using.
//!
//! The order makes the copy one that a server starts on. What rests on other
//! files is copied before them: answers of databases, then heads, then tiles,
//! since tiles are written first and never taken away but for wider ones. So no
//! answer lacks its tiles, and no head is newer than they are. Stored files come
//! before the journal, so no file lacks what the journal tells of it. The index
//! is not copied: a server that starts on the copy makes it anew.
//!
//! On the same file system files are linked, not copied, as nobody writes to
//! them in place; the journal, which is appended to, is always copied. A link
//! does not outlive damage to the disk: copy it elsewhere.

use std::fs::{self, File};
use std::io::{self, ErrorKind};
use std::path::{Path, PathBuf};

use super::remake::Watch;
use crate::store::folder::sync_folder;

/// What was copied.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct BackedUp {
    /// Files that were linked.
    pub(crate) linked: usize,
    /// Files that were copied.
    pub(crate) copied: usize,
}

/// Passes over a folder of tiles, in which tiles give way to wider ones
/// meanwhile. The next pass finds those.
const PASSES_MAX: usize = 100;

/// Copies the data folder `data` to the folder `to`, which must be absent or
/// empty. Blocks.
///
/// # Errors
/// What the file system answers. What is in `to` then is not a backup: it has no
/// file `format`.
pub(crate) fn backup(data: &Path, to: &Path, watch: &mut dyn Watch) -> io::Result<BackedUp> {
    check_target(data, to)?;
    let mut copy = Copy {
        data,
        to,
        report: BackedUp::default(),
        watch,
    };
    for database in databases(&data.join("sumdb"))? {
        for part in ["lookup", "heads", "heads.damaged", "tile"] {
            copy.until_settled(&database.join(part))?;
        }
        for fork in entries(&database)? {
            // `fork`, and those that a person has looked at.
            let name = fork.file_name().unwrap_or_default();
            if name.as_encoded_bytes().starts_with(b"fork") {
                copy.until_settled(&fork)?;
            }
        }
    }
    copy.folder(&data.join("modules"), How::Link)?;
    copy.folder(&data.join("evidence"), How::Link)?;
    // After the files that its records prove; the checkpoint before its tiles.
    for log in logs(&data.join("log"))? {
        copy.file(&log.join("checkpoint"), How::Copy)?;
        copy.until_settled(&log.join("tile"))?;
    }
    copy.folder(&data.join("journal"), How::Copy)?;
    sync(to)?;
    // Last: it says that the copy is whole.
    copy.file(&data.join("format"), How::Copy)?;
    sync(to)?;
    Ok(copy.report)
}

fn check_target(data: &Path, to: &Path) -> io::Result<()> {
    fs::create_dir_all(to)?;
    if fs::read_dir(to)?.next().is_some() {
        let text = format!("{} is not empty", to.display());
        return Err(io::Error::new(ErrorKind::DirectoryNotEmpty, text));
    }
    if fs::canonicalize(to)?.starts_with(fs::canonicalize(data)?) {
        let text = format!("{} is in the data folder itself", to.display());
        return Err(io::Error::new(ErrorKind::InvalidInput, text));
    }
    Ok(())
}

/// Returns the folders of databases: a name may have slashes.
fn databases(sumdb: &Path) -> io::Result<Vec<PathBuf>> {
    let mut found = Vec::new();
    let mut folders = vec![sumdb.to_owned()];
    while let Some(folder) = folders.pop() {
        if folder.join("heads").is_dir() {
            found.push(folder.clone());
        }
        for entry in entries(&folder)? {
            let name = entry.file_name().unwrap_or_default();
            let is_part = ["lookup", "heads", "tile", "fork"]
                .iter()
                .any(|part| name.as_encoded_bytes().starts_with(part.as_bytes()));
            if !is_part && entry.is_dir() {
                folders.push(entry);
            }
        }
    }
    Ok(found)
}

/// Returns the folders of logs of our own: a name may have slashes.
fn logs(folder: &Path) -> io::Result<Vec<PathBuf>> {
    let mut found = Vec::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(folder) = folders.pop() {
        if folder.join("checkpoint").is_file() {
            found.push(folder.clone());
        }
        let inner = entries(&folder)?.into_iter();
        folders.extend(inner.filter(|path| path.is_dir() && !path.ends_with("tile")));
    }
    Ok(found)
}

/// How a file gets into the copy.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum How {
    /// Linked where that is possible.
    Link,
    /// Copied.
    Copy,
}

struct Copy<'a> {
    data: &'a Path,
    to: &'a Path,
    report: BackedUp,
    watch: &'a mut dyn Watch,
}

impl Copy<'_> {
    /// Copies a folder until nothing vanishes while it is copied.
    fn until_settled(&mut self, folder: &Path) -> io::Result<()> {
        for _ in 0..PASSES_MAX {
            if self.folder(folder, How::Link)? == 0 {
                return Ok(());
            }
        }
        let text = format!("{} changes faster than it is copied", folder.display());
        Err(io::Error::other(text))
    }

    /// Copies what is in a folder and not yet in the copy. Returns how many files
    /// vanished meanwhile.
    fn folder(&mut self, folder: &Path, how: How) -> io::Result<usize> {
        let mut vanished = 0;
        if !folder.exists() {
            return Ok(0);
        }
        let mut folders = vec![folder.to_owned()];
        while let Some(folder) = folders.pop() {
            let Some(found) = absent_is_none(fs::read_dir(&folder))? else {
                vanished += 1;
                continue;
            };
            for entry in found {
                let entry = entry?;
                let path = entry.path();
                if entry.file_name() == ".staging" {
                    continue;
                }
                match absent_is_none(fs::metadata(&path))? {
                    Some(metadata) if metadata.is_dir() => folders.push(path),
                    Some(_) => vanished += usize::from(!self.file(&path, how)?),
                    None => vanished += 1,
                }
            }
        }
        Ok(vanished)
    }

    /// Copies a file. Returns whether it was there.
    fn file(&mut self, from: &Path, how: How) -> io::Result<bool> {
        let to = self.target(from)?;
        if to.exists() {
            return Ok(true);
        }
        if let Some(folder) = to.parent() {
            fs::create_dir_all(folder)?;
        }
        if how == How::Link {
            match fs::hard_link(from, &to) {
                Ok(()) => {
                    self.report.linked += 1;
                    return Ok(true);
                }
                Err(error) if error.kind() == ErrorKind::NotFound => return Ok(false),
                // Another file system, or one without links.
                Err(_) => {}
            }
        }
        let Some(bytes) = absent_is_none(fs::copy(from, &to))? else {
            return Ok(false);
        };
        if let Ok(modified) = fs::metadata(from).and_then(|metadata| metadata.modified()) {
            // Lists are as old as they are.
            File::options()
                .append(true)
                .open(&to)?
                .set_modified(modified)?;
        }
        self.watch.bytes(bytes);
        self.report.copied += 1;
        Ok(true)
    }

    fn target(&self, from: &Path) -> io::Result<PathBuf> {
        let inside = from.strip_prefix(self.data).map_err(io::Error::other)?;
        Ok(self.to.join(inside))
    }
}

/// Makes all that was copied durable.
fn sync(to: &Path) -> io::Result<()> {
    rustix::fs::syncfs(File::open(to)?)?;
    sync_folder(to)
}

fn entries(folder: &Path) -> io::Result<Vec<PathBuf>> {
    let Some(found) = absent_is_none(fs::read_dir(folder))? else {
        return Ok(Vec::new());
    };
    found.map(|entry| entry.map(|entry| entry.path())).collect()
}

fn absent_is_none<T>(result: io::Result<T>) -> io::Result<Option<T>> {
    match result {
        Ok(value) => Ok(Some(value)),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Default)]
    struct Count(u64);

    impl Watch for Count {
        fn bytes(&mut self, bytes: u64) {
            self.0 += bytes;
        }

        fn line(&mut self, _line: String) {}
    }

    fn write(data: &Path, file: &str, text: &str) {
        let path = data.join(file);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }

    #[test]
    fn copies_all_but_what_is_made_anew() {
        let parent = tempfile::tempdir().unwrap();
        let (data, to) = (parent.path().join("data"), parent.path().join("copy/1"));
        let stored = [
            "format",
            "evidence/a.json",
            "journal/files-202611.jsonl",
            "modules/a.example/c/@v/list",
            "sumdb/sum.golang.org/heads/12",
            "sumdb/sum.golang.org/heads.damaged/13",
            "sumdb/sum.golang.org/lookup/a.example/c@v1.0.0",
            "sumdb/sum.golang.org/tile/8/0/000.p/12",
            "sumdb/sum.example/with/slashes/heads/3",
            "sumdb/sum.example/with/slashes/tile/8/0/000.p/3",
        ];
        for file in stored {
            write(&data, file, file);
        }
        for file in ["lock", "index/db", "staging/0", "modules/.staging/0"] {
            write(&data, file, "not copied");
        }
        let mut count = Count::default();
        let report = backup(&data, &to, &mut count).unwrap();
        assert_eq!((report.linked, report.copied), (8, 2));
        assert_ne!(count.0, 0);
        for file in stored {
            assert_eq!(fs::read_to_string(to.join(file)).unwrap(), file);
        }
        for absent in ["lock", "index", "staging", "modules/.staging"] {
            assert!(!to.join(absent).exists(), "{absent}");
        }
        write(&data, "journal/files-202611.jsonl", "appended");
        let copied = fs::read_to_string(to.join("journal/files-202611.jsonl"));
        assert_ne!(copied.unwrap(), "appended");
        let again = backup(&data, &to, &mut count).unwrap_err();
        assert_eq!(again.kind(), ErrorKind::DirectoryNotEmpty);
        let inside = backup(&data, &data.join("copy"), &mut count).unwrap_err();
        assert_eq!(inside.kind(), ErrorKind::InvalidInput);
    }

    /// Heads grow and tiles give way to wider ones while they are copied.
    #[test]
    fn no_head_is_newer_than_its_tiles_however_fast_the_log_grows() {
        let parent = tempfile::tempdir().unwrap();
        let data = parent.path().join("data");
        write(&data, "format", "2\n");
        let own = data.clone();
        let stop = std::sync::atomic::AtomicBool::new(false);
        let stopped = || stop.load(std::sync::atomic::Ordering::Relaxed);
        std::thread::scope(|scope| {
            let grows = scope.spawn(|| {
                let mut size = 0;
                while !stopped() {
                    size += 1;
                    let tile = format!("sumdb/s.example/tile/8/0/{:03}", size / 256);
                    match size % 256 {
                        0 => {
                            let full = format!("sumdb/s.example/tile/8/0/{:03}", size / 256 - 1);
                            write(&own, &full, "");
                            fs::remove_dir_all(own.join(format!("{full}.p"))).unwrap();
                        }
                        width => {
                            write(&own, &format!("{tile}.p/{width}"), "");
                            let before = own.join(format!("{tile}.p/{}", width - 1));
                            let _ = fs::remove_file(before);
                        }
                    }
                    write(&own, &format!("sumdb/s.example/heads/{size}"), "");
                }
                size
            });
            for number in 0..10 {
                let to = parent.path().join(format!("copy{number}"));
                backup(&data, &to, &mut Count::default()).unwrap();
                check(&to);
            }
            stop.store(true, std::sync::atomic::Ordering::Relaxed);
            assert!(grows.join().unwrap() > 0);
        });
    }

    /// Every record under every head is in a tile.
    fn check(to: &Path) {
        let names = |folder: &str| -> Vec<String> {
            let found = entries(&to.join("sumdb/s.example").join(folder)).unwrap();
            let names = found.iter().map(|path| path.file_name().unwrap());
            names
                .map(|name| name.to_str().unwrap().to_owned())
                .collect()
        };
        let heads = names("heads");
        let newest: u64 = heads
            .iter()
            .map(|name| name.parse().unwrap())
            .max()
            .unwrap_or(0);
        let mut held = 0;
        for tile in names("tile/8/0") {
            let Some(number) = tile.strip_suffix(".p") else {
                held = held.max((tile.parse::<u64>().unwrap() + 1) * 256);
                continue;
            };
            let widths = names(&format!("tile/8/0/{tile}"));
            let widest: u64 = widths
                .iter()
                .map(|name| name.parse().unwrap())
                .max()
                .unwrap_or(0);
            held = held.max(number.parse::<u64>().unwrap() * 256 + widest);
        }
        assert!(
            held >= newest,
            "{held} records are held, {newest} are signed"
        );
    }
}
