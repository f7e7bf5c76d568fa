//! Proofs of the checksum database, fetched for the marks +T and +M.

use anyhow::{anyhow, bail};
use proto::attest::certify::records_lacking;
use proto::attest::decision::Asked;
use proto::attest::evidence::{Evidence, Recorded};
use proto::attest::quorum::Quorum;
use proto::note::VerifierKey;

use crate::args::certify::Certify;
use crate::host::Host;
use crate::toolchain::database;
use crate::toolchain::settings::{self, Choice, Route, Settings};

/// Adds to the evidence what `--online` or `--sumdb` asks for, and returns in words what
/// could not be had.
///
/// Each answer is checked before it is taken: the decision checks it again, as it checks
/// every evidence.
///
/// # Errors
/// When a setting can't be understood, or nobody may be asked.
pub(super) fn fetch(
    args: &Certify,
    quorum: &Quorum,
    asked: &Asked,
    host: &Host,
    evidence: &mut Evidence,
) -> anyhow::Result<Vec<String>> {
    if !args.online && args.sumdb.is_none() {
        return Ok(Vec::new());
    }
    let settings = Settings::read(&host.environment)?;
    let key = &quorum.checksum_database;
    let routes = routes(args.sumdb.as_deref(), &settings, key)?;
    let (mut missing, mut wanted) = (Vec::new(), Vec::new());
    for module in records_lacking(quorum, evidence, asked) {
        match settings.kept_back(module.path.as_str())? {
            Some(why) => missing.push(why),
            None => wanted.push(module),
        }
    }
    if wanted.is_empty() {
        return Ok(missing);
    }
    let bar = host
        .progress
        .items("asking the checksum database", wanted.len() as u64);
    // Found once: a proxy that does not answer is not waited for module by module.
    let site = database::follow(&routes);
    for module in wanted {
        bar.add(1);
        let proof = match &site {
            Ok(site) => database::prove(site, &module, key),
            Err(error) => Err(anyhow!("{error:#}")),
        };
        match proof {
            Ok(proof) => evidence.records.push(Recorded {
                module: module.path.to_string(),
                version: module.version.to_string(),
                answer: proof.answer,
                tiles: proof.tiles,
            }),
            Err(error) => missing.push(format!("no proof of {module} was had: {error:#}")),
        }
    }
    evidence.sort();
    Ok(missing)
}

fn routes(
    address: Option<&str>,
    settings: &Settings,
    key: &VerifierKey,
) -> anyhow::Result<Vec<Route>> {
    if let Some(address) = address {
        return settings::routes_to(address, key.name());
    }
    match settings.choose_by_key(key)? {
        Choice::Ask { routes, .. } => Ok(routes),
        Choice::Nobody(why) => bail!("{why}; name a database or proxy by --sumdb"),
    }
}
