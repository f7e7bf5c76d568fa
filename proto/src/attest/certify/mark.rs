//! The marks beside the levels.

use super::Case;
use crate::attest::decision::State;
use crate::attest::observation::Module;
use crate::attest::quorum::Mark;
use crate::dirhash::H1;
use crate::module::{ModulePath, ModuleVersion, Version};
use crate::sumdb::client::LookupPlan;
use crate::toolchain::{Release, Target};

/// Judges every mark.
pub(super) fn states(case: &Case<'_>) -> Vec<State<Mark>> {
    Mark::ALL
        .into_iter()
        .map(|mark| State {
            of: mark,
            missing: match mark {
                _ if case.counted.is_empty() => vec!["no observation counts".to_owned()],
                Mark::T => toolchain(case),
                Mark::M => modules(case),
                Mark::F => fresh(case),
                Mark::X => witnessed(case),
            },
        })
        .collect()
}

fn toolchain(case: &Case<'_>) -> Vec<String> {
    for one in case.counted {
        let (host, name) = (&one.observation.host, one.name(case.quorum));
        let version = &one.observation.inputs.toolchain.version;
        let Some(h1) = &host.toolchain_h1 else {
            return vec![format!(
                "{name} does not tell the hash of its whole toolchain"
            )];
        };
        let target = Target::parse(&format!("{}/{}", host.os, host.arch));
        let release = target.and_then(|target| Release::new(version, target));
        let Ok(release) = release else {
            return vec![format!(
                "{name} has a toolchain that is no release: {version}"
            )];
        };
        if recorded(case, release.module()).is_none_or(|recorded| recorded.to_string() != *h1) {
            return vec![format!(
                "no proof of the checksum database is here for {} of {name} with {h1}",
                release.module()
            )];
        }
    }
    Vec::new()
}

fn modules(case: &Case<'_>) -> Vec<String> {
    let mut products = case.agreeing().filter_map(|one| one.product());
    let Some(product) = products.next() else {
        return vec!["nobody whose vote counts built the program".to_owned()];
    };
    // The file is not at hand: one host alone must not say which modules are asked for.
    if products.any(|other| other.modules != product.modules) {
        return vec!["hosts that built the program name different modules".to_owned()];
    }
    if product.modules.is_empty() {
        return vec!["no module is linked in beside the main one".to_owned()];
    }
    for module in &product.modules {
        let by: &Module = module.replace.as_deref().unwrap_or(module);
        let parsed = ModulePath::parse(&by.path)
            .ok()
            .zip(Version::parse(&by.version).ok());
        let Some((path, version)) = parsed else {
            return vec![format!("{} stands for no version of a module", by.path)];
        };
        let module = ModuleVersion::new(path, version).ok();
        let found = module.and_then(|module| recorded(case, &module));
        if found.is_none_or(|recorded| recorded.to_string() != by.sum) {
            return vec![format!(
                "no proof of the checksum database is here for {} {}",
                by.path, by.version
            )];
        }
    }
    Vec::new()
}

/// Returns the hash that the checksum database has of a module, where it is proved under
/// a head that the database has signed.
fn recorded(case: &Case<'_>, module: &ModuleVersion) -> Option<H1> {
    let (path, version) = (module.path.to_string(), module.version.to_string());
    let mut records = case.evidence.records.iter();
    let record = records.find(|one| one.module == path && one.version == version)?;
    let key = &case.quorum.checksum_database;
    let plan = LookupPlan::new(None, &record.answer, module, key).ok()?;
    plan.finish(&record.tiles).ok()?.record.h1(module)
}

fn fresh(case: &Case<'_>) -> Vec<String> {
    let Some(nonce) = &case.asked.nonce else {
        return vec!["no nonce was asked for".to_owned()];
    };
    let mut counted = case.counted.iter();
    match counted.find(|one| one.observation.chain.nonce.as_ref() != Some(nonce)) {
        Some(other) => vec![format!(
            "an observation of {} has another nonce, or none",
            other.name(case.quorum)
        )],
        None => Vec::new(),
    }
}

fn witnessed(case: &Case<'_>) -> Vec<String> {
    for one in case.counted {
        let name = one.name(case.quorum);
        match &one.logged {
            Err(why) => {
                return vec![format!(
                    "an observation of {name} is not shown to be in the log: {why}"
                )];
            }
            Ok(logged) if !logged.is_witnessed => {
                return vec!["the quorum file asks for no witnesses".to_owned()];
            }
            Ok(_) => {}
        }
    }
    case.log_fault.map(str::to_owned).into_iter().collect()
}
