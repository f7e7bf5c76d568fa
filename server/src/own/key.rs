//! A file with a key that signs, and the mark beside it.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Read, Write};
use std::os::unix::fs::{OpenOptionsExt as _, PermissionsExt as _};
use std::path::Path;

use proto::note::{SignerKey, VerifierKey};
use proto::sumdb::Setting;
use proto::sumdb::own::SignedHead;
use proto::tlog::Tree;

use super::high_water;
use crate::store::folder::sync_name;

/// Bytes that are read of a file with a key; a key has some 100.
const KEY_BYTES_MAX: u64 = 4096;

/// Reads the key from its file. Blocks.
///
/// # Errors
/// What the file system answers, or that it is not a key.
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
    let head = SignedHead::sign(Tree::empty(), &[&key]).map_err(io::Error::other)?;
    let text = format!("{}\n", key.to_secret_text());
    write_new(path, text.as_bytes())?;
    write_new(&high_water::beside(path), &head.note).inspect_err(|_| {
        // No half of the pair stays. A mark that is there is that of a lost key.
        let _ = fs::remove_file(path);
    })?;
    Ok(verifier)
}

/// Writes a file for a key, or what belongs to one, durably; its owner alone can read it.
/// Blocks.
///
/// # Errors
/// With the file's name: that it is there already, or what the file system answers. Then
/// nothing new is there.
pub(crate) fn write_new(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let shown = path.display();
    let file = OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(path);
    let mut file = file.map_err(|error| match error.kind() {
        kind @ io::ErrorKind::AlreadyExists => io::Error::new(
            kind,
            format!("{shown} exists; keys are never overwritten; choose another --out"),
        ),
        kind => io::Error::new(kind, format!("{shown}: {error}")),
    })?;
    let written = file
        .write_all(bytes)
        .and_then(|()| file.sync_all())
        .and_then(|()| sync_name(path));
    written.map_err(|error| {
        let _ = fs::remove_file(path);
        io::Error::new(error.kind(), format!("{shown}: {error}"))
    })
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
        let again = again.to_string();
        assert!(again.contains("choose another --out"), "{again}");
        // A lost key does not take the mark of its log along.
        fs::remove_file(&path).unwrap();
        assert!(create(&path, "sum.corp.example", [4; 32]).is_err());
        assert!(!path.exists());
        fs::write(&path, &before).unwrap();
        assert_eq!(read(&path).unwrap().verifier(), verifier);
    }

    #[test]
    fn a_key_that_cannot_be_made_leaves_no_half_of_the_pair() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("key");
        let mark = high_water::beside(&path);
        for taken in [&path, &mark] {
            fs::create_dir(taken).unwrap();
            let error = create(&path, "sum.corp.example", [3; 32]).unwrap_err();
            assert_eq!(error.kind(), io::ErrorKind::AlreadyExists);
            let error = error.to_string();
            assert!(error.contains(taken.to_str().unwrap()), "{error}");
            fs::remove_dir(taken).unwrap();
            assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0);
        }
        let nowhere = folder.path().join("nowhere/key");
        assert!(create(&nowhere, "sum.corp.example", [3; 32]).is_err());
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
