//! Deciding and signing.

use std::io::{self, Write};
use std::path::Path;

use anyhow::{Context as _, ensure};
use proto::attest::certificate::Certificate;
use proto::attest::certify::decide;
use proto::attest::decision::{Asked, Decision};
use proto::attest::digest::Digest;
use proto::attest::observation::{NONCE_LEN_MAX, Tool};
use proto::attest::words;
use proto::finding::Check;
use proto::visible::clean;
use serde::Serialize;

use super::{export, finding, gather, reading, records};
use crate::args::certify::Certify;
use crate::durable;
use crate::exit::Exit;
use crate::host::Host;
use crate::input::Input;
use crate::key::file;
use crate::report::printed::Printed;
use crate::report::text::Style;

/// The name and version of the JSON form.
const SCHEMA: &str = "verify-build/certify-v1";

/// Runs the command.
///
/// # Errors
/// When a file can't be read or written, or the quorum file is none.
pub fn run(args: &Certify, host: &Host) -> anyhow::Result<Box<dyn Printed>> {
    let quorum = reading::quorum(&args.quorum)?;
    let owner = file::private(&args.key, &host.environment)?;
    quorum.check_owner(&owner.public()).with_context(|| {
        let (key, quorum) = (file::shown(&args.key), args.quorum.display());
        format!("{key} may not sign by {quorum}")
    })?;
    let mut evidence = gather::read(&args.observations)?.evidence;
    ensure!(
        !evidence.observations.is_empty(),
        "no observation lies there: files of verify-build observe end in .observation.json"
    );
    let nonce_len = args.nonce.as_ref().map_or(0, String::len);
    ensure!(
        nonce_len <= NONCE_LEN_MAX,
        "a nonce has at most {NONCE_LEN_MAX} bytes"
    );
    let asked = Asked {
        artifact: args.artifact.as_deref().map(sha256).transpose()?,
        nonce: args.nonce.clone(),
        time_s: time(args.at.as_deref())?,
    };
    let missing = records::fetch(args, &quorum, &asked, host, &mut evidence)?;
    let decision = decide(&quorum, &evidence, asked, tool());
    let certificate = Certificate {
        decision: decision.sign(&owner)?,
        evidence,
    };
    let bytes = certificate.bytes()?;
    durable::write(&args.out, |out| out.write_all(&bytes))
        .with_context(|| format!("writing {}", args.out.display()))?;
    // Last: an export that has no form for a decision must not hold the decision back.
    export::write(&args.export, &certificate, &decision, &owner, &args.out)?;
    Ok(Box::new(Certified {
        schema: SCHEMA,
        certificate: args.out.display().to_string(),
        missing,
        decision,
    }))
}

/// Returns the program that concludes.
fn tool() -> Tool {
    Tool {
        name: "verify-build".to_owned(),
        version: env!("CARGO_PKG_VERSION").to_owned(),
    }
}

fn sha256(path: &Path) -> anyhow::Result<Digest> {
    Ok(Digest(Input::read(path)?.sha256))
}

fn time(at: Option<&str>) -> anyhow::Result<u64> {
    let time = match at {
        None => jiff::Timestamp::now(),
        Some(text) => text
            .parse::<jiff::Timestamp>()
            .with_context(|| format!("{text:?} is no time; write it as 2027-01-31T00:00:00Z"))?,
    };
    u64::try_from(time.as_second()).context("times before 1970 are none of an observation")
}

/// What was concluded.
#[derive(Debug, Serialize)]
struct Certified {
    schema: &'static str,
    /// The file.
    certificate: String,
    /// Proofs of the checksum database that asking did not bring, with the reason.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    missing: Vec<String>,
    decision: Decision,
}

impl Printed for Certified {
    fn command(&self) -> &'static str {
        "certify"
    }

    fn exit(&self) -> Exit {
        finding::exit(self.decision.verdict)
    }

    fn summary(&self) -> String {
        words::claim(&self.decision)
    }

    fn notes(&self) -> Vec<String> {
        [&self.missing[..], &self.decision.notes].concat()
    }

    fn checks(&self) -> Vec<Check> {
        finding::checks(&self.decision, &self.certificate)
    }

    fn json(&self, out: &mut dyn Write) -> io::Result<()> {
        serde_json::to_writer_pretty(&mut *out, self)?;
        writeln!(out)
    }

    fn text(&self, style: Style, out: &mut dyn Write) -> io::Result<()> {
        out.write_all(words::text(&self.decision, style.verbose).as_bytes())?;
        for missing in &self.missing {
            writeln!(out, "note: {}", clean(missing))?;
        }
        Ok(())
    }
}
