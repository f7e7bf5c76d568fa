//! The files of the folder that is taken in. Links are not followed, neither those of
//! files nor those of folders: what is taken in lies in the folder itself.

use std::fs::{self, File};
use std::io;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};

use proto::goproxy::Request;
use proto::modcache::{self, Found};
use proto::visible;
use rustix::fs::OFlags;

/// A file of a version.
#[derive(Clone, Debug)]
pub(super) struct Brought {
    /// Where it lies.
    pub(super) path: PathBuf,
    /// Its path below the folder.
    inside: String,
    /// What it answers.
    pub(super) request: Request,
}

/// What is in a folder.
#[derive(Debug, Default)]
pub(super) struct Listed {
    /// Files of versions; what is proved by itself comes before what is not.
    pub(super) files: Vec<Brought>,
    /// What such folders do not hold, and what is wrong with it.
    pub(super) odd: Vec<(String, String)>,
    /// Lists, locks and the like.
    pub(super) passed_over: usize,
}

/// Files and folders that are looked at.
const ENTRIES_MAX: usize = 20_000_000;

/// Lists a folder. Blocks.
///
/// # Errors
/// What the file system answers about the folder itself.
pub(super) fn list(folder: &Path) -> io::Result<Listed> {
    // Of a GOMODCACHE the rest is unpacked modules.
    let download = folder.join("cache/download");
    let root = match download.is_dir() {
        true => download,
        false => folder.to_owned(),
    };
    fs::read_dir(&root)?;
    let mut listed = Listed::default();
    let mut folders = vec![root.clone()];
    let mut entries = 0_usize;
    while let Some(folder) = folders.pop() {
        let found = match fs::read_dir(&folder) {
            Ok(found) => found,
            Err(error) => {
                listed.odd(&root, &folder, format!("cannot be read: {error}"));
                continue;
            }
        };
        for entry in found {
            let path = entry?.path();
            entries += 1;
            if entries > ENTRIES_MAX {
                let text = format!("more than {ENTRIES_MAX} files and folders");
                return Err(io::Error::other(text));
            }
            listed.take(&root, path, &mut folders);
        }
    }
    // A .info is taken where something of its version is proved.
    let rank = |request: &Request| usize::from(matches!(request, Request::Info { .. }));
    listed
        .files
        .sort_by(|a, b| (rank(&a.request), &a.inside).cmp(&(rank(&b.request), &b.inside)));
    listed.odd.sort();
    Ok(listed)
}

impl Listed {
    fn take(&mut self, root: &Path, path: PathBuf, folders: &mut Vec<PathBuf>) {
        let kind = match fs::symlink_metadata(&path) {
            Ok(metadata) => metadata.file_type(),
            Err(error) => return self.odd(root, &path, format!("cannot be read: {error}")),
        };
        if kind.is_symlink() {
            return self.odd(root, &path, "a link, which is not followed".to_owned());
        }
        if kind.is_dir() {
            return folders.push(path);
        }
        if !kind.is_file() {
            return self.odd(root, &path, "no plain file".to_owned());
        }
        let inside = path.strip_prefix(root).ok().and_then(Path::to_str);
        let Some(inside) = inside.map(str::to_owned) else {
            return self.odd(root, &path, "its name is not UTF-8".to_owned());
        };
        match modcache::find(&inside) {
            Found::File(request) => self.files.push(Brought {
                path,
                inside,
                request,
            }),
            Found::Aside => self.passed_over += 1,
            Found::Odd => {
                let reason = "neither a GOPROXY tree nor the storage of Athens has such a file";
                self.odd(root, &path, reason.to_owned());
            }
        }
    }

    fn odd(&mut self, root: &Path, path: &Path, reason: String) {
        let inside = path.strip_prefix(root).unwrap_or(path);
        let shown = visible::clean(&inside.to_string_lossy());
        self.odd.push((shown, reason));
    }
}

