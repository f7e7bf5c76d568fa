//! One build, made into an observation.

use std::collections::BTreeMap;

use proto::attest::closure::Closure;
use proto::attest::digest::Digest;
use proto::attest::observation::{
    Cache, Cause, Chain, Host, Mode, Module, Observation, Observed, Outcome, Product, SelfCheck,
    TEXT_LEN_MAX, Tool,
};

use super::evidence::Evidence;
use crate::artifact::Artifact;
use crate::mask;
use crate::rebuild::build::{Build, Built, Setting};
use crate::rebuild::facts;
use crate::rebuild::record;
use crate::report;

/// What is said in every observation of a run.
#[derive(Debug)]
pub struct Saying {
    /// What tells this host apart.
    pub facts: BTreeMap<String, String>,
    /// What it runs in.
    pub image: Option<String>,
    /// What somebody asked to be signed.
    pub nonce: Option<String>,
}

/// How one build found its cache, and why it is what it is.
#[derive(Debug)]
pub struct Made<'a> {
    /// The build.
    pub build: &'a Build,
    /// When it began, in seconds since 1970.
    pub time_s: u64,
    /// How it found its cache.
    pub mode: Mode,
    /// Where others' content came from.
    pub cache_source: Option<String>,
    /// What was learnt of it.
    pub evidence: &'a Evidence,
    /// The program that this one should be, and why it is not.
    pub expected: Option<(Digest, Vec<Cause>)>,
}

/// Makes the observation of a build; its place in the key's chain is not in it yet.
///
/// # Errors
/// When the program can't be read again.
pub fn observe(
    setting: &Setting<'_>,
    saying: &Saying,
    made: Made<'_>,
) -> anyhow::Result<Observation> {
    let host = facts::Host::of(setting.ground.project, setting.ground.machine);
    let inputs = setting.facts.inputs.clone();
    let built = made.build.result.as_ref();
    let product = built.ok().map(product).transpose()?;
    let c_toolchain = inputs.cgo.as_ref().and_then(|cgo| cgo.compiler.clone());
    Ok(Observation {
        tool: Tool {
            name: "verify-build".to_owned(),
            version: env!("CARGO_PKG_VERSION").to_owned(),
        },
        result: result(built.err(), product.as_ref(), made.expected),
        product,
        cache: Cache {
            mode: made.mode,
            evidence: made.evidence.kind,
            hits: made.evidence.hits,
            puts: made.evidence.puts,
            closure: made.evidence.closure.as_ref().map(Closure::summary),
            audit: made.evidence.audit.clone(),
        },
        link_preimage: made.evidence.preimage.clone(),
        host: Host {
            image: saying.image.clone(),
            kernel: Some(host.kernel),
            os: host.os,
            arch: host.arch,
            cpus: host.cpus,
            cache_source: made.cache_source,
            c_toolchain,
            toolchain_h1: setting.facts.toolchain_h1.clone(),
            facts: saying.facts.clone(),
        },
        chain: Chain {
            nonce: saying.nonce.clone(),
            previous: None,
        },
        observed: Observed {
            time_s: made.time_s,
            duration_ms: u64::try_from(made.build.duration.as_millis()).unwrap_or(u64::MAX),
            folders: built.map_or_else(|_| BTreeMap::new(), |built| folders(&built.record)),
            varied: BTreeMap::new(),
        },
        inputs,
    })
}

fn result(
    failure: Option<&String>,
    product: Option<&Product>,
    expected: Option<(Digest, Vec<Cause>)>,
) -> Outcome {
    match (failure, expected) {
        (Some(reason), expected) => Outcome::Failed {
            expected: expected.map(|(expected, _)| expected),
            reason: cut(reason),
        },
        (None, Some((expected, causes))) if product.is_some_and(|one| one.sha256 != expected) => {
            Outcome::Differed { expected, causes }
        }
        (None, expected) => Outcome::Built {
            expected: expected.map(|(expected, _)| expected),
        },
    }
}

fn product(built: &Built) -> anyhow::Result<Product> {
    let record::Product {
        name,
        size,
        sha256,
        build_id,
        self_check,
        go_version,
        main,
        modules,
        settings,
        ..
    } = built.record.product.clone();
    let artifact = Artifact::read(&built.program)?;
    let masked = mask::sha256(&artifact).map(|sha256| ("stamps".to_owned(), Digest(sha256)));
    Ok(Product {
        name,
        size,
        sha256: Digest::parse(&sha256)?,
        build_id: build_id.map(|id| id.text),
        self_check: match self_check.status {
            "intact" => SelfCheck::Holds,
            "signed" | "changed" => SelfCheck::Fails,
            _ => SelfCheck::None,
        },
        go_version,
        main: main.map(module),
        modules: modules.into_iter().map(module).collect(),
        settings,
        masked: masked.into_iter().collect(),
    })
}

fn module(module: report::Module) -> Module {
    Module {
        path: module.path,
        version: module.version,
        sum: module.sum,
        replace: module.replace.map(|by| Box::new(self::module(*by))),
    }
}

fn folders(record: &record::Record) -> BTreeMap<String, String> {
    let observed = &record.observed;
    [("source", &observed.folder), ("goroot", &observed.goroot)]
        .map(|(name, folder)| (name.to_owned(), cut(folder)))
        .into()
}

/// Shortens what would be too long for an observation; its end says most.
pub fn cut(text: &str) -> String {
    let mut from = text.len().saturating_sub(TEXT_LEN_MAX);
    while !text.is_char_boundary(from) {
        from += 1;
    }
    text[from..].to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_text_keeps_its_end_and_no_half_letter() {
        assert_eq!(cut("short"), "short");
        let long = format!("{}end", "é".repeat(TEXT_LEN_MAX));
        let cut = cut(&long);
        assert!(cut.len() <= TEXT_LEN_MAX && cut.ends_with("end"));
        assert!(cut.trim_end_matches("end").chars().all(|c| c == 'é'));
    }

    #[test]
    fn an_equal_program_is_built_and_another_one_differs() {
        let sample = proto::attest::observation::sample();
        let product = sample.product.unwrap();
        let expected = |sha256| Some((sha256, Vec::new()));
        let same = result(None, Some(&product), expected(product.sha256));
        assert_eq!(
            same,
            Outcome::Built {
                expected: Some(product.sha256)
            }
        );
        let other = Digest::of(b"other");
        let differs = result(None, Some(&product), expected(other));
        assert!(matches!(differs, Outcome::Differed { expected, .. } if expected == other));
        assert_eq!(
            result(None, Some(&product), None),
            Outcome::Built { expected: None }
        );
        let failed = result(Some(&"said".to_owned()), None, expected(other));
        assert!(matches!(failed, Outcome::Failed { expected: Some(one), .. } if one == other));
    }
}
