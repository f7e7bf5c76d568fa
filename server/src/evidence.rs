//! What is kept of every refusal that somebody may want to check by hand.
//!
//! One JSON file an incident under `DATA/evidence/`; bytes that belong to it (a
//! refused file, a signed note) lie beside it under the same name. An incident is
//! named by its kind, its subject and the SHA-256 of both with the refused bytes:
//! when it happens again, it is counted and not written again.
//!
//! Each kind has a share of the folder. When it is full, the module with the most
//! incidents of the kind gives up its latest for another module's first, so that
//! many refusals of one cannot hide one of another. The first incident of each
//! module stays. When each module has one, the new one is only logged.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{SystemTime, UNIX_EPOCH};

use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use crate::store::durable::Staging;

mod folder;

use folder::{Folder, Incident};

/// The folder of evidence. Cheap to clone; all methods block.
#[derive(Clone, Debug)]
pub(crate) struct Evidence {
    /// Absent where nothing is to be written.
    open: Option<Arc<Open>>,
}

#[derive(Debug)]
struct Open {
    staging: Staging,
    /// Held while an incident is written, so that each is written once.
    folder: Mutex<Folder>,
}

/// Bytes of one attachment that are kept; of a longer file, its start.
pub(crate) const ATTACHMENT_BYTES_MAX: usize = 16 << 20;

impl Evidence {
    /// Opens `DATA/evidence`.
    ///
    /// # Errors
    /// What the file system answers.
    pub(crate) fn open(data: &Path, staging: Staging) -> io::Result<Self> {
        let path = data.join("evidence");
        fs::create_dir_all(&path)?;
        let folder = Mutex::new(Folder::open(path)?);
        Ok(Self {
            open: Some(Arc::new(Open { staging, folder })),
        })
    }

    /// Returns one that keeps nothing.
    pub(crate) fn read_only() -> Self {
        Self { open: None }
    }

    /// Writes one incident: `kind` is a short slug (`hash-mismatch`), `subject`
    /// what it is about (`module@version`), `facts` what was seen, and
    /// `attachments` named bytes, the refused ones first. Returns the path of the
    /// JSON file.
    ///
    /// Of the same kind and subject, with the same reason among the facts and the
    /// same refused bytes, it is the same incident.
    ///
    /// # Errors
    /// What the file system answers, or that the folder is full.
    pub(crate) fn keep(
        &self,
        kind: &str,
        subject: &str,
        facts: Value,
        attachments: &[(&str, &[u8])],
    ) -> io::Result<PathBuf> {
        let kept = self.keep_once(kind, subject, facts, attachments);
        kept.map(|(path, _)| path)
    }

    /// Does the same, and tells whether it is the first time.
    ///
    /// # Errors
    /// As [`keep`](Self::keep).
    pub(crate) fn keep_once(
        &self,
        kind: &str,
        subject: &str,
        facts: Value,
        attachments: &[(&str, &[u8])],
    ) -> io::Result<(PathBuf, bool)> {
        let Some(open) = &self.open else {
            return Err(io::ErrorKind::ReadOnlyFilesystem.into());
        };
        let subject_name = file_name(subject);
        let id = identity(kind, subject, &facts, attachments);
        let stem = format!("{}~{subject_name}~{id}", file_name(kind));
        let mut folder = open.folder.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(times) = folder.again(&stem) {
            let path = folder.document(&stem);
            if times.is_power_of_two() {
                let evidence = path.display().to_string();
                tracing::info!(
                    kind,
                    subject,
                    times,
                    evidence,
                    security = true,
                    "the same was refused again"
                );
            }
            return Ok((path, false));
        }
        folder.make_place(&stem)?;
        let wanted = attachments.iter().map(|(_, bytes)| kept_max(bytes) as u64);
        let has_room = folder.make_room(&stem, wanted.sum())?;
        let mut names = Vec::new();
        let mut size = 0;
        for (name, bytes) in attachments {
            let kept_max = if has_room { kept_max(bytes) } else { 0 };
            let file = format!("{stem}.{name}");
            open.staging
                .write(&folder.path(&file), &bytes[..kept_max])?;
            names.push(json!({"file": file, "bytes": bytes.len(), "bytes_kept": kept_max}));
            size += kept_max as u64;
        }
        let now = SystemTime::now();
        let document = json!({
            "kind": kind,
            "subject": subject,
            "seen_at_unix": now.duration_since(UNIX_EPOCH).unwrap_or_default().as_secs(),
            "facts": facts,
            "attachments": names,
        });
        let mut text = serde_json::to_vec_pretty(&document)?;
        text.push(b'\n');
        let path = folder.document(&stem);
        open.staging.write(&path, &text)?;
        folder.add(Incident::new(&stem, size, now));
        Ok((path, true))
    }
}

fn kept_max(bytes: &[u8]) -> usize {
    bytes.len().min(ATTACHMENT_BYTES_MAX)
}

/// Returns what tells an incident from others, in hex.
fn identity(kind: &str, subject: &str, facts: &Value, attachments: &[(&str, &[u8])]) -> String {
    let reason = facts["reason"].as_str().unwrap_or_default();
    let refused = attachments.first().map_or(&[][..], |(_, bytes)| bytes);
    let mut hasher = Sha256::new();
    for part in [
        kind.as_bytes(),
        subject.as_bytes(),
        reason.as_bytes(),
        refused,
    ] {
        hasher.update((part.len() as u64).to_be_bytes());
        hasher.update(part);
    }
    hex::encode(hasher.finalize())
}

/// Makes any text fit for a part of a file name. There is no `~` in it.
fn file_name(text: &str) -> String {
    text.chars()
        .map(|c| match c {
            'a'..='z' | 'A'..='Z' | '0'..='9' | '.' | '-' | '_' | '+' | '@' => c,
            _ => '_',
        })
        .take(100)
        .collect()
}

#[cfg(test)]
mod tests;