impl Brought {
    /// Returns its path below the folder, for people.
    pub(super) fn shown(&self) -> String {
        visible::clean(&self.inside)
    }

    /// Opens the file, if it still is one. Blocks.
    ///
    /// # Errors
    /// What the file system answers; that it is a link or no plain file now.
    pub(super) fn open(&self) -> io::Result<(File, u64)> {
        // A pipe put in its place would wait for whoever writes to it.
        let flags = OFlags::NOFOLLOW | OFlags::NONBLOCK;
        let flags = i32::try_from(flags.bits()).map_err(io::Error::other)?;
        let file = File::options()
            .read(true)
            .custom_flags(flags)
            .open(&self.path)?;
        let metadata = file.metadata()?;
        if !metadata.is_file() {
            return Err(io::Error::other("no plain file"));
        }
        Ok((file, metadata.len()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn write(root: &Path, file: &str) {
        let path = root.join(file);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, file).unwrap();
    }

    #[test]
    fn of_a_module_cache_only_what_was_downloaded_is_looked_at() {
        let root = tempfile::tempdir().unwrap();
        for file in [
            "cache/download/m.example/x/@v/v1.0.0.info",
            "cache/download/m.example/x/@v/v1.0.0.mod",
            "cache/download/m.example/x/@v/v1.0.0.zip",
            "cache/download/m.example/x/@v/v1.0.0.lock",
            "cache/download/m.example/x/@v/list",
            "m.example/x@v1.0.0/go.mod",
        ] {
            write(root.path(), file);
        }
        let listed = list(root.path()).unwrap();
        let files: Vec<_> = listed.files.iter().map(Brought::shown).collect();
        let at = "m.example/x/@v/v1.0.0";
        let want = [".mod", ".zip", ".info"].map(|ending| format!("{at}{ending}"));
        assert_eq!(files, want);
        assert_eq!(listed.passed_over, 2);
        assert!(listed.odd.is_empty());
    }

    #[test]
    fn links_pipes_and_odd_names_are_refused_by_name() {
        let root = tempfile::tempdir().unwrap();
        let outside = tempfile::tempdir().unwrap();
        write(outside.path(), "m.example/x/@v/v1.0.0.mod");
        write(root.path(), "m.example/y/@v/v1.0.0.zip");
        write(root.path(), "m.example/y/@v/v1.0.zip");
        write(root.path(), "notes.txt");
        let link = std::os::unix::fs::symlink::<PathBuf, PathBuf>;
        let at = |file: &str| root.path().join(file);
        link(outside.path().join("m.example/x"), at("m.example/x")).unwrap();
        let target = outside.path().join("m.example/x/@v/v1.0.0.mod");
        link(target, at("m.example/y/@v/v1.0.0.mod")).unwrap();
        let pipe = at("m.example/y/@v/v1.0.1.mod");
        rustix::fs::mknodat(
            rustix::fs::CWD,
            &pipe,
            rustix::fs::FileType::Fifo,
            rustix::fs::Mode::RUSR,
            0,
        )
        .unwrap();
        let listed = list(root.path()).unwrap();
        let odd: Vec<_> = listed.odd.iter().map(|(file, _)| file.as_str()).collect();
        let want = [
            "m.example/x",
            "m.example/y/@v/v1.0.0.mod",
            "m.example/y/@v/v1.0.1.mod",
            "m.example/y/@v/v1.0.zip",
            "notes.txt",
        ];
        assert_eq!(odd, want);
        assert_eq!(listed.files.len(), 1);
        // What becomes a link after it was listed.
        let brought = &listed.files[0];
        assert_eq!(brought.open().unwrap().1, 25);
        fs::remove_file(&brought.path).unwrap();
        std::os::unix::fs::symlink("/etc/passwd", &brought.path).unwrap();
        assert!(brought.open().is_err());
        fs::remove_file(&brought.path).unwrap();
        fs::rename(&pipe, &brought.path).unwrap();
        assert!(brought.open().is_err());
    }
}
