//! Observations, and what lies beside them.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, ensure};
use proto::attest::certificate;
use proto::attest::closure::{self, Closure};
use proto::attest::dsse;
use proto::attest::evidence::{Evidence, Filed, OBSERVATIONS_MAX, OTHERS_MAX};
use proto::attest::key::PublicKey;
use proto::attest::observation::FILE_ENDING;
use proto::tlog_proof;

use super::reading;
use crate::key;
use crate::observe::folder::{self, DEPTH_MAX};

/// The ending of the file that proves an observation to be in the log.
const PROOF_ENDING: &str = ".tlog-proof";

/// The ending of files with more evidence.
const EVIDENCE_ENDING: &str = ".evidence.jsonl";

/// What lies in the folders that were named.
#[derive(Debug, Default)]
pub(super) struct Gathered {
    pub(super) evidence: Evidence,
    /// Public keys, which nobody vouches for.
    pub(super) keys: Vec<PublicKey>,
}

/// Reads observations, and from their folders all that may belong to them.
///
/// # Errors
/// When a file can't be read, is too long, or there are too many. What is wrong inside an
/// observation is no error here: the decision says so.
pub(super) fn read(paths: &[PathBuf]) -> anyhow::Result<Gathered> {
    let mut gathered = Gathered::default();
    let mut beside = BTreeSet::new();
    for path in paths {
        if path.is_dir() {
            let files = folder::files(path, DEPTH_MAX)?;
            for file in files.iter().filter(|file| has_ending(file, FILE_ENDING)) {
                observation(file, &mut gathered)?;
            }
            beside.extend(files);
        } else {
            observation(path, &mut gathered)?;
            let folder = path
                .parent()
                .filter(|folder| !folder.as_os_str().is_empty());
            let folder = folder.unwrap_or_else(|| Path::new("."));
            beside.extend(folder::files(folder, 1)?);
        }
    }
    for file in beside {
        other(&file, &mut gathered)?;
    }
    gathered.evidence.sort();
    Ok(gathered)
}

fn observation(path: &Path, gathered: &mut Gathered) -> anyhow::Result<()> {
    let observations = &mut gathered.evidence.observations;
    ensure!(
        observations.len() < OBSERVATIONS_MAX,
        "more than {OBSERVATIONS_MAX} observations; name those of one program"
    );
    // With the line end.
    let file = reading::bytes(path, dsse::LEN_MAX + 1)?;
    let mut proof = path.as_os_str().to_owned();
    proof.push(PROOF_ENDING);
    let proof = PathBuf::from(proof);
    let proof = proof
        .is_file()
        .then(|| reading::bytes(&proof, tlog_proof::LEN_MAX));
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    observations.push(Filed::new(&name, &file, proof.transpose()?));
    Ok(())
}

/// Takes in what lies beside observations, where it is something that belongs to them.
fn other(file: &Path, gathered: &mut Gathered) -> anyhow::Result<()> {
    let shown = || file.display().to_string();
    if has_ending(file, &format!(".{}", closure::FILE_EXTENSION)) {
        ensure!(
            gathered.evidence.closures.len() < OTHERS_MAX,
            "more than {OTHERS_MAX} lists of packages; name the observations of one program"
        );
        let bytes = reading::bytes(file, closure::LEN_MAX)?;
        let closure = Closure::parse(&bytes).with_context(shown)?;
        gathered.evidence.closures.push(closure);
    } else if has_ending(file, EVIDENCE_ENDING) {
        let bytes = reading::bytes(file, certificate::LINE_LEN_MAX)?;
        let lines = bytes.split(|byte| *byte == b'\n');
        for line in lines.filter(|line| !line.is_empty()) {
            certificate::add_line(line, &mut gathered.evidence).with_context(shown)?;
        }
    } else if has_ending(file, ".pem")
        && let Ok(public) = key::file::public_alone(file)
    {
        gathered.keys.push(public);
    }
    Ok(())
}

fn has_ending(path: &Path, ending: &str) -> bool {
    let name = path.file_name().unwrap_or_default();
    name.to_string_lossy().ends_with(ending)
}
