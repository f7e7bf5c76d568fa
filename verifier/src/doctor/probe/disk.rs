//! Reading files of the host within bounds, and who may do what with a folder.

use std::fs;
use std::io::{self, Read as _};
use std::path::{Path, PathBuf};

use rustix::fs::{Access, StatVfsMountFlags};

use crate::doctor::facts::Folder;
use crate::opening::{self, Links};

/// The longest file that is read, in bytes.
const FILE_BYTES_MAX: u64 = 1 << 20;

/// The files of the host, or of a folder that stands for `/`.
pub(super) struct Disk {
    root: Option<PathBuf>,
}

impl Disk {
    pub(super) fn new(root: Option<PathBuf>) -> Self {
        Self { root }
    }

    /// Where a file of the system lies.
    pub(super) fn place(&self, path: &str) -> PathBuf {
        match &self.root {
            Some(root) => root.join(path.trim_start_matches('/')),
            None => PathBuf::from(path),
        }
    }

    /// Reads a file of the system; nothing where there is none or it can't be read.
    pub(super) fn text(&self, path: &str) -> Option<String> {
        self.read_host(&self.place(path)).ok().flatten()
    }

    /// Reads a file; `None` where there is none.
    ///
    /// # Errors
    /// Why it can't be read, in words.
    pub(super) fn read_host(&self, path: &Path) -> Result<Option<String>, String> {
        let file = match opening::regular(path, Links::Followed) {
            Ok(file) => file,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(error.to_string()),
        };
        let mut bytes = Vec::new();
        let read = file.take(FILE_BYTES_MAX + 1).read_to_end(&mut bytes);
        read.map_err(|error| error.to_string())?;
        if bytes.len() as u64 > FILE_BYTES_MAX {
            return Err(format!("more than {FILE_BYTES_MAX} bytes"));
        }
        Ok(Some(String::from_utf8_lossy(&bytes).into_owned()))
    }
}

/// Looks at a folder; of one that is not there yet, at what it would lie in.
pub(super) fn folder(path: &Path) -> Folder {
    let mut folder = Folder {
        path: path.display().to_string(),
        ..Folder::default()
    };
    match fs::metadata(path) {
        Ok(metadata) => {
            folder.exists = true;
            if !metadata.is_dir() {
                folder.problem = "it is not a folder".into();
            }
            owner(&mut folder, &metadata);
        }
        Err(error) if error.kind() == io::ErrorKind::NotFound => folder.own = true,
        Err(error) => folder.problem = error.to_string(),
    }
    let there = path.ancestors().find(|one| one.is_dir()).unwrap_or(path);
    folder.writable = rustix::fs::access(there, Access::WRITE_OK).is_ok();
    if let Ok(found) = rustix::fs::statvfs(there) {
        folder.read_only = found.f_flag.contains(StatVfsMountFlags::RDONLY);
        folder.noexec = found.f_flag.contains(StatVfsMountFlags::NOEXEC);
        folder.free = found.f_bavail.saturating_mul(found.f_frsize);
        folder.free_files = (found.f_files > 0).then_some(found.f_favail);
    }
    folder
}

fn owner(folder: &mut Folder, metadata: &fs::Metadata) {
    use std::os::unix::fs::MetadataExt as _;
    let user = rustix::process::geteuid().as_raw();
    folder.owner = metadata.uid();
    folder.own = metadata.uid() == user;
    folder.open = is_open(metadata);
    folder.sticky = metadata.mode() & 0o1000 != 0;
}

/// Says whether others than the owner can write.
pub(super) fn is_open(metadata: &fs::Metadata) -> bool {
    use std::os::unix::fs::MetadataExt as _;
    // A group of the same number as its user has that user alone in it, mostly.
    let group = metadata.mode() & 0o020 != 0 && metadata.gid() != metadata.uid();
    group || metadata.mode() & 0o002 != 0
}
