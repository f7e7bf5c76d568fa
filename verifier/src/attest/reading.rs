//! Files within their limits.

use std::io::Read as _;
use std::path::Path;

use anyhow::{Context as _, bail};
use proto::attest::key::{PEM_LEN_MAX, PrivateKey, PublicKey};
use proto::attest::quorum::{self, Quorum};

use crate::host::Environment;
use crate::opening::{self, Links};

/// What a key in a variable of the environment is named with.
const VARIABLE: &str = "env:";

/// Reads a file of at most `max` bytes.
///
/// # Errors
/// What the system says, and when the file is longer.
pub(super) fn bytes(path: &Path, max: usize) -> anyhow::Result<Vec<u8>> {
    let read = || {
        let mut bytes = Vec::new();
        let file = opening::regular(path, Links::Followed)?;
        file.take(max as u64 + 1).read_to_end(&mut bytes)?;
        std::io::Result::Ok(bytes)
    };
    let bytes = read().with_context(|| format!("reading {}", path.display()))?;
    if bytes.len() > max {
        bail!("{} is longer than {max} bytes", path.display());
    }
    Ok(bytes)
}

/// Reads a quorum file.
///
/// # Errors
/// When it can't be read, or is none.
pub(super) fn quorum(path: &Path) -> anyhow::Result<Quorum> {
    let file = bytes(path, quorum::LEN_MAX)?;
    Quorum::parse(&file).with_context(|| path.display().to_string())
}

/// Reads a private key from a file, or from a variable of the environment.
///
/// # Errors
/// When it is not there, or is none; no part of it is in the message.
pub(super) fn private_key(named: &str, environment: &Environment) -> anyhow::Result<PrivateKey> {
    let text = match named.strip_prefix(VARIABLE) {
        Some(name) => {
            let value = environment.var(name).and_then(|value| value.to_str());
            let value = value.with_context(|| format!("the variable {name} has no key"))?;
            value.to_owned()
        }
        None => text(Path::new(named))?,
    };
    PrivateKey::parse(&text)
        .with_context(|| format!("{named} is no private key (verify-build key new makes one)"))
}

/// Reads a public key.
///
/// # Errors
/// When it can't be read, or is none.
pub(super) fn public_key(path: &Path) -> anyhow::Result<PublicKey> {
    let text = text(path)?;
    PublicKey::parse(&text).with_context(|| {
        let path = path.display();
        format!("{path} is no public key (verify-build key show --public KEYFILE prints it)")
    })
}

fn text(path: &Path) -> anyhow::Result<String> {
    let bytes = bytes(path, PEM_LEN_MAX)?;
    String::from_utf8(bytes)
        .ok()
        .with_context(|| format!("{} is not text", path.display()))
}
