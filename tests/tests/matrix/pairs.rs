//! The pairs, and what must be said of each.

use crate::build::{Build, Mischief};

const OLD: &str = "1.21.";
const MIDDLE: &str = "1.24.";
const NEW: &str = "1.27.";
const EVERY_GO: [&str; 3] = [OLD, MIDDLE, NEW];

/// Two builds; no cause means that they must be identical.
pub(crate) struct Pair {
    pub(crate) name: String,
    pub(crate) a: Build,
    pub(crate) b: Build,
    pub(crate) cause: Option<&'static str>,
}

fn same(name: &str, a: Build, b: Build) -> Pair {
    Pair {
        name: name.into(),
        a,
        b,
        cause: None,
    }
}

fn differ(name: &str, cause: &'static str, a: Build, b: Build) -> Pair {
    Pair {
        cause: Some(cause),
        ..same(name, a, b)
    }
}

fn new() -> Build {
    Build::new(NEW)
}

fn cgo() -> Build {
    new().set("CGO_ENABLED=1")
}

/// Every pair.
pub(crate) fn all() -> Vec<Pair> {
    [
        identical(),
        paths(),
        toolchains(),
        settings(),
        version_control(),
        modules(),
        variables(),
        linker(),
        sources(),
        c_side(),
        afterwards(),
        astray(),
    ]
    .into_iter()
    .flatten()
    .collect()
}

fn identical() -> Vec<Pair> {
    let targets = [
        "linux/amd64",
        "linux/arm64",
        "linux/386",
        "windows/amd64",
        "darwin/amd64",
        "darwin/arm64",
        "wasip1/wasm",
        "js/wasm",
        "freebsd/amd64",
        "linux/s390x",
    ];
    let twice = |name: String, build: Build| same(&name, build.clone(), build.there());
    let mut pairs: Vec<Pair> = targets
        .into_iter()
        .map(|target| twice(format!("{target} twice"), new().to(target)))
        .collect();
    pairs.push(twice("go1.21 twice".into(), Build::new(OLD)));
    pairs.push(twice("go1.24 twice".into(), Build::new(MIDDLE)));
    pairs.push(twice("cgo twice".into(), cgo()));
    pairs.push(same(
        "a comment in a package",
        new(),
        new().edit("shapes/shapes.go", "type shape", "type  shape"),
    ));
    pairs.push(same(
        "time zone and locale",
        new(),
        new().set("TZ=Asia/Tokyo").set("LANG=ja_JP.UTF-8"),
    ));
    pairs.push(same(
        "one processor",
        new(),
        new().set("GOMAXPROCS=1").flag("-p=1"),
    ));
    pairs
}

