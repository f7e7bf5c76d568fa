//! Logs of what the go command hashed, each held against the file that it is
//! said to be about.

use std::fs::File;
use std::io::BufReader;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::{Context as _, bail, ensure};
use proto::buildid::{BuildId, Part};
use proto::hashlog::Log;
use proto::quantity;

use crate::artifact::Artifact;

/// Bytes read at a time.
const PIECE_BYTES: usize = 1 << 20;

/// Stands for a log that nobody has.
const ABSENT: &str = "-";

/// Reads one log for each file, or none at all; `-` stands for one that nobody has.
///
/// # Errors
/// When a log can't be read, or is not that of its file's build.
pub fn read(files: &[PathBuf], logs: &[PathBuf]) -> anyhow::Result<Vec<Option<Arc<Log>>>> {
    if logs.is_empty() {
        return Ok(Vec::new());
    }
    ensure!(
        files.len() == logs.len(),
        "--explain-with takes one log for each file, in the files' order: {} for {}",
        quantity::count(logs.len(), "log", "logs"),
        quantity::count(files.len(), "file", "files")
    );
    let pairs = files.iter().zip(logs);
    pairs
        .map(|(file, log)| {
            let is_there = log.as_os_str() != ABSENT;
            is_there
                .then(|| read_one(file, log).map(Arc::new))
                .transpose()
        })
        .collect()
}

fn read_one(file: &Path, path: &Path) -> anyhow::Result<Log> {
    let reading = || format!("reading {}", path.display());
    let input = File::open(path).with_context(reading)?;
    let log = Log::read(BufReader::with_capacity(PIECE_BYTES, input)).with_context(reading)?;
    let (what, part) = top(file)?;
    if log.action(&part).is_some() {
        return Ok(log);
    }
    let (file, path) = (file.display(), path.display());
    if log.is_empty() {
        bail!(
            "{path} holds no actions of a go command ({} cut off or changed): log the build of \
             {file} with GODEBUG=gocachehash=1 go build ... 2> {path}",
            log.unproved()
        );
    }
    bail!(
        "{path} does not belong to {file}: none of its {} gives {what}, {part}, of that file's \
         build ID; log the very build that makes the file: GODEBUG=gocachehash=1 go build ... 2> {path}",
        quantity::count(log.len(), "action", "actions")
    );
}

/// The action that a file's build ID begins with.
fn top(file: &Path) -> anyhow::Result<(&'static str, Part)> {
    let artifact = Artifact::read(file)?;
    let id = artifact.image.build_id.map(|id| id.value);
    match id {
        Some(BuildId::Program(program)) => Ok(("part A", program.link_action)),
        Some(BuildId::Package { action, .. }) => Ok(("the action", action)),
        Some(BuildId::Redacted | BuildId::Empty | BuildId::Custom(_)) | None => bail!(
            "{} has no build ID of the go command's, so no log can be shown to be its own; build \
             it without -ldflags=-buildid",
            file.display()
        ),
    }
}
