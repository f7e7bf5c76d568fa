//! What is kept of every refusal that somebody may want to check by hand.
//!
//! One JSON file an incident under `DATA/evidence/`, named by time, kind and
//! subject; bytes that belong to it (a refused file, a signed note) lie beside
//! it under the same name. The folder is bounded by count: when it is full the
//! oldest are kept, since the first of a series says most, and the new one is
//! only logged.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::time::{SystemTime, UNIX_EPOCH};

use serde_json::{Value, json};

use crate::store::durable::Staging;

/// The folder of evidence. Cheap to clone; all methods block.
#[derive(Clone, Debug)]
pub(crate) struct Evidence {
    folder: PathBuf,
    staging: Staging,
}

/// Files the folder may hold, attachments included.
const FILES_MAX: usize = 2_000;
/// Bytes the folder may hold; what is attached goes first, the facts are kept on.
const BYTES_MAX: u64 = 512 << 20;
/// Bytes of one attachment that are kept; of a longer file, its start.
pub(crate) const ATTACHMENT_BYTES_MAX: usize = 16 << 20;

impl Evidence {
    /// Opens `DATA/evidence`.
    ///
    /// # Errors
    /// What the file system answers.
    pub(crate) fn open(data: &Path, staging: Staging) -> io::Result<Self> {
        let folder = data.join("evidence");
        fs::create_dir_all(&folder)?;
        Ok(Self { folder, staging })
    }

    /// Writes one incident: `kind` is a short slug (`hash-mismatch`), `subject`
    /// what it is about (`module@version`), `facts` what was seen, and
    /// `attachments` named bytes. Returns the path of the JSON file.
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
        let (held, mut held_bytes) = self.held()?;
        if held + 1 + attachments.len() > FILES_MAX {
            return Err(io::Error::other(format!(
                "{} holds {held} files, the most that are kept: look at them and move them away",
                self.folder.display()
            )));
        }
        let now = SystemTime::now()
            .duration_since(UNIX_EPOCH)
            .unwrap_or_default();
        let stem = format!(
            "{:010}.{:09}-{kind}-{}",
            now.as_secs(),
            now.subsec_nanos(),
            file_name(subject)
        );
        let mut names = Vec::new();
        for (name, bytes) in attachments {
            let room = held_bytes + (bytes.len().min(ATTACHMENT_BYTES_MAX) as u64) <= BYTES_MAX;
            let kept_max = if room { ATTACHMENT_BYTES_MAX } else { 0 };
            let kept = &bytes[..bytes.len().min(kept_max)];
            held_bytes += kept.len() as u64;
            let file = format!("{stem}.{name}");
            self.staging.write(&self.folder.join(&file), kept)?;
            names.push(json!({"file": file, "bytes": bytes.len(), "bytes_kept": kept.len()}));
        }
        let document = json!({
            "kind": kind,
            "subject": subject,
            "seen_at_unix": now.as_secs(),
            "facts": facts,
            "attachments": names,
        });
        let path = self.folder.join(format!("{stem}.json"));
        let mut text = serde_json::to_vec_pretty(&document)?;
        text.push(b'\n');
        self.staging.write(&path, &text)?;
        Ok(path)
    }

    /// Returns the files in the folder and their bytes.
    fn held(&self) -> io::Result<(usize, u64)> {
        let (mut files, mut bytes) = (0, 0);
        for entry in fs::read_dir(&self.folder)? {
            files += 1;
            // One that is just being moved away counts as none.
            bytes += entry?.metadata().map_or(0, |metadata| metadata.len());
        }
        Ok((files, bytes))
    }
}

/// Makes any text fit for a part of a file name.
fn file_name(subject: &str) -> String {
    subject
        .chars()
        .map(|c| match c {
            'a'..='z' | 'A'..='Z' | '0'..='9' | '.' | '-' | '_' | '+' | '@' => c,
            _ => '_',
        })
        .take(100)
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keeps_facts_and_bytes_under_one_name() {
        let data = tempfile::tempdir().unwrap();
        let staging = Staging::open(data.path()).unwrap();
        let evidence = Evidence::open(data.path(), staging).unwrap();
        let path = evidence
            .keep(
                "hash-mismatch",
                "example.com/../A@v1.0.0",
                json!({"want": "h1:a", "got": "h1:b"}),
                &[("zip", b"PK")],
            )
            .unwrap();
        let document: Value = serde_json::from_slice(&fs::read(&path).unwrap()).unwrap();
        assert_eq!(document["facts"]["want"], "h1:a");
        let attached = document["attachments"][0]["file"].as_str().unwrap();
        assert_eq!(fs::read(path.with_file_name(attached)).unwrap(), b"PK");
        assert_eq!(path.parent().unwrap(), data.path().join("evidence"));
    }

    #[test]
    fn beyond_its_bytes_the_facts_are_kept_alone() {
        let data = tempfile::tempdir().unwrap();
        let staging = Staging::open(data.path()).unwrap();
        let evidence = Evidence::open(data.path(), staging).unwrap();
        // Sparse: it takes no room but in the count.
        let large = fs::File::create(data.path().join("evidence/large")).unwrap();
        large.set_len(BYTES_MAX - 4).unwrap();
        let attached: [(&str, &[u8]); 2] = [("file", b"123"), ("lookup", b"45")];
        let path = evidence.keep("kind", "subject", json!({"a": 1}), &attached);
        let text = fs::read(path.unwrap()).unwrap();
        let document: Value = serde_json::from_slice(&text).unwrap();
        assert_eq!(document["facts"]["a"], 1);
        assert_eq!(document["attachments"][0]["bytes_kept"], 3);
        assert_eq!(document["attachments"][1]["bytes"], 2);
        assert_eq!(document["attachments"][1]["bytes_kept"], 0);
    }

    #[test]
    fn a_full_folder_keeps_the_oldest() {
        let data = tempfile::tempdir().unwrap();
        let staging = Staging::open(data.path()).unwrap();
        let evidence = Evidence::open(data.path(), staging).unwrap();
        for number in 0..FILES_MAX {
            fs::write(data.path().join(format!("evidence/{number}")), b"").unwrap();
        }
        let error = evidence.keep("kind", "subject", json!({}), &[]);
        assert!(error.unwrap_err().to_string().contains("move them away"));
    }
}
