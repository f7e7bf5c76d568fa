//! What is said of a key: never a part of the private half.

use std::io::{self, Write};
use std::path::Path;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use proto::attest::key::{Algorithm, PublicKey};
use proto::finding::{Check, Status};
use proto::visible::clean;
use serde_json::json;

use super::file;
use crate::args::key::Source;
use crate::exit::Exit;
use crate::report::printed::Printed;
use crate::report::text::{Color, Style};

/// The name and version of the JSON form.
const SCHEMA: &str = "verify-build/key-v1";

/// A key that was made or shown.
#[derive(Debug)]
pub struct Outcome {
    key: PublicKey,
    place: String,
    is_new: bool,
    /// Whether the public key's PEM is all that is printed.
    is_bare: bool,
    notes: Vec<String>,
}

impl Outcome {
    /// Tells of a key that was made.
    pub fn made(key: PublicKey, path: &Path) -> Self {
        Self {
            key,
            place: path.display().to_string(),
            is_new: true,
            is_bare: false,
            notes: Vec::new(),
        }
    }

    /// Tells of a key that was read.
    pub fn shown(key: PublicKey, source: &Source, is_private: bool, is_bare: bool) -> Self {
        let place = file::shown(source);
        let mut notes = Vec::new();
        if is_private && file::is_open_to_others(source) {
            notes.push(format!(
                "others than its owner can read {place}: chmod 600 {place}"
            ));
        }
        Self {
            key,
            place,
            is_new: false,
            is_bare,
            notes,
        }
    }

    /// The line of the host in a quorum file; what is in capitals a person must say.
    fn line(&self) -> String {
        format!(
            "- {{name: NAME, key: {}, org: ORG, ci: CI, image: IMAGE, cache: CACHE, toolchain: TOOLCHAIN}}",
            STANDARD.encode(self.key.spki())
        )
    }

    fn algorithm(&self) -> &'static str {
        match self.key.algorithm() {
            Algorithm::Ed25519 => "Ed25519",
            Algorithm::P256 => "P-256",
        }
    }
}

impl Printed for Outcome {
    fn command(&self) -> &'static str {
        "key"
    }

    fn exit(&self) -> Exit {
        Exit::Same
    }

    fn summary(&self) -> String {
        let done = if self.is_new { "made" } else { "found" };
        format!(
            "{done} the {} key {} in {}",
            self.algorithm(),
            self.key.id(),
            self.place
        )
    }

    fn notes(&self) -> Vec<String> {
        self.notes.clone()
    }

    fn checks(&self) -> Vec<Check> {
        vec![Check {
            name: "key".into(),
            subject: self.place.clone(),
            status: Status::Passed,
            reason: Some(self.summary()),
            findings: Vec::new(),
        }]
    }

    fn json(&self, out: &mut dyn Write) -> io::Result<()> {
        let value = json!({
            "schema": SCHEMA,
            "id": self.key.id(),
            "algorithm": self.algorithm(),
            "public": self.key.to_pem(),
            "quorum_line": self.line(),
            "place": self.place,
            "is_new": self.is_new,
        });
        serde_json::to_writer_pretty(&mut *out, &value)?;
        writeln!(out)
    }

    fn text(&self, style: Style, out: &mut dyn Write) -> io::Result<()> {
        if self.is_bare {
            return write!(out, "{}", self.key.to_pem());
        }
        writeln!(out, "{}", style.paint(&clean(&self.summary()), Color::Bold))?;
        for note in &self.notes {
            writeln!(
                out,
                "{} {}",
                style.paint("note:", Color::Yellow),
                clean(note)
            )?;
        }
        writeln!(out, "\n{}", self.key.to_pem())?;
        writeln!(
            out,
            "For the hosts of quorum.yaml, with who runs it in place of the capitals:\n  {}",
            self.line()
        )?;
        if self.is_new {
            writeln!(
                out,
                "\nNobody can make this key again: keep {} where builds can't read it.",
                clean(&self.place)
            )?;
        }
        Ok(())
    }
}
