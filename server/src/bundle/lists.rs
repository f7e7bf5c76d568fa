//! Lists of versions, to which those of a bundle are added.

use std::path::Path;

use proto::goproxy::Request;
use proto::info::versions;
use proto::module::{ModulePath, ModuleVersion, Version};
use proto::semver;

use super::Error;
use super::ask::not_had;
use super::files::read;
use crate::blocking;
use crate::modules::Shelf;
use crate::store::Key;

/// Adds versions of the bundle to the stored list, those whose zips are there: `go list
/// -m -versions` and `go get -u` take what the list has.
///
/// # Errors
/// What the file system answers.
pub(super) async fn add(shelf: &Shelf, folder: &Path, module: &ModulePath) -> Result<(), Error> {
    let request = Request::List(module.clone());
    let (key, place) = (Key::of(&request), request.path());
    let io = |error| Error::at(Path::new(&place))(error);
    let stored = shelf.look_changing(&key).await.map_err(io)?;
    let from = folder.join(&place);
    let lists = blocking::run(move || {
        let stored = stored.map(|(blob, _)| blob.content.bytes(LIST_BYTES_MAX));
        Ok((stored.transpose()?, read(&from)))
    });
    let (stored, carried) = lists.await.map_err(io)?;
    let parsed = |bytes: &[u8]| versions::parse(bytes).map_err(|it| it.to_string());
    let wrong = |error| not_had(&place, error);
    let stored = stored.unwrap_or_default();
    let mut all: Vec<Version> = Vec::new();
    for listed in parsed(&carried?.unwrap_or_default()).map_err(wrong)? {
        let Ok(version) = ModuleVersion::new(module.clone(), listed.version) else {
            continue;
        };
        let zip = Key::of(&Request::Zip(version.clone()));
        if shelf.look(&zip).await.map_err(io)?.is_some() {
            all.push(version.version);
        }
    }
    let before = parsed(&stored).map_err(wrong)?;
    all.extend(before.into_iter().map(|listed| listed.version));
    let merged = list_of(all);
    if merged.as_bytes() == &*stored {
        return Ok(());
    }
    let kept = shelf.keep_changing(&key, merged.as_bytes());
    kept.await.map_err(io)
}

/// Bytes of a stored list.
const LIST_BYTES_MAX: usize = 16 << 20;

/// Writes versions as a list, in order and each once.
pub(super) fn list_of(versions: Vec<Version>) -> String {
    let mut all: Vec<String> = versions.iter().map(ToString::to_string).collect();
    all.sort_by(|a, b| semver::compare(a, b));
    all.dedup();
    all.into_iter().map(|it| format!("{it}\n")).collect()
}