fn paths() -> Vec<Pair> {
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

fn toolchains() -> Vec<Pair> {
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

fn settings() -> Vec<Pair> {
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

const REPOSITORY: &str = "git init -q -b main . && git add -A && git -c user.name=t -c user.email=t@example.com commit -q -m one";
const SECOND_COMMIT: &str =
    "git -c user.name=t -c user.email=t@example.com commit -q --allow-empty -m two";

fn version_control() -> Vec<Pair> {
    let mut pairs = Vec::new();
    for go in EVERY_GO {
        let clean = Build::new(go).before(REPOSITORY);
        pairs.push(differ(
            &format!("two commits, go{go}x"),
            "vcs-revision",
            clean.clone(),
            clean.before(SECOND_COMMIT),
        ));
    }
    let clean = new().before(REPOSITORY);
    pairs.push(differ(
        "uncommitted file",
        "vcs-modified",
        clean.clone(),
        clean.clone().before("touch leftover"),
    ));
    pairs.push(differ(
        "no version control",
        "vcs-missing",
        clean.clone(),
        clean.clone().flag("-buildvcs=false"),
    ));
    pairs.push(differ(
        "a tag not fetched",
        "version-stamp",
        clean.clone(),
        clean.before("git tag v1.2.3"),
    ));
    pairs
}

fn modules() -> Vec<Pair> {
    let newer = |build: Build| build.edit("go.mod", "near v1.0.0", "near v1.1.0");
    let replaced = |text: &'static str| {
        new()
            .edit("go.mod", "// indirect", "// indirect\n\nreplace example.com/matrix/near => ./near-copy\n")
            .edit("near-copy/go.mod", "", "module example.com/matrix/near\n\ngo 1.21\n\nrequire example.com/matrix/far v1.0.0\n")
            .edit("near-copy/near.go", "", text)
    };
    let one = "package near\n\nimport \"example.com/matrix/far\"\n\n//go:noinline\nfunc Text() string { return \"near v1.0.0 \" + far.Text() }\n";
    let other = "package near\n\nimport \"example.com/matrix/far\"\n\n//go:noinline\nfunc Text() string { return far.Text() + \" is far from near\" }\n";
    vec![
        differ(
            "a newer dependency",
            "dependency-version",
            new(),
            newer(new()),
        ),
        differ(
            "a newer dependency, go1.21",
            "dependency-version",
            Build::new(OLD),
            newer(Build::new(OLD)),
        ),
        differ(
            "a newer dependency, windows, stripped",
            "dependency-version",
            new().to("windows/amd64").flag("-ldflags=-s -w"),
            newer(new().to("windows/amd64").flag("-ldflags=-s -w")),
        ),
        differ(
            "the same version, other content",
            "dependency-sum",
            new(),
            new().with(Mischief::OtherContent),
        ),
        differ(
            "a replaced dependency",
            "dependency-replaced",
            new(),
            replaced(one),
        ),
        differ(
            "a replaced dependency changed",
            "dependency-content",
            replaced(one),
            replaced(other),
        ),
        differ(
            "a replaced dependency changed, stripped",
            "dependency-content",
            replaced(one).flag("-ldflags=-s -w"),
            replaced(other).flag("-ldflags=-s -w"),
        ),
        differ(
            "vendored",
            "dependency-vendored",
            new(),
            new().before("go mod vendor").flag("-mod=vendor"),
        ),
    ]
}

fn variables() -> Vec<Pair> {
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
        ),
        differ(
            "-X without -trimpath",
            "ldflags-variable",
            new().plain().flag("-ldflags=-X main.version=one"),
            new().plain().flag("-ldflags=-X main.version=other"),
        ),
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

#[expect(clippy::too_many_lines, reason = "a table")]
fn linker() -> Vec<Pair> {
    let mut pairs = vec![
        differ(
            "-w alone",
            "symbols-stripped",
            new(),
            new().flag("-ldflags=-w"),
        ),
        differ(
            "-buildid=",
            "build-id-flag",
            new(),
            new().flag("-ldflags=-buildid="),
        ),
        differ(
            "-B",
            "gnu-build-id-flag",
            new(),
            new().flag("-ldflags=-B 0x0123456789abcdef"),
        ),
        differ(
            "-B none",
            "gnu-build-id-flag",
            new(),
            new().flag("-ldflags=-B none"),
        ),
        differ(
            "-compressdwarf",
            "debug-compression",
            new(),
            new().flag("-ldflags=-compressdwarf=false"),
        ),
        differ(
            "-randlayout",
            "link-order",
            new(),
            new().flag("-ldflags=-randlayout=7"),
        ),
        differ(
            "-linkmode",
            "link-mode",
            cgo().package("./shapes/cmd").edit(
                "shapes/cmd/main.go",
                "",
                "package main\n\nimport _ \"os/user\"\n\nfunc main() {}\n",
            ),
            cgo()
                .package("./shapes/cmd")
                .edit(
                    "shapes/cmd/main.go",
                    "",
                    "package main\n\nimport _ \"os/user\"\n\nfunc main() {}\n",
                )
                .flag("-ldflags=-linkmode=external"),
        ),
    ];
    for (go, target) in [
        (OLD, "linux/amd64"),
        (MIDDLE, "linux/amd64"),
        (NEW, "linux/amd64"),
        (NEW, "windows/amd64"),
        (NEW, "darwin/arm64"),
    ] {
        let build = Build::new(go).to(target);
        pairs.push(differ(
            &format!("-s -w, go{go}x {target}"),
            "symbols-stripped",
            build.clone(),
            build.flag("-ldflags=-s -w"),
        ));
    }
    pairs
}

/// With a folder in an `embed.FS`.
fn folder() -> Build {
    let text = "package main\n\nimport \"embed\"\n\n//go:embed table\nvar table embed.FS\n\nfunc init() { _, _ = table.ReadFile(\"large\") }\n";
    new().edit("folder.go", "", text).before("mkdir table")
}

#[expect(clippy::too_many_lines, reason = "a table")]
fn sources() -> Vec<Pair> {
    let changed = |build: Build| build.edit("main.go", "sum.Of(3, 4)", "sum.Of(4, 5)");
    let permuted = |build: Build| {
        build.edit(
            "shapes/shapes.go",
            "{1, 11}, {2, 22}, {3, 33}",
            "{3, 33}, {1, 11}, {2, 22}",
        )
    };
    let notice =
        |build: Build| build.edit("notice.txt", "Keep this file next", "Keep this page next");
    let mut pairs = vec![
        differ(
            "another file embedded, stripped",
            "embedded-file",
            new().flag("-ldflags=-s -w"),
            notice(new().flag("-ldflags=-s -w")),
        ),
        differ(
            "one line of a large file in an embedded folder",
            "embedded-file",
            folder().before("seq 1 2000 >table/large"),
            folder().before("seq 1 2000 | sed 's/^1000$/0001/' >table/large"),
        ),
        differ(
            "a comment in package main",
            "source-content",
            new(),
            new().before("printf '\n// The end.\n' >>main.go"),
        ),
        differ(
            "assembly changed",
            "source-content",
            new(),
            new().edit(
                "sum/sum_amd64.s",
                "ADDL b+4(FP), AX",
                "ADDL b+4(FP), AX\n\tADDL $1, AX",
            ),
        ),
        differ(
            "an inner package changed",
            "source-content",
            new(),
            new().edit("inner/inner.go", "2 * n", "3 * n"),
        ),
        differ(
            "main changed, stripped",
            "source-content",
            new().flag("-ldflags=-s -w"),
            changed(new().flag("-ldflags=-s -w")),
        ),
    ];
    for target in [
        "linux/amd64",
        "linux/arm64",
        "linux/386",
        "windows/amd64",
        "darwin/arm64",
        "wasip1/wasm",
        "js/wasm",
        "linux/s390x",
    ] {
        pairs.push(differ(
            &format!("main changed, {target}"),
            "source-content",
            new().to(target),
            changed(new().to(target)),
        ));
    }
    for go in [OLD, NEW] {
        pairs.push(differ(
            &format!("a table in another order, go{go}x"),
            "generated-order",
            Build::new(go),
            permuted(Build::new(go)),
        ));
        pairs.push(differ(
            &format!("another file embedded, go{go}x"),
            "embedded-file",
            Build::new(go),
            notice(Build::new(go)),
        ));
    }
    pairs
}

fn c_side() -> Vec<Pair> {
    vec![
        differ(
            "C flags, hidden by -trimpath",
            "cgo-flags",
            cgo().set("CGO_CFLAGS=-O1"),
            cgo().set("CGO_CFLAGS=-O2"),
        ),
        differ(
            "C flags, without -trimpath",
            "cgo-flags",
            cgo().plain().set("CGO_CFLAGS=-O1"),
            cgo().plain().set("CGO_CFLAGS=-O2"),
        ),
        differ(
            "a C header changed",
            "source-content",
            cgo(),
            cgo().edit("inner/twice.h", "FACTOR 2", "FACTOR 3"),
        ),
        differ(
            "static",
            "external-link-flags",
            cgo(),
            cgo().flag("-ldflags=-linkmode=external -extldflags=-static"),
        ),
        differ(
            "one more C library",
            "c-library",
            cgo(),
            cgo().set("CGO_LDFLAGS=-Wl,--no-as-needed -lm"),
        ),
    ]
}

fn afterwards() -> Vec<Pair> {
    let flip = "size=$(wc -c <\"$1\"); at=$((size / 2)); printf '\\132' | dd of=\"$1\" bs=1 seek=$at conv=notrunc status=none; printf '\\245' | dd of=\"$1\" bs=1 seek=$((at + 1)) conv=notrunc status=none";
    let mut pairs = vec![
        differ(
            "strip",
            "modified-after-build",
            new(),
            new().after("strip \"$1\""),
        ),
        differ(
            "strip, go1.21",
            "modified-after-build",
            Build::new(OLD),
            Build::new(OLD).after("strip \"$1\""),
        ),
        differ(
            "debug information split off",
            "modified-after-build",
            new(),
            new().after("objcopy --strip-debug --add-section .gnu_debuglink=/etc/hostname \"$1\""),
        ),
        differ(
            "the GNU build ID changed",
            "modified-after-build",
            new(),
            new().after("at=$(grep -abo -m1 GNU \"$1\" | head -n1 | cut -d: -f1); printf '\\132\\245' | dd of=\"$1\" bs=1 seek=$((at + 8)) conv=notrunc status=none"),
        ),
        differ(
            "bytes at the end",
            "modified-after-build",
            new(),
            new().after("echo more >>\"$1\""),
        ),
    ];
    for target in [
        "linux/amd64",
        "windows/amd64",
        "darwin/arm64",
        "wasip1/wasm",
    ] {
        let build = new().to(target);
        pairs.push(differ(
            &format!("two bytes changed, {target}"),
            "modified-after-build",
            build.clone(),
            build.after(flip),
        ));
    }
    pairs
}

fn astray() -> Vec<Pair> {
    vec![
        differ(
            "a poisoned build cache",
            "cache-poisoned",
            new(),
            new().with(Mischief::PoisonedCache),
        ),
        differ(
            "a linker that never does the same",
            "host-linker",
            cgo().with(Mischief::RestlessLinker),
            cgo().with(Mischief::RestlessLinker).there(),
        ),
    ]
}
