//! The build cache: where it is, how much it holds, and a sample of it hashed.

use std::fs::{self, File};
use std::io::Read as _;
use std::path::{Path, PathBuf};

use proto::gocache::name::Top;
use rayon::prelude::*;
use sha2::{Digest as _, Sha256};

use super::{Effective, disk};
use crate::doctor::facts::{Cache, Folder};
use crate::opening::{self, Links};

/// The most files of one of the cache's 256 folders that are counted.
const FILES_MAX: usize = 20_000;

/// The longest output that is hashed, in bytes.
const SAMPLED_BYTES_MAX: u64 = 256 << 10;

/// The most outputs hashed of one of the 256 folders.
const SAMPLED_MAX: usize = 2;

pub(super) fn look(env: &Effective) -> (Cache, Option<Folder>) {
    let modules = module_cache(env).map(|path| disk::folder(&path));
    let cache = match place(env) {
        Err(problem) => Cache {
            problem,
            ..Cache::default()
        },
        Ok(path) => survey(&path),
    };
    (cache, modules)
}

/// Source: cmd/go/internal/cache/default.go
fn place(env: &Effective) -> Result<PathBuf, String> {
    match env.get("GOCACHE").map(String::as_str) {
        Some("off") => return Err("GOCACHE=off".into()),
        Some(set) if set.starts_with('/') => return Ok(set.into()),
        Some(_) => return Err("GOCACHE is not an absolute path".into()),
        None => {}
    }
    match (env.get("XDG_CACHE_HOME"), env.get("HOME")) {
        (Some(caches), _) if caches.starts_with('/') => Ok(Path::new(caches).join("go-build")),
        (Some(_), _) => Err("XDG_CACHE_HOME is not an absolute path".into()),
        (None, Some(home)) => Ok(Path::new(home).join(".cache/go-build")),
        (None, None) => Err("neither GOCACHE nor HOME is set".into()),
    }
}

fn module_cache(env: &Effective) -> Option<PathBuf> {
    if let Some(set) = env.get("GOMODCACHE") {
        return Some(set.into());
    }
    let first = |path: &String| {
        path.split(':')
            .find(|entry| !entry.is_empty())
            .map(PathBuf::from)
    };
    let gopath = env.get("GOPATH").and_then(first);
    let gopath = gopath.or_else(|| env.get("HOME").map(|home| Path::new(home).join("go")));
    gopath.map(|gopath| gopath.join("pkg/mod"))
}

/// What one of the 256 folders holds.
#[derive(Default)]
struct Part {
    outputs: usize,
    bytes: u64,
    is_more: bool,
    is_unlisted: bool,
    hashed: usize,
    hashed_bytes: u64,
    damaged: Vec<String>,
}

fn survey(path: &Path) -> Cache {
    let mut cache = Cache {
        folder: Some(disk::folder(path)),
        ..Cache::default()
    };
    let entries = match fs::read_dir(path) {
        Ok(entries) => entries,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return cache,
        Err(_) => {
            cache.unlisted = 1;
            return cache;
        }
    };
    let tops: Vec<PathBuf> = entries
        .flatten()
        .filter(|entry| {
            matches!(
                Top::parse(entry.file_name().as_encoded_bytes()),
                Top::Folder(_)
            )
        })
        .map(|entry| entry.path())
        .collect();
    let parts: Vec<Part> = tops.par_iter().map(|path| part(path)).collect();
    for part in parts {
        cache.outputs += part.outputs;
        cache.bytes = cache.bytes.saturating_add(part.bytes);
        cache.is_more |= part.is_more;
        cache.unlisted += usize::from(part.is_unlisted);
        cache.hashed += part.hashed;
        cache.hashed_bytes = cache.hashed_bytes.saturating_add(part.hashed_bytes);
        cache.damaged.extend(part.damaged);
    }
    cache
}

fn part(path: &Path) -> Part {
    let mut part = Part::default();
    let Ok(entries) = fs::read_dir(path) else {
        part.is_unlisted = true;
        return part;
    };
    let mut sample: Vec<(String, PathBuf)> = Vec::new();
    for (index, entry) in entries.flatten().enumerate() {
        if index == FILES_MAX {
            part.is_more = true;
            break;
        }
        let name = entry.file_name().to_string_lossy().into_owned();
        let Some(id) = name.strip_suffix("-d") else {
            continue;
        };
        let Ok(metadata) = entry.metadata() else {
            continue;
        };
        if !metadata.is_file() {
            continue;
        }
        part.outputs += 1;
        part.bytes = part.bytes.saturating_add(metadata.len());
        if metadata.len() <= SAMPLED_BYTES_MAX {
            sample.push((id.to_owned(), entry.path()));
        }
    }
    // The same ones in every run, whatever order the folder lists them in.
    sample.sort();
    for (id, path) in sample.into_iter().take(SAMPLED_MAX) {
        let Some((hash, len)) = hash(&path) else {
            continue;
        };
        part.hashed += 1;
        part.hashed_bytes += len;
        if hash != id {
            part.damaged.push(format!("{id}-d"));
        }
    }
    part
}

fn hash(path: &Path) -> Option<(String, u64)> {
    let file: File = opening::regular(path, Links::Refused).ok()?;
    let mut bytes = Vec::new();
    file.take(SAMPLED_BYTES_MAX + 1)
        .read_to_end(&mut bytes)
        .ok()?;
    // It grew meanwhile: a go that is running is writing it.
    let len = bytes.len() as u64;
    (len <= SAMPLED_BYTES_MAX).then(|| (hex::encode(Sha256::digest(&bytes)), len))
}
