//! What an observation may not hold: parts that contradict each other, and texts without
//! end.

use super::{Error, NONCE_LEN_MAX, Observation, Outcome, PREIMAGE_LEN_MAX, TEXT_LEN_MAX};
use crate::attest::closure::PACKAGES_MAX;

/// The most members of a list or map, modules excepted.
const MEMBERS_MAX: usize = 256;

/// The most modules of a program.
const MODULES_MAX: usize = 10_000;

/// Refuses what [`Observation::parse`] does not read.
pub(super) fn check(observation: &Observation) -> Result<(), Error> {
    check_result(observation)?;
    let preimage = observation.link_preimage.as_ref().map_or(0, Vec::len);
    at_most("link_preimage", preimage, PREIMAGE_LEN_MAX)?;
    let nonce = observation.chain.nonce.as_ref();
    at_most("nonce", nonce.map_or(0, String::len), NONCE_LEN_MAX)?;
    if nonce.is_some_and(|nonce| nonce.is_empty() || nonce.contains(char::is_control)) {
        return Err(Error::Contradiction("a nonce that is empty or no text"));
    }
    let closure = observation.cache.closure.as_ref();
    if closure.is_some_and(|closure| closure.count > PACKAGES_MAX as u64) {
        return Err(Error::Contradiction("more packages than a list may have"));
    }
    check_texts(observation)
}

fn check_result(observation: &Observation) -> Result<(), Error> {
    let product = observation.product.as_ref().map(|product| product.sha256);
    let why = match (&observation.result, product) {
        (Outcome::Built { .. } | Outcome::Differed { .. }, None) => "a build without a product",
        (Outcome::Failed { .. }, Some(_)) => "a failed build with a product",
        (Outcome::Differed { expected, .. }, Some(product)) if *expected == product => {
            "the product is the one expected, and differs"
        }
        (
            Outcome::Built {
                expected: Some(expected),
            },
            Some(product),
        ) if *expected != product => "the product is not the one expected, and does not differ",
        _ => return Ok(()),
    };
    Err(Error::Contradiction(why))
}

fn check_texts(observation: &Observation) -> Result<(), Error> {
    let (host, observed) = (&observation.host, &observation.observed);
    for map in [&host.facts, &observed.folders, &observed.varied] {
        at_most("map", map.len(), MEMBERS_MAX)?;
        for (name, value) in map {
            at_most("name", name.len(), TEXT_LEN_MAX)?;
            at_most("text", value.len(), TEXT_LEN_MAX)?;
        }
    }
    let texts = [
        &host.image,
        &host.kernel,
        &host.cache_source,
        &host.c_toolchain,
    ];
    for text in texts.into_iter().flatten() {
        at_most("text", text.len(), TEXT_LEN_MAX)?;
    }
    match &observation.result {
        Outcome::Built { .. } => {}
        Outcome::Failed { reason, .. } => at_most("reason", reason.len(), TEXT_LEN_MAX)?,
        Outcome::Differed { causes, .. } => {
            at_most("causes", causes.len(), MEMBERS_MAX)?;
            for cause in causes {
                at_most("summary", cause.summary.len(), TEXT_LEN_MAX)?;
            }
        }
    }
    let Some(product) = &observation.product else {
        return Ok(());
    };
    at_most("name", product.name.len(), TEXT_LEN_MAX)?;
    at_most("settings", product.settings.len(), MEMBERS_MAX)?;
    at_most("modules", product.modules.len(), MODULES_MAX)
}

fn at_most(part: &'static str, len: usize, max: usize) -> Result<(), Error> {
    if len > max {
        return Err(Error::TooLong { part, len, max });
    }
    Ok(())
}
