//! `sumward checksums …`: the signed list of the files of a release.

use std::fs::File;
use std::io::{self, Read as _};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Context as _, Result, bail};
use proto::checksums::{self, Entry};
use proto::digest::Digest;
use proto::note::{self, VerifierKey};

use crate::args::{Checksums, EXIT_USAGE};
use crate::config::file::folder_of;
use crate::output::{complain, print};
use crate::own::key;

/// Does what a command on checksums says.
///
/// # Errors
/// What is wrong with the list or a file of it, or what the file system answers.
pub(super) fn run(command: Checksums) -> Result<ExitCode> {
    match command {
        Checksums::Sign { list, key, out } => sign(&list, &key, &out),
        Checksums::Verify {
            note,
            trust,
            folder,
        } => verify(&note, &trust, folder),
    }
}

fn sign(list: &Path, keyfile: &Path, out: &Path) -> Result<ExitCode> {
    let signer = key::read(keyfile).with_context(|| format!("reading {}", keyfile.display()))?;
    let text = String::from_utf8(read(list)?)
        .map_err(|_| anyhow::anyhow!("{} is not UTF-8", list.display()))?;
    let signed =
        checksums::sign(&text, &signer).with_context(|| format!("signing {}", list.display()))?;
    std::fs::write(out, signed).with_context(|| format!("writing {}", out.display()))?;
    print(&format!("{}\n", signer.verifier())).context("printing the key")?;
    Ok(ExitCode::SUCCESS)
}

fn verify(note: &Path, trust: &[String], folder: Option<PathBuf>) -> Result<ExitCode> {
    let mut trusted = Vec::new();
    for line in trust {
        match VerifierKey::parse(line) {
            Ok(key) => trusted.push(key),
            Err(error) => {
                complain(format!("sumward: --trust {line}: {error}"));
                return Ok(ExitCode::from(EXIT_USAGE));
            }
        }
    }
    let entries = checksums::open(&read(note)?, &trusted)
        .with_context(|| format!("{} is not to be trusted", note.display()))?;
    let folder = folder.unwrap_or_else(|| folder_of(note).to_owned());
    let mut told = String::new();
    let (mut good, mut bad) = (0, 0);
    for entry in &entries {
        let place = folder.join(&entry.name);
        let outcome = match File::open(&place).and_then(Digest::of) {
            Ok(found) if found.sha256 == entry.sha256 => {
                good += 1;
                "ok".to_owned()
            }
            Ok(found) => {
                bad += 1;
                mismatch(entry, found.sha256)
            }
            Err(error) if error.kind() == io::ErrorKind::NotFound => "not here".to_owned(),
            Err(error) => bail!("reading {}: {error}", place.display()),
        };
        told.push_str(&format!("{}: {outcome}\n", entry.name));
    }
    print(&told).context("printing what was found")?;
    if good == 0 && bad == 0 {
        bail!("none of the listed files is in {}", folder.display());
    }
    Ok(if bad == 0 {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    })
}

fn mismatch(entry: &Entry, found: [u8; 32]) -> String {
    format!(
        "NOT THE SAME: its SHA-256 is {}, signed was {}",
        hex::encode(found),
        hex::encode(entry.sha256)
    )
}

/// Reads a list. Longer ones than a note can be are refused by the note.
fn read(path: &Path) -> Result<Vec<u8>> {
    let reading = || format!("reading {}", path.display());
    let mut bytes = Vec::new();
    let file = File::open(path).with_context(reading)?;
    file.take(note::LEN_MAX as u64 + 1)
        .read_to_end(&mut bytes)
        .with_context(reading)?;
    Ok(bytes)
}
