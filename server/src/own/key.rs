//! The file with the key that signs, and the mark beside it.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Read, Write};
use std::os::unix::fs::{OpenOptionsExt as _, PermissionsExt as _};
use std::path::Path;

use proto::note::{SignerKey, VerifierKey};
use proto::sumdb::Setting;
use proto::sumdb::own::SignedHead;
use proto::tlog::Tree;

use super::high_water;
use crate::store::folder::sync_folder;

/// Bytes that are read of a file with a key; a key has some 100.
const KEY_BYTES_MAX: u64 = 4096;

/// Reads the key from its file. Blocks.
///
/// # Errors
/// What the file system answers, or that it is no key.
pub(crate) fn read(path: &Path) -> io::Result<SignerKey> {
    let mut text = String::new();
    let file = File::open(path)?;
    file.take(KEY_BYTES_MAX).read_to_string(&mut text)?;
    SignerKey::parse(text.trim_end()).map_err(io::Error::other)
}

/// Tells whether every user of the machine can read the key. Blocks.
pub(crate) fn is_open_to_all(path: &Path) -> bool {
    let metadata = fs::metadata(path);
    metadata.is_ok_and(|metadata| metadata.permissions().mode() & 0o004 != 0)
}

/// Makes the key of `name` from 32 secret bytes, writes it to a new file that its owner
/// alone can read, and beside it the high-water mark of a log without records. Returns
/// the public half. Blocks.
///
/// # Errors
/// A name that no database can have, a file that is there already, and what the file
/// system answers.
pub(crate) fn create(path: &Path, name: &str, seed: [u8; 32]) -> io::Result<VerifierKey> {
    let key = SignerKey::from_seed(name, seed).map_err(io::Error::other)?;
    let verifier = key.verifier();
    // What the go command would not take as its GOSUMDB is of no use.
    Setting::parse(&verifier.to_string()).map_err(io::Error::other)?;
    let at = |path: &Path, error: io::Error| {
        io::Error::new(error.kind(), format!("{}: {error}", path.display()))
    };
    let mark = high_water::beside(path);
    if mark.exists() {
        let error = io::ErrorKind::AlreadyExists.into();
        return Err(at(&mark, error));
    }
    let text = format!("{}\n", key.to_secret_text());
    write_new(path, text.as_bytes()).map_err(|error| at(path, error))?;
    let head = SignedHead::sign(Tree::empty(), &[&key]).map_err(io::Error::other)?;
    write_new(&mark, &head.note).map_err(|error| at(&mark, error))?;
    Ok(verifier)
}

/// Writes a file that is not there yet, durably; its owner alone can read it. Blocks.
///
/// # Errors
/// A file that is there already, and what the file system answers.
pub(crate) fn write_new(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let mut file = OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(path)?;
    let written = file.write_all(bytes).and_then(|()| file.sync_all());
    if let Err(error) = written {
        let _ = fs::remove_file(path);
        return Err(error);
    }
    sync_folder(&high_water::folder_of(path))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_made_once_and_read_back_by_its_owner_alone() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("key");
        let verifier = create(&path, "sum.corp.example", [3; 32]).unwrap();
        assert_eq!(read(&path).unwrap().verifier(), verifier);
        let mode = fs::metadata(&path).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
        assert!(!is_open_to_all(&path));
        let before = fs::read(&path).unwrap();
        let again = create(&path, "sum.corp.example", [4; 32]).unwrap_err();
        assert_eq!(again.kind(), io::ErrorKind::AlreadyExists);
        // A lost key does not take the mark of its log along.
        fs::remove_file(&path).unwrap();
        assert!(create(&path, "sum.corp.example", [4; 32]).is_err());
        assert!(!path.exists());
        fs::write(&path, &before).unwrap();
        assert_eq!(read(&path).unwrap().verifier(), verifier);
    }

    #[test]
    fn a_name_that_the_go_command_would_not_take_leaves_no_file() {
        let folder = tempfile::tempdir().unwrap();
        for name in [
            "",
            "sum corp",
            "sum+corp",
            "sum.corp.example/",
            "../sum",
            "off/",
        ] {
            let path = folder.path().join("key");
            assert!(create(&path, name, [3; 32]).is_err(), "{name}");
            assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0, "{name}");
        }
    }

    #[test]
    fn what_is_no_key_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("key");
        for text in ["", "PRIVATE+KEY+a+00000000+AAAA", "\u{0}"] {
            fs::write(&path, text).unwrap();
            assert!(read(&path).is_err(), "{text}");
        }
    }
}
