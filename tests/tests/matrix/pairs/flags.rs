//! Pairs: settings and flags of the go command, and -X.

use super::{OLD, Pair, cgo, differ, new};
use crate::build::Build;

pub(super) fn settings() -> Vec<Pair> {
    let mut pairs = vec![
        differ("GOAMD64", "cpu-level", new(), new().set("GOAMD64=v3")),
        differ(
            "GO386",
            "cpu-level",
            new().to("linux/386"),
            new().to("linux/386").set("GO386=softfloat"),
        ),
        differ("-race", "instrumentation", cgo(), cgo().flag("-race")),
        differ("-cover", "instrumentation", new(), new().flag("-cover")),
        differ(
            "-gcflags, go1.21",
            "compiler-flags",
            Build::new(OLD),
            Build::new(OLD).flag("-gcflags=-N -l"),
        ),
        differ(
            "-gcflags",
            "compiler-flags",
            new(),
            new().flag("-gcflags=-N -l"),
        ),
        differ(
            "-tags without effect",
            "build-tags",
            new(),
            new().flag("-tags=unused"),
        ),
        differ(
            "-buildmode=pie",
            "build-mode",
            new(),
            new().flag("-buildmode=pie"),
        ),
        differ("GOFIPS140", "fips140", new(), new().set("GOFIPS140=latest")),
        differ("CGO_ENABLED", "cgo-enabled", new(), cgo()),
        differ(
            "a file in place of the package",
            "package-arguments",
            new(),
            new().package("main.go"),
        ),
        differ(
            "another go line",
            "godebug-default",
            new(),
            new().edit("go.mod", "go 1.21", "go 1.26"),
        ),
    ];
    let with = |profile| new().before(profile);
    pairs.push(
        differ(
            "two profiles of one name",
            "pgo-profile",
            with("cp profiles/idle.pgo default.pgo"),
            with("cp profiles/busy.pgo default.pgo"),
        )
        .alone(),
    );
    for target in ["windows/amd64", "darwin/arm64"] {
        pairs.push(differ(
            &format!("-gcflags, {target}"),
            "compiler-flags",
            new().to(target),
            new().to(target).flag("-gcflags=-N"),
        ));
    }
    pairs
}

pub(super) fn variables() -> Vec<Pair> {
    vec![
        differ(
            "-X",
            "ldflags-variable",
            new().flag("-ldflags=-X main.version=2026-01-02T03:04:05Z"),
            new().flag("-ldflags=-X main.version=2026-01-02T03:04:06Z"),
        ),
        differ(
            "-X, stripped",
            "ldflags-variable",
            new().flag("-ldflags=-s -w -X main.version=2026-01-02T03:04:05Z"),
            new().flag("-ldflags=-s -w -X main.version=2026-01-02T03:04:06Z"),
        )
        .alone(),
        differ(
            "-X without -trimpath",
            "ldflags-variable",
            new().plain().flag("-ldflags=-X main.version=one"),
            new().plain().flag("-ldflags=-X main.version=other"),
        ),
        differ(
            "-X, plan9",
            "ldflags-variable",
            new().to("plan9/amd64").flag("-ldflags=-X main.version=one"),
            new().to("plan9/amd64").flag("-ldflags=-X main.version=two"),
        )
        .alone(),
        differ(
            "-X of another length",
            "ldflags-variable",
            new().flag("-ldflags=-X main.version=one"),
            new().flag("-ldflags=-X main.version=a-longer-one"),
        ),
        differ(
            "-X, windows",
            "ldflags-variable",
            new()
                .to("windows/amd64")
                .flag("-ldflags=-X main.version=one"),
            new()
                .to("windows/amd64")
                .flag("-ldflags=-X main.version=two"),
        ),
        differ(
            "-X, darwin",
            "ldflags-variable",
            new()
                .to("darwin/arm64")
                .flag("-ldflags=-X main.version=one"),
            new()
                .to("darwin/arm64")
                .flag("-ldflags=-X main.version=two"),
        ),
    ]
}
