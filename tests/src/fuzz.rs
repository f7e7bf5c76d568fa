//! One function a parser, which takes any bytes.
//!
//! It panics when the parser breaks a promise: reading back what it printed,
//! refusing what two readers could take for two things, never proving what is
//! not so.
//!
//! `tests/fuzz` runs them under libFuzzer; `tests/fuzz_corpus.rs` replays the
//! corpora and mutations of them with every `cargo test`. This module and what
//! is below it use `proto` and `verifier` alone, so that both can compile it.

#[path = "fuzz/attest.rs"]
mod attest;
#[path = "fuzz/build.rs"]
mod build;
#[path = "fuzz/bundle.rs"]
mod bundle;
#[path = "fuzz/caches.rs"]
mod caches;
#[path = "fuzz/claims.rs"]
mod claims;
#[path = "fuzz/containers.rs"]
mod containers;
#[path = "fuzz/database.rs"]
mod database;
#[path = "fuzz/graph.rs"]
mod graph;
#[path = "fuzz/images.rs"]
mod images;
#[path = "fuzz/logs.rs"]
mod logs;
#[path = "fuzz/manifest.rs"]
mod manifest;
#[path = "fuzz/names.rs"]
mod names;
#[path = "fuzz/proxy.rs"]
mod proxy;
#[path = "fuzz/proxy_header.rs"]
mod proxy_header;
#[path = "fuzz/tables.rs"]
mod tables;
#[path = "fuzz/toolchain.rs"]
mod toolchain;
#[path = "fuzz/units.rs"]
mod units;
#[path = "fuzz/witness.rs"]
mod witness;
#[path = "fuzz/zips.rs"]
mod zips;

pub use attest::{attest_envelope, attest_statement, certificate, quorum};
pub use build::{buildid, buildinfo};
pub use bundle::bundle;
pub use caches::{archives, caches};
pub use claims::{changes, claims, disowned, entry_place, resealed};
pub use containers::containers;
pub use database::{checkpoint, gosumdb, lookup_answer, note, tile_path, tile_plan};
pub use graph::graph;
pub use images::images;
pub use logs::{cacheprog, logs};
pub use manifest::manifest;
pub use names::{gosum, module_path, patterns, pseudo, semver};
pub use proxy::{goproxy_request, info, modcache, proxy_list, version_list};
pub use proxy_header::proxy_header;
pub use tables::table;
pub use toolchain::toolchain;
pub use units::unit;
pub use witness::{add_checkpoint, tlog_proof};
pub use zips::{modzip, modzip_names};

/// A name, also that of the corpus, and the function.
pub type Target = (&'static str, fn(&[u8]));

/// Every target.
pub const TARGETS: &[Target] = &[
    ("add_checkpoint", add_checkpoint),
    ("archives", archives),
    ("attest_envelope", attest_envelope),
    ("attest_statement", attest_statement),
    ("buildid", buildid),
    ("buildinfo", buildinfo),
    ("bundle", bundle),
    ("caches", caches),
    ("cacheprog", cacheprog),
    ("certificate", certificate),
    ("checkpoint", checkpoint),
    ("claims", claims),
    ("containers", containers),
    ("goproxy_request", goproxy_request),
    ("gosum", gosum),
    ("gosumdb", gosumdb),
    ("graph", graph),
    ("images", images),
    ("info", info),
    ("logs", logs),
    ("lookup_answer", lookup_answer),
    ("manifest", manifest),
    ("modcache", modcache),
    ("module_path", module_path),
    ("modzip", modzip),
    ("modzip_names", modzip_names),
    ("note", note),
    ("patterns", patterns),
    ("proxy_header", proxy_header),
    ("proxy_list", proxy_list),
    ("pseudo", pseudo),
    ("quorum", quorum),
    ("semver", semver),
    ("table", table),
    ("tile_path", tile_path),
    ("tile_plan", tile_plan),
    ("tlog_proof", tlog_proof),
    ("toolchain", toolchain),
    ("unit", unit),
    ("version_list", version_list),
];

/// The bytes as text, broken characters replaced: for parsers that take `&str`.
fn text(data: &[u8]) -> std::borrow::Cow<'_, str> {
    String::from_utf8_lossy(data)
}

/// Splits at the first newline; without one the second part is empty.
fn halves(text: &str) -> (&str, &str) {
    text.split_once('\n').unwrap_or((text, ""))
}
