//! The temporary folder of a run: everything that builds write lies in it, and
//! it goes away with the run.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;
use std::time::Duration;

use anyhow::Context as _;
use walkdir::WalkDir;

/// The folder.
#[derive(Debug)]
pub struct Scratch {
    folder: PathBuf,
    /// The most it was seen to hold, in bytes.
    peak_bytes: AtomicU64,
}

/// How often removing is tried: a process that ends may still write.
const TRIES: u32 = 5;

impl Scratch {
    /// Makes a new folder below `parent`.
    ///
    /// # Errors
    /// When it can't be made.
    pub fn new(parent: &Path) -> anyhow::Result<Self> {
        let folder = tempfile::Builder::new()
            .prefix("verify-build-")
            .tempdir_in(parent)
            .with_context(|| format!("making a temporary folder in {}", parent.display()))?
            // Removed by us: module caches hold folders that nobody may write.
            .keep();
        // Symbolic links on the way (macOS's /tmp) would make two names of one
        // folder, and the go command knows only one.
        let folder = folder
            .canonicalize()
            .context("naming the temporary folder")?;
        Ok(Self {
            folder,
            peak_bytes: AtomicU64::new(0),
        })
    }

    /// Returns the folder itself.
    pub fn path(&self) -> &Path {
        &self.folder
    }

    /// Makes a folder in it, unless it is there.
    ///
    /// # Errors
    /// When it can't be made.
    pub fn folder(&self, name: &str) -> anyhow::Result<PathBuf> {
        let path = self.folder.join(name);
        fs::create_dir_all(&path).with_context(|| format!("making {}", path.display()))?;
        Ok(path)
    }

    /// Measures what it holds now.
    pub fn measure(&self) {
        self.peak_bytes
            .fetch_max(size(&self.folder), Ordering::Relaxed);
    }

    /// Returns the most it was seen to hold, in bytes.
    pub fn peak_bytes(&self) -> u64 {
        self.peak_bytes.load(Ordering::Relaxed)
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        if let Err(error) = remove(&self.folder) {
            // Not the answer's fault, but somebody must clean up.
            let _ = io::Write::write_fmt(
                &mut io::stderr(),
                format_args!(
                    "verify-build: {} could not be removed: {error}\n",
                    self.folder.display()
                ),
            );
        }
    }
}

/// Removes a folder with all that is in it, also folders that may not be
/// written to.
///
/// # Errors
/// The system's, when it does not work after a few tries.
pub fn remove(folder: &Path) -> io::Result<()> {
    let mut tries = 0;
    loop {
        match fs::remove_dir_all(folder) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
            Err(error) if tries == TRIES => return Err(error),
            Err(_) => open_folders(folder),
            Ok(()) => return Ok(()),
        }
        tries += 1;
        thread::sleep(Duration::from_millis(20) * tries);
    }
}

/// Gives folders back their write bit. Files keep theirs: some are hard links to
/// a Go installation, and removing them needs no right on them.
fn open_folders(folder: &Path) {
    let folders = WalkDir::new(folder).follow_links(false).into_iter();
    for entry in folders.flatten().filter(|entry| entry.file_type().is_dir()) {
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt as _;
            // What fails here fails again, and is reported, when removing.
            let _ = fs::set_permissions(entry.path(), fs::Permissions::from_mode(0o700));
        }
        #[cfg(not(unix))]
        let _ = entry;
    }
}

/// Adds up the disk space below a folder, in bytes; files that also have a name
/// elsewhere cost nothing.
pub fn size(folder: &Path) -> u64 {
    let files = WalkDir::new(folder)
        .follow_links(false)
        .into_iter()
        .flatten();
    files
        .filter_map(|entry| entry.metadata().ok())
        .map(|file| cost(&file))
        .sum()
}

#[cfg(unix)]
fn cost(file: &fs::Metadata) -> u64 {
    use std::os::unix::fs::MetadataExt as _;
    if file.is_file() && file.nlink() > 1 {
        0
    } else {
        file.blocks().saturating_mul(512)
    }
}

#[cfg(not(unix))]
fn cost(file: &fs::Metadata) -> u64 {
    file.len()
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;
    use std::os::unix::fs::PermissionsExt as _;

    #[test]
    fn goes_away_with_folders_that_nobody_may_write_and_leaves_linked_files() {
        let outside = tempfile::tempdir().unwrap();
        let original = outside.path().join("original");
        fs::write(&original, "kept").unwrap();
        fs::set_permissions(&original, fs::Permissions::from_mode(0o444)).unwrap();
        let scratch = Scratch::new(outside.path()).unwrap();
        let modules = scratch.folder("modules/m@v1").unwrap();
        fs::hard_link(&original, modules.join("link")).unwrap();
        fs::write(modules.join("own"), vec![1; 10_000]).unwrap();
        fs::set_permissions(&modules, fs::Permissions::from_mode(0o555)).unwrap();
        scratch.measure();
        assert!(scratch.peak_bytes() >= 10_000);
        let path = scratch.path().to_owned();
        drop(scratch);
        assert!(!path.exists());
        let mode = fs::metadata(&original).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o444);
    }
}
