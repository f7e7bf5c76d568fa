//! What servers say: whether those of GOPROXY answer, and whether a Go is what the
//! checksum database has on record.

use std::path::Path;

use serde_json::Value;

use super::Desk;
use crate::doctor::facts::{Content, Facts};
use crate::toolchain;
use crate::toolchain::judge::Verdict;
use crate::toolchain::site::Site;

/// The longest answer that is read, in bytes.
const ANSWER_BYTES_MAX: u64 = 64 << 10;

pub(super) fn look(desk: &Desk<'_>, facts: &mut Facts) {
    proxies(facts);
    for go in &mut facts.gos {
        let wanted = go.on_path == Some(1) || desk.scope.deep;
        if !wanted || go.root.is_empty() || !go.missing.is_empty() {
            continue;
        }
        go.content = match toolchain::judge_installation(Path::new(&go.root), desk.host) {
            Err(error) => Content::Unknown(desk.runner.shown(format!("{error:#}").as_bytes())),
            Ok(Err(why)) => Content::Unknown(desk.runner.shown(why.as_bytes())),
            Ok(Ok(judgement)) => {
                let reason = desk.runner.shown(judgement.reason.as_bytes());
                match judgement.verdict {
                    Verdict::Official => Content::Official,
                    Verdict::Repackaged => Content::Repackaged,
                    Verdict::Modified => Content::Modified(reason),
                    Verdict::Unknown => Content::Unknown(reason),
                }
            }
        };
    }
}

/// Asks each server for what a sumward says of itself; another proxy that answers at all
/// is one that answers.
fn proxies(facts: &mut Facts) {
    for proxy in &mut facts.settings.proxies {
        if !proxy.server.starts_with("http") {
            continue;
        }
        proxy.answers = match Site::parse(&proxy.server) {
            Err(error) => format!("no answer: {error:#}"),
            Ok(site) => match site.read("readyz", ANSWER_BYTES_MAX) {
                Ok(Some(text)) if is_sumward(&text) => "a sumward answers".into(),
                Ok(_) => "a server answers".into(),
                Err(error) => {
                    let words = format!("{error:#}");
                    if words.contains(" answers ") {
                        "a server answers".into()
                    } else {
                        format!("no answer: {words}")
                    }
                }
            },
        };
    }
}

fn is_sumward(text: &[u8]) -> bool {
    let value: Value = serde_json::from_slice(text).unwrap_or_default();
    value["databases"].is_array() && value["upstreams"].is_array()
}
