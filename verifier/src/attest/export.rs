//! Decisions in other forms, written to files.

use std::fs;
use std::path::Path;

use anyhow::{Context as _, bail};
use proto::attest::certificate::Certificate;
use proto::attest::decision::{Decision, Verdict};
use proto::attest::digest::Digest;
use proto::attest::dsse::Envelope;
use proto::attest::export;
use proto::attest::export::in_toto::{LAYOUT_FILE, Layout, link_file};
use proto::attest::key::PrivateKey;
use proto::attest::observation::Observation;

use crate::args::certify::Export;
use crate::durable;

/// What bundles end in.
const BUNDLE_ENDING: &str = ".sigstore.json";

/// Writes every form that was asked for. `out` is the certificate's own file.
///
/// # Errors
/// When a file can't be written, or the decision has no such form.
pub(super) fn write(
    asked: &Export,
    certificate: &Certificate,
    decision: &Decision,
    owner: &PrivateKey,
    out: &Path,
) -> anyhow::Result<()> {
    let digest = Digest::of(&certificate.bytes()?);
    if let Some(folder) = &asked.bundle {
        bundles(folder, certificate, decision)?;
    }
    if let Some(folder) = &asked.in_toto {
        in_toto(folder, decision, owner)?;
    }
    if let Some(path) = &asked.vsa {
        let summary = export::summary(decision, digest, owner)?;
        envelope(path, summary.as_ref(), "no program is decided on")?;
    }
    if let Some(path) = &asked.provenance {
        let seen = observations(certificate, decision);
        let seen = seen.iter().map(|(_, envelope)| Observation::of(envelope));
        let mut found = None;
        for observation in seen.flatten() {
            found = export::provenance(decision, &observation, owner)?;
            if found.is_some() {
                break;
            }
        }
        envelope(
            path,
            found.as_ref(),
            "no provenance is written, since what was demanded is not shown",
        )?;
    }
    if let Some(path) = &asked.cyclonedx {
        let name = out.file_name().unwrap_or_default().to_string_lossy();
        match export::reference(decision, &name, digest) {
            Some(document) => file(path, &document)?,
            None => bail!("{}: no program is decided on", path.display()),
        }
    }
    Ok(())
}

fn bundles(folder: &Path, certificate: &Certificate, decision: &Decision) -> anyhow::Result<()> {
    fs::create_dir_all(folder).with_context(|| format!("making {}", folder.display()))?;
    let own = ("decision".to_owned(), certificate.decision.clone());
    for (name, envelope) in observations(certificate, decision).into_iter().chain([own]) {
        // An observation with signatures of others than its host has no bundle.
        if let Some(bundle) = export::bundle(&envelope) {
            file(&folder.join(format!("{name}{BUNDLE_ENDING}")), &bundle)?;
        }
    }
    Ok(())
}

/// How long a layout holds, in seconds: a year.
const LAYOUT_AGE_S: u64 = 365 * 86400;

/// Writes a layout that asks for the owner's link, and that link: with hosts' keys none
/// could be made here.
fn in_toto(folder: &Path, decision: &Decision, owner: &PrivateKey) -> anyhow::Result<()> {
    let product = decision
        .product
        .filter(|_| decision.verdict == Verdict::Reproducible);
    let Some(product) = product else {
        bail!(
            "{}: no link is written, since what was demanded is not shown",
            folder.display()
        );
    };
    fs::create_dir_all(folder).with_context(|| format!("making {}", folder.display()))?;
    let name = decision.product_name.as_deref().unwrap_or_default();
    let makers = [owner.public()];
    let layout = Layout {
        product: name,
        makers: &makers,
        threshold: 1,
        expires_s: decision.asked.time_s.saturating_add(LAYOUT_AGE_S),
    };
    let layout = export::in_toto::layout(&layout, owner)?;
    file(&folder.join(LAYOUT_FILE), &layout.bytes())?;
    let link = export::in_toto::link(name, product, owner)?;
    file(&folder.join(link_file(&owner.public())), &link.bytes())
}

/// Returns the observations that count, named by their digests: names of files are
/// others' choice.
fn observations(certificate: &Certificate, decision: &Decision) -> Vec<(String, Envelope)> {
    let is_counted = |digest: Digest| {
        let mut counted = decision.counted.iter();
        counted.any(|one| one.observation == digest)
    };
    let filed = certificate.evidence.observations.iter();
    filed
        .filter(|filed| is_counted(filed.digest()))
        .filter_map(|filed| {
            let envelope = Envelope::parse(&filed.envelope).ok()?;
            Some((filed.digest().to_string(), envelope))
        })
        .collect()
}

fn envelope(path: &Path, envelope: Option<&Envelope>, why: &str) -> anyhow::Result<()> {
    let Some(envelope) = envelope else {
        bail!("{}: {why}", path.display());
    };
    file(path, &envelope.bytes())
}

fn file(path: &Path, bytes: &[u8]) -> anyhow::Result<()> {
    durable::write(path, |out| {
        out.write_all(bytes)?;
        out.write_all(b"\n")
    })
    .with_context(|| format!("writing {}", path.display()))
}
