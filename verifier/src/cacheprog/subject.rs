//! Which package an output belongs to.

use std::fs::File;
use std::io::{self, Read as _};
use std::path::Path;

use proto::gocache::kind::{HEAD_LEN, Kind};
use proto::gocache::{Id, label};
use proto::goobj;

/// The largest archive read to learn its package, in bytes.
const ARCHIVE_BYTES_MAX: u64 = 1 << 30;

/// The largest source list read, in bytes.
const LIST_BYTES_MAX: u64 = 1 << 20;

/// Returns the import path of the package that an archive holds.
pub(super) fn package(archive: &Path) -> Option<String> {
    let bytes = read(archive, ARCHIVE_BYTES_MAX).ok()?;
    goobj::import_path(&bytes)
}

/// Tells what a file is from how it begins.
pub(super) fn kind(path: &Path) -> Option<Kind> {
    let head = read(path, HEAD_LEN as u64).ok()?;
    Some(Kind::sniff(&head))
}

/// Which of a package's outputs `action` is, given the action of its archive:
/// the package's compiler messages, a file that cgo made. `list` finds the file
/// that an action's source list lies in.
pub(super) fn part_of(
    archive: Id,
    action: Id,
    list: impl Fn(Id) -> Option<String>,
) -> Option<String> {
    if let Some((_, name, _)) = label::fixed(&archive).find(|(key, _, _)| *key == action) {
        return Some(name.to_owned());
    }
    let sources = read(
        Path::new(&list(archive.subkey("srcfiles"))?),
        LIST_BYTES_MAX,
    )
    .ok()?;
    label::generated(&sources)
        .find(|name| archive.subkey(name) == action)
        .map(str::to_owned)
}

fn read(path: &Path, max: u64) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    File::open(path)?.take(max).read_to_end(&mut bytes)?;
    Ok(bytes)
}
