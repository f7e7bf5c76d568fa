//! The module zip of a release, fetched through GOPROXY as the go command would, so that the
//! files that differ can be named. It is believed as far as the record proves it.

use std::io::Write as _;

use anyhow::Context as _;
use proto::goproxy::Request;
use proto::quantity;
use proto::toolchain::Release;

use super::reference::{self, Reference};
use super::site::Site;

/// The largest zip that is fetched; those of releases have 60 to 100 MiB.
const ZIP_BYTES_MAX: u64 = 1 << 30;

/// Fetches the list of a release from the first proxy that has it.
///
/// # Errors
/// When none has, one sends more than a release has, or what it sends is not a sound zip.
pub fn list(proxies: &[Site], release: &Release) -> anyhow::Result<Reference> {
    let path = Request::Zip(release.module().clone()).path();
    let mut said: Vec<String> = Vec::new();
    for proxy in proxies {
        let mut file = tempfile::NamedTempFile::new().context("making a file for the zip")?;
        match proxy.save(&path, file.as_file_mut(), ZIP_BYTES_MAX) {
            Ok(true) => {
                file.flush().context("writing the zip")?;
                let source = proxy.join(&path).name();
                let manifest = reference::read_zip(file.path());
                let manifest = manifest.with_context(|| format!("reading {source}"))?;
                return Ok(Reference::of(source, manifest));
            }
            Ok(false) => said.push(format!("{} does not have it", proxy.name())),
            Err(error) => said.push(format!("{error:#}")),
        }
    }
    let asked = quantity::count(proxies.len(), "proxy", "proxies");
    anyhow::bail!("{asked} of GOPROXY asked for {path}: {}", said.join("; "))
}
