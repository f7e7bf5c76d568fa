//! Flags, variables, the release and the go line.

use testkit::go::Toolchain;

use super::desk::{Built, Desk};

/// Flags and variables: how a and b are built, what differs, and words of the fix that name
/// the given file's value.
const SETTINGS: [[&str; 4]; 13] = [
    [
        "go build -trimpath -tags=x,y .",
        "go build -trimpath .",
        "build-tags",
        "-tags=x,y",
    ],
    [
        "go build -trimpath .",
        "go build -trimpath -tags=x .",
        "build-tags",
        "without -tags",
    ],
    [
        "go build -trimpath -buildmode=pie .",
        "go build -trimpath .",
        "build-mode",
        "-buildmode=pie",
    ],
    [
        "GOAMD64=v3 go build -trimpath .",
        "go build -trimpath .",
        "cpu-level",
        "GOAMD64=v3",
    ],
    [
        "go build -trimpath '-gcflags=-N -l' .",
        "go build -trimpath .",
        "compiler-flags",
        "-gcflags='-N -l'",
    ],
    [
        "CGO_ENABLED=0 go build -trimpath .",
        "CGO_ENABLED=1 go build -trimpath .",
        "cgo-enabled",
        "CGO_ENABLED=0",
    ],
    [
        "go build -trimpath -ldflags=-buildid= .",
        "go build -trimpath .",
        "build-id-flag",
        "-ldflags=-buildid=",
    ],
    [
        "go build -trimpath '-ldflags=-s -w' .",
        "go build -trimpath .",
        "symbols-stripped",
        "-ldflags='-s -w'",
    ],
    [
        "go build -trimpath -ldflags=-w .",
        "go build -trimpath .",
        "symbols-stripped",
        "-ldflags=-w",
    ],
    [
        "go build -trimpath '-ldflags=-X main.stamp=1.2.3' .",
        "go build -trimpath .",
        "ldflags-variable",
        "-ldflags='-X main.stamp=1.2.3'",
    ],
    [
        "go build '-ldflags=-w -s -X=main.stamp=y' .",
        "go build .",
        "ldflags-variable",
        "-ldflags='-w -s -X=main.stamp=y'",
    ],
    [
        "go build -trimpath '-ldflags=-B none' .",
        "go build -trimpath .",
        "gnu-build-id-flag",
        "-ldflags='-B none'",
    ],
    [
        "go build -trimpath main.go",
        "go build -trimpath .",
        "package-arguments",
        "go build main.go",
    ],
];

#[test]
fn settings_of_the_given_file() {
    let desk = Desk::new();
    for [a, b, cause, fix] in SETTINGS {
        let built = desk.both(a, b);
        desk.reaches(&built, cause, fix);
    }
}

#[test]
fn the_release_of_the_given_file() {
    let desk = Desk::new();
    let old = Toolchain::find("1.24.");
    let old = format!("GOTOOLCHAIN=go{}", old.version());
    let built = desk.both(
        &format!("{old} go build -trimpath ."),
        "go build -trimpath .",
    );
    desk.reaches(&built, "go-version", &old);
    let built = desk.both(
        "go build -trimpath .",
        &format!("{old} go build -trimpath ."),
    );
    desk.reaches(&built, "go-version", "GOTOOLCHAIN=go1.27.");
}

#[test]
fn the_go_line_behind_the_defaults() {
    for line in ["1.22", "1.24", "1.26", "1.27"] {
        let desk = Desk::new();
        let source = desk.path("source");
        let edit = format!("go mod edit -go={line} && go build -trimpath .");
        let a = desk.build(&source, &edit, "a");
        let b = desk.build(&source, "go mod edit -go=1.21 && go build -trimpath .", "b");
        let built = Built { a, b, source };
        desk.reaches(
            &built,
            "godebug-default",
            &format!("go mod edit -go={line}"),
        );
    }
}
