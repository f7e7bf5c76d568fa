//! Pairs: toolchains: their versions and experiments.

use super::{MIDDLE, OLD, Pair, differ, new};
use crate::build::{Build, Mischief};

pub(super) fn toolchains() -> Vec<Pair> {
    let mut pairs = vec![
        differ("go1.21 and go1.27", "go-version", Build::new(OLD), new()),
        differ("go1.24 and go1.27", "go-version", Build::new(MIDDLE), new()),
        differ(
            "go1.21 and go1.24, stripped",
            "go-version",
            Build::new(OLD).flag("-ldflags=-s -w"),
            Build::new(MIDDLE).flag("-ldflags=-s -w"),
        ),
        differ("amd64 and arm64", "target", new(), new().to("linux/arm64")),
        differ(
            "linux and windows",
            "target",
            new(),
            new().to("windows/amd64"),
        ),
        differ(
            "GOEXPERIMENT",
            "go-experiment",
            new(),
            new().set("GOEXPERIMENT=nodwarf5"),
        ),
    ];
    pairs.push(
        differ(
            "another Go of the same version",
            "toolchain-patched",
            new(),
            new().with(Mischief::PatchedGoroot),
        )
        .alone(),
    );
    for target in ["windows/amd64", "darwin/arm64", "wasip1/wasm"] {
        pairs.push(differ(
            &format!("go1.21 and go1.27, {target}"),
            "go-version",
            Build::new(OLD).to(target),
            new().to(target),
        ));
    }
    pairs
}
