//! The marks beside the levels.

use std::collections::BTreeSet;

use super::Case;
use super::taken::Taken;
use crate::attest::decision::State;
use crate::attest::evidence::OTHERS_MAX;
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
        let name = one.name(case.quorum);
        let Some(h1) = &one.observation.host.toolchain_h1 else {
            return vec![format!(
                "{name} does not tell the hash of its whole toolchain"
            )];
        };
        let Some(release) = release(one) else {
            let version = &one.observation.inputs.toolchain.version;
            return vec![format!(
                "{name} has a toolchain that is not a release: {version}"
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

/// Returns the release that a host says it built with, as built for the host itself.
fn release(one: &Taken) -> Option<Release> {
    let host = &one.observation.host;
    let target = Target::parse(&format!("{}/{}", host.os, host.arch)).ok()?;
    Release::new(&one.observation.inputs.toolchain.version, target).ok()
}

fn modules(case: &Case<'_>) -> Vec<String> {
    let linked = match linked(case) {
        Ok(linked) => linked,
        Err(why) => return vec![why],
    };
    for module in linked {
        let found = version(module).and_then(|version| recorded(case, &version));
        if found.is_none_or(|recorded| recorded.to_string() != module.sum) {
            return vec![format!(
                "no proof of the checksum database is here for {} {}",
                module.path, module.version
            )];
        }
    }
    Vec::new()
}

/// Returns the modules whose files are linked into the program beside the main one.
///
/// # Errors
/// Why they are not known, or some have no version that a record can be about.
fn linked<'a>(case: &Case<'a>) -> Result<Vec<&'a Module>, String> {
    let mut products = case.agreeing().filter_map(|one| one.product());
    let Some(product) = products.next() else {
        return Err("nobody whose vote counts built the program".to_owned());
    };
    // The file is not at hand: one host alone must not say which modules are asked for.
    if products.any(|other| other.modules != product.modules) {
        return Err("hosts that built the program name different modules".to_owned());
    }
    if product.modules.is_empty() {
        return Err("no module is linked in beside the main one".to_owned());
    }
    let modules = product.modules.iter();
    let by = modules.map(|module| module.replace.as_deref().unwrap_or(module));
    by.map(|module| match version(module) {
        Some(_) => Ok(module),
        None => Err(format!("{} stands for no version of a module", module.path)),
    })
    .collect()
}

fn version(module: &Module) -> Option<ModuleVersion> {
    let path = ModulePath::parse(&module.path).ok()?;
    let version = Version::parse(&module.version).ok()?;
    ModuleVersion::new(path, version).ok()
}

/// Returns the module versions whose records the marks +T and +M need, and lack: no more
/// of them than a certificate can still take.
pub(super) fn records(case: &Case<'_>) -> BTreeSet<ModuleVersion> {
    let hosts = case.counted.iter();
    let releases = hosts.filter_map(|one| Some(release(one)?.module().clone()));
    let linked = linked(case).unwrap_or_default();
    let modules = linked.into_iter().filter_map(version);
    let needed: BTreeSet<ModuleVersion> = releases.chain(modules).collect();
    let room = OTHERS_MAX.saturating_sub(case.evidence.records.len());
    needed
        .into_iter()
        .filter(|module| recorded(case, module).is_none())
        .take(room)
        .collect()
}

/// Returns the hash that the checksum database has of a module, where it is proved under
/// a head that the database has signed.
fn recorded(case: &Case<'_>, module: &ModuleVersion) -> Option<H1> {
    let (path, version) = (module.path.to_string(), module.version.to_string());
    let records = case.evidence.records.iter();
    let mut records = records.filter(|one| one.module == path && one.version == version);
    let key = &case.quorum.checksum_database;
    // Whoever adds one that proves nothing takes away none that does.
    records.find_map(|record| {
        let plan = LookupPlan::new(None, &record.answer, module, key).ok()?;
        plan.finish(&record.tiles).ok()?.record.h1(module)
    })
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
    let heads = case.heads.fault.iter().chain(&case.heads.apart);
    heads.cloned().collect()
}
