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

/// Returns the actions of what stands beside a package's archive and what each
/// is: the compiler's messages, a file that cgo made. `sources` is the file that
/// holds the package's source list.
pub(super) fn parts(archive: Id, sources: Option<&Path>) -> Vec<(Id, String)> {
    let list = sources
        .and_then(|path| read(path, LIST_BYTES_MAX).ok())
        .unwrap_or_default();
    let fixed = label::fixed(&archive).map(|(action, name, _)| (action, name.to_owned()));
    let generated = label::generated(&list).map(|name| (archive.subkey(name), name.to_owned()));
    fixed.chain(generated).collect()
}

fn read(path: &Path, max: u64) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    File::open(path)?.take(max).read_to_end(&mut bytes)?;
    Ok(bytes)
}
