//! The file with the key of a witness.

use std::fs::File;
use std::io::{self, Read as _};
use std::path::Path;

use proto::note::{Cosigner, CosignerKey};

use crate::own::key::write_new;

/// Bytes that are read of a file with a key; a key has some 100.
const KEY_BYTES_MAX: u64 = 4096;

/// Reads the key from its file. Blocks.
///
/// # Errors
/// What the file system answers, or that it is not a key of a witness.
pub(crate) fn read(path: &Path) -> io::Result<Cosigner> {
    let mut text = String::new();
    let file = File::open(path)?;
    file.take(KEY_BYTES_MAX).read_to_string(&mut text)?;
    Cosigner::parse(text.trim_end()).map_err(io::Error::other)
}

/// Makes the key of `name` from 32 secret bytes and writes it to a new file that its owner
/// alone can read. Returns the public half. Blocks.
///
/// # Errors
/// A name that no key can have, a file that is there already, and what the file system
/// answers.
pub(crate) fn create(path: &Path, name: &str, seed: [u8; 32]) -> io::Result<CosignerKey> {
    let key = Cosigner::from_seed(name, seed).map_err(io::Error::other)?;
    let text = format!("{}\n", key.to_secret_text());
    write_new(path, text.as_bytes())?;
    Ok(key.verifier())
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::os::unix::fs::PermissionsExt as _;

    use super::*;

    #[test]
    fn a_key_is_made_once_and_read_back() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("key");
        let key = create(&path, "witness.example/w1", [3; 32]).unwrap();
        assert_eq!(read(&path).unwrap().verifier(), key);
        let mode = fs::metadata(&path).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
        let again = create(&path, "witness.example/w1", [4; 32]).unwrap_err();
        let (again, shown) = (again.to_string(), path.display());
        assert!(again.starts_with(&format!("{shown} exists; ")), "{again}");
        assert_eq!(read(&path).unwrap().verifier(), key);
        assert!(create(&folder.path().join("other"), "a b", [4; 32]).is_err());
        assert!(!folder.path().join("other").exists());
    }

    #[test]
    fn the_key_of_a_log_is_none_of_a_witness() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("key");
        let log = proto::note::SignerKey::from_seed("log.example", [3; 32]).unwrap();
        for text in [log.to_secret_text(), String::new(), "\u{0}".to_owned()] {
            fs::write(&path, text).unwrap();
            assert!(read(&path).is_err());
        }
    }
}
