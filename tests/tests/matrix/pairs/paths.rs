//! Pairs: folders of the building machine.

use super::{EVERY_GO, NEW, OLD, Pair, differ, new};
use crate::build::{Build, Mischief};

pub(super) fn paths() -> Vec<Pair> {
    let mut pairs = Vec::new();
    for go in EVERY_GO {
        let plain = Build::new(go).plain();
        pairs.push(differ(
            &format!("other folder, go{go}x"),
            "source-path",
            plain.clone(),
            plain.there(),
        ));
    }
    for target in ["windows/amd64", "darwin/arm64", "wasip1/wasm", "linux/386"] {
        let plain = new().plain().to(target);
        pairs.push(differ(
            &format!("other folder, {target}"),
            "source-path",
            plain.clone(),
            plain.there(),
        ));
    }
    pairs.push(differ(
        "-trimpath on one side",
        "source-path",
        new(),
        new().plain(),
    ));
    pairs.push(differ(
        "-trimpath on one side, stripped",
        "source-path",
        new().flag("-ldflags=-s"),
        new().plain().flag("-ldflags=-s"),
    ));
    for go in [OLD, NEW] {
        let plain = Build::new(go).plain();
        pairs.push(differ(
            &format!("other GOROOT, go{go}x"),
            "goroot-path",
            plain.clone(),
            plain.with(Mischief::OtherGoroot),
        ));
    }
    pairs
}
