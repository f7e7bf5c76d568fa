//! What servers say: whether those of GOPROXY answer, and whether a Go is what the
//! checksum database has on record.

use std::path::Path;

use super::Desk;
use crate::doctor::facts::{Content, Facts};
use crate::toolchain;
use crate::toolchain::judge::Verdict;
use crate::toolchain::site::Site;

/// The longest answer that is read, in bytes: a name is far shorter.
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

/// Where a sumward tells which one it is, also where its health is told elsewhere (`admin`).
const INSTANCE: &str = ".well-known/sumward-instance";

/// Asks each server whether it is a sumward; another proxy that answers at all is one that
/// answers.
fn proxies(facts: &mut Facts) {
    for proxy in &mut facts.settings.proxies {
        if !proxy.server.starts_with("http") {
            continue;
        }
        proxy.answers = match Site::parse(&proxy.server) {
            Err(error) => format!("no answer: {error:#}"),
            Ok(site) => match site.read(INSTANCE, ANSWER_BYTES_MAX) {
                Ok(Some(text)) if is_sumward(&text) => "a sumward answers".into(),
                Ok(_) => "a server answers".into(),
                Err(error) => {
                    let words = format!("{error:#}");
                    // Any other word of its own is an answer too.
                    if words.starts_with("asking ") {
                        format!("no answer: {words}")
                    } else {
                        "a server answers".into()
                    }
                }
            },
        };
    }
}

/// The name of a sumward is 16 random bytes in hexadecimal.
fn is_sumward(text: &[u8]) -> bool {
    let name = text.trim_ascii();
    name.len() == 32 && name.iter().all(u8::is_ascii_hexdigit)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_that_is_there_for_every_path_is_no_sumward() {
        assert!(is_sumward(b"68477a88c4ff175effc191e9e0576cf8\n"));
        for text in [&b""[..], b"<!doctype html>", b"68477a88"] {
            assert!(!is_sumward(text));
        }
    }
}
