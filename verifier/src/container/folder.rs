//! Folders on disk: links as links, never followed; files hashed in parallel.

use std::fs::Metadata as Stat;
use std::io;
use std::path::{Path, PathBuf};

use rayon::prelude::*;
use walkdir::WalkDir;

use super::fault::{Fault, Kind};
use super::limits::MEMBERS_MAX;
use super::list::HEAD_LEN;
#[cfg(target_os = "linux")]
use super::listing::CAPABILITY;
use super::listing::{Content, Listing, Member, Metadata, Place, text};
use super::source::Source;
use crate::image::{Format, sniff};
use crate::opening::{self, Links};

/// Files hashed before their results are put together.
const BATCH_LEN: usize = 4096;

/// Lists a folder in the order of the names' bytes.
///
/// # Errors
/// `Io` naming the entry, for anything that can't be read; `TooMany`.
pub fn list(folder: &Path) -> Result<Listing, Fault> {
    let mut listing = Listing::default();
    let mut batch = Vec::new();
    let walk = WalkDir::new(folder)
        .min_depth(1)
        .follow_links(false)
        .sort_by_file_name();
    for entry in walk {
        let entry = entry.map_err(|error| {
            let place = error.path().unwrap_or(folder).display().to_string();
            let error = error.into_io_error();
            let error = error.unwrap_or_else(|| io::Error::other("the folder holds itself"));
            Fault::from(Kind::Io(error)).within(place)
        })?;
        if listing.members.len() + batch.len() >= MEMBERS_MAX {
            return Err(Kind::TooMany {
                what: "members",
                max: MEMBERS_MAX,
            }
            .into());
        }
        batch.push(entry.into_path());
        if batch.len() == BATCH_LEN {
            add(&mut listing, folder, std::mem::take(&mut batch))?;
        }
    }
    add(&mut listing, folder, batch)?;
    Ok(listing)
}

fn add(listing: &mut Listing, folder: &Path, paths: Vec<PathBuf>) -> Result<(), Fault> {
    let members: Vec<Result<Member, Fault>> = paths
        .into_par_iter()
        .map(|path| {
            member(folder, &path)
                .map_err(|error| Fault::from(error).within(path.display().to_string()))
        })
        .collect();
    members
        .into_iter()
        .try_for_each(|member| listing.add(member?))
}

fn member(folder: &Path, path: &Path) -> io::Result<Member> {
    let stat = std::fs::symlink_metadata(path)?;
    let kind = stat.file_type();
    let mut format = Format::Other;
    let content = if kind.is_dir() {
        Content::Folder
    } else if kind.is_symlink() {
        let target = std::fs::read_link(path)?;
        Content::Link(text(target.as_os_str().as_encoded_bytes()))
    } else if kind.is_file() {
        let source = Source::file(opening::regular(path, Links::Refused)?)?;
        format = sniff::format(&source.bytes_at(0, HEAD_LEN)?);
        Content::File {
            size: source.len(),
            sha256: source.sha256()?,
        }
    } else {
        Content::Other(special(&stat).into())
    };
    let relative = path.strip_prefix(folder).unwrap_or(path);
    Ok(Member {
        name: text(relative.as_os_str().as_encoded_bytes()),
        content,
        format,
        metadata: Metadata {
            mode: mode(&stat),
            own: rights(&stat, path),
            ..Metadata::default()
        },
        place: Place::OnDisk(path.into()),
        origin: None,
    })
}

#[cfg(unix)]
fn special(stat: &Stat) -> &'static str {
    use std::os::unix::fs::FileTypeExt as _;
    let kind = stat.file_type();
    if kind.is_fifo() {
        "named pipe"
    } else if kind.is_socket() {
        "socket"
    } else if kind.is_block_device() {
        "block device"
    } else if kind.is_char_device() {
        "character device"
    } else {
        "special file"
    }
}

#[cfg(not(unix))]
fn special(_: &Stat) -> &'static str {
    "special file"
}

/// Returns whether a file may be run and whose rights it takes. The other bits
/// come from the umask, times and owners from whoever unpacked it: they are not
/// part of what was built.
#[cfg(unix)]
fn mode(stat: &Stat) -> Option<u32> {
    use std::os::unix::fs::MetadataExt as _;
    let is_file = stat.file_type().is_file();
    is_file.then(|| stat.mode() & MODE_KEPT)
}

#[cfg(not(unix))]
fn mode(_: &Stat) -> Option<u32> {
    None
}

/// Returns what a file may do beyond its caller's rights.
#[cfg(target_os = "linux")]
fn rights(stat: &Stat, path: &Path) -> Vec<(&'static str, String)> {
    let mut value = [0; RIGHTS_LEN_MAX];
    if !stat.is_file() {
        return Vec::new();
    }
    // Most files have none, and some file systems can't have any.
    match rustix::fs::lgetxattr(path, "security.capability", &mut value[..]) {
        Ok(len) => vec![(CAPABILITY, text(value.get(..len).unwrap_or_default()))],
        Err(_) => Vec::new(),
    }
}

/// The longest value; the kernel's own have 24 bytes at most.
#[cfg(target_os = "linux")]
const RIGHTS_LEN_MAX: usize = 64;

#[cfg(not(target_os = "linux"))]
fn rights(_: &Stat, _: &Path) -> Vec<(&'static str, String)> {
    Vec::new()
}

/// The mode bits that a folder's files are compared by.
pub const MODE_KEPT: u32 = 0o6100;
