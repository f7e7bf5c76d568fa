//! Where a key is kept, and how it is read.

use std::fs::{self, OpenOptions};
use std::io::{self, Read as _, Write as _};
use std::path::Path;

use anyhow::{Context as _, bail};
use proto::attest::key::{PEM_LEN_MAX, PrivateKey, PublicKey};

use crate::args::key::Source;
use crate::host::Environment;
use crate::opening::{self, Links};

/// Writes a private key to a new file that its owner alone can read.
///
/// # Errors
/// A file that is there already, and what the system says; then nothing new is there.
pub fn create(path: &Path, key: &PrivateKey) -> anyhow::Result<()> {
    let pem = key.to_secret_pem().context("writing the key")?;
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let mut file = match options.open(path) {
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => bail!(
            "{} exists; keys are never overwritten; choose another --out",
            path.display()
        ),
        opened => opened.with_context(|| format!("making {}", path.display()))?,
    };
    let written = file
        .write_all(pem.as_bytes())
        .and_then(|()| file.sync_all());
    written
        .inspect_err(|_| {
            // Half a key is none.
            let _ = fs::remove_file(path);
        })
        .with_context(|| format!("writing {}", path.display()))
}

/// Reads a private key.
///
/// # Errors
/// When it can't be read, or is none; no part of it is in the message.
pub fn private(source: &Source, environment: &Environment) -> anyhow::Result<PrivateKey> {
    let pem = text(source, environment)?;
    PrivateKey::parse(&pem).with_context(|| {
        let shown = shown(source);
        format!("{shown} is not a private key (verify-build key new makes one)")
    })
}

/// Reads a public key, from its own file or from that of the private one; says whether
/// it was the private one's.
///
/// # Errors
/// As [`private`].
pub fn public(source: &Source, environment: &Environment) -> anyhow::Result<(PublicKey, bool)> {
    let pem = text(source, environment)?;
    if let Ok(key) = PublicKey::parse(&pem) {
        return Ok((key, false));
    }
    let key = PrivateKey::parse(&pem).with_context(|| format!("{} is not a key", shown(source)))?;
    Ok((key.public(), true))
}

/// Reads a public key from its own file; that of the private one is refused.
///
/// # Errors
/// When it can't be read, or is none.
pub fn public_alone(path: &Path) -> anyhow::Result<PublicKey> {
    let pem = of_file(path)?;
    PublicKey::parse(&pem).with_context(|| {
        let path = path.display();
        format!("{path} is not a public key (verify-build key show --public KEYFILE prints it)")
    })
}

/// Says whether others than its owner can read the file.
pub fn is_open_to_others(source: &Source) -> bool {
    #[cfg(unix)]
    if let Source::File(path) = source {
        use std::os::unix::fs::PermissionsExt as _;
        return fs::metadata(path).is_ok_and(|found| found.permissions().mode() & 0o077 != 0);
    }
    let _ = source;
    false
}

/// Names where a key is, for people.
pub fn shown(source: &Source) -> String {
    match source {
        Source::File(path) => path.display().to_string(),
        Source::Variable(name) => format!("env:{}", name.to_string_lossy()),
    }
}

fn text(source: &Source, environment: &Environment) -> anyhow::Result<String> {
    match source {
        Source::File(path) => of_file(path),
        Source::Variable(name) => {
            let name = name.to_string_lossy();
            let value = environment.var(&name).with_context(|| {
                format!("the variable {name} is not set, or empty: no key is there")
            })?;
            // The value is in no message.
            let pem = value.to_str().map(str::to_owned);
            pem.with_context(|| format!("the variable {name} holds no text"))
        }
    }
}

fn of_file(path: &Path) -> anyhow::Result<String> {
    let mut pem = String::new();
    // One byte more than a key may have, so that parsing refuses what is too long.
    opening::regular(path, Links::Followed)
        .and_then(|file| file.take(PEM_LEN_MAX as u64 + 1).read_to_string(&mut pem))
        .with_context(|| format!("reading the key {}", path.display()))?;
    Ok(pem)
}

#[cfg(all(test, unix))]
mod tests {
    use std::os::unix::fs::PermissionsExt as _;

    use proto::attest::key::Algorithm;

    use super::*;

    #[test]
    fn a_key_is_made_once_and_read_back_by_its_owner_alone() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("host.key");
        let nothing = Environment::default();
        for algorithm in [Algorithm::Ed25519, Algorithm::P256] {
            let key = PrivateKey::from_seed(algorithm, [7; 32]).unwrap();
            create(&path, &key).unwrap();
            let mode = fs::metadata(&path).unwrap().permissions().mode();
            assert_eq!(mode & 0o777, 0o600);
            let source = Source::File(path.clone());
            assert!(!is_open_to_others(&source));
            assert_eq!(private(&source, &nothing).unwrap().public(), key.public());
            assert_eq!(public(&source, &nothing).unwrap(), (key.public(), true));
            let alone = public_alone(&path).unwrap_err().to_string();
            assert!(alone.contains("is not a public key"), "{alone}");
            let before = fs::read(&path).unwrap();
            let again = create(&path, &key).unwrap_err().to_string();
            assert!(again.contains("choose another --out"), "{again}");
            assert_eq!(fs::read(&path).unwrap(), before);
            fs::set_permissions(&path, fs::Permissions::from_mode(0o640)).unwrap();
            assert!(is_open_to_others(&source));
            fs::remove_file(&path).unwrap();
        }
    }

    #[test]
    fn a_variable_holds_a_key_and_no_message_holds_its_value() {
        let key = PrivateKey::from_seed(Algorithm::Ed25519, [7; 32]).unwrap();
        let pem = key.to_secret_pem().unwrap();
        let environment = Environment::new([("KEY", pem.as_str()), ("TOKEN", "c4nary c4nary")]);
        let source = |name: &str| Source::Variable(name.into());
        assert_eq!(
            private(&source("KEY"), &environment).unwrap().public(),
            key.public()
        );
        for (name, want) in [("TOKEN", "not a private key"), ("NOTHING", "not set")] {
            let error = private(&source(name), &environment).unwrap_err();
            let said = format!("{error:#} {error:?}");
            assert!(said.contains(want) && !said.contains("c4nary"), "{said}");
        }
    }
}
