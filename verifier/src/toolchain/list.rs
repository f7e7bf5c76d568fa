//! `verify-build toolchain manifest`: the list of file hashes itself.

use std::io::{self, Write};
use std::path::Path;

use anyhow::bail;
use proto::finding::{Check, Status};
use proto::toolchain::{Manifest, Target};
use serde::Serialize;

use super::reference;
use super::tree::Tree;
use crate::exit::Exit;
use crate::host::Host;
use crate::report::printed::Printed;
use crate::report::text::Style;

/// A list to print.
#[derive(Debug)]
pub struct List {
    source: String,
    manifest: Manifest,
}

#[derive(Serialize)]
struct Report<'a> {
    schema: &'static str,
    tool: crate::report::Tool,
    source: &'a str,
    module: String,
    h1: String,
    files: Vec<File<'a>>,
}

#[derive(Serialize)]
struct File<'a> {
    name: &'a str,
    sha256: String,
}

impl List {
    /// Reads a module zip, or hashes an installation when `path` is a folder.
    ///
    /// # Errors
    /// When it is neither, or an installation holds what can't be hashed where builds
    /// read.
    pub fn read(path: &Path, target: Option<Target>, host: &Host) -> anyhow::Result<Self> {
        let manifest = if path.is_dir() {
            let tree = Tree::read(path, target, host.progress)?;
            if let Some((name, what)) = tree.uncovered() {
                bail!(
                    "{}: a list of hashes can't say what this tree holds: {name}: {what}",
                    path.display()
                );
            }
            tree.manifest
        } else {
            reference::read_zip(path)?
        };
        let source = path.display().to_string();
        Ok(Self { source, manifest })
    }
}

impl Printed for List {
    fn command(&self) -> &'static str {
        "toolchain manifest"
    }

    fn exit(&self) -> Exit {
        Exit::Same
    }

    fn summary(&self) -> String {
        format!(
            "{} has the h1 {}",
            self.manifest.release().module(),
            self.manifest.h1()
        )
    }

    fn checks(&self) -> Vec<Check> {
        vec![Check {
            name: "list of file hashes".into(),
            subject: self.source.clone(),
            status: Status::Passed,
            reason: Some(self.summary()),
            findings: Vec::new(),
        }]
    }

    fn json(&self, out: &mut dyn Write) -> io::Result<()> {
        let file = |(name, sha256): (_, &[u8; 32])| File {
            name,
            sha256: hex::encode(sha256),
        };
        let report = Report {
            schema: "verify-build/toolchain-manifest-v1",
            tool: crate::report::Tool::this(),
            source: &self.source,
            module: self.manifest.release().module().to_string(),
            h1: self.manifest.h1().to_string(),
            files: self.manifest.files().map(file).collect(),
        };
        serde_json::to_writer_pretty(&mut *out, &report)?;
        writeln!(out)
    }

    /// The list as it is hashed: nothing else may be written.
    fn text(&self, _: Style, out: &mut dyn Write) -> io::Result<()> {
        out.write_all(self.manifest.text().as_bytes())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::toolchain::made;

    #[test]
    fn a_list_tells_its_hash_and_each_file() {
        let list = List {
            source: "here".into(),
            manifest: made::manifest("go1.27.3", &[("VERSION", 1), ("bin/go", 3)]),
        };
        let module = "golang.org/toolchain@v0.0.1-go1.27.3.linux-amd64";
        let h1 = list.manifest.h1().to_string();
        let summary = format!("{module} has the h1 {h1}");
        assert_eq!(
            (list.command(), list.summary()),
            ("toolchain manifest", summary.clone())
        );
        assert!(matches!(list.exit(), Exit::Same));
        let [check]: [Check; 1] = list.checks().try_into().unwrap();
        assert_eq!(
            (check.subject.as_str(), check.reason),
            ("here", Some(summary))
        );
        assert!(matches!(check.status, Status::Passed) && check.findings.is_empty());
        let mut json = Vec::new();
        list.json(&mut json).unwrap();
        assert!(json.ends_with(b"}\n"));
        let report: serde_json::Value = serde_json::from_slice(&json).unwrap();
        assert_eq!(report["source"], "here");
        assert_eq!(
            (report["module"].as_str(), report["h1"].as_str()),
            (Some(module), Some(&*h1))
        );
        assert_eq!(report["files"][0]["name"], "VERSION");
        assert_eq!(report["files"][1]["sha256"], "03".repeat(32));
    }
}
