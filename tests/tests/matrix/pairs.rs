//! The pairs, and what must be said of each.

#[path = "pairs/after_build.rs"]
mod after_build;
#[path = "pairs/c.rs"]
mod c;
#[path = "pairs/flags.rs"]
mod flags;
#[path = "pairs/go.rs"]
mod go;
#[path = "pairs/linker.rs"]
mod linker;
#[path = "pairs/paths.rs"]
mod paths;
#[path = "pairs/source.rs"]
mod source;

use crate::build::Build;

const OLD: &str = "1.21.";
/// Of this line `tests/run.sh` takes the newest that it finds.
pub(crate) const MIDDLE: &str = "1.24.";
const NEW: &str = "1.27.";
const EVERY_GO: [&str; 3] = [OLD, MIDDLE, NEW];

/// Two builds; no cause means that they must be identical.
pub(crate) struct Pair {
    pub(crate) name: String,
    pub(crate) a: Build,
    pub(crate) b: Build,
    pub(crate) cause: Option<&'static str>,
    /// The causes named behind it, where no others may be.
    pub(crate) others: Option<&'static [&'static str]>,
}

impl Pair {
    /// With no other cause beside it.
    fn alone(self) -> Self {
        self.beside(&[])
    }

    /// With these causes behind it, and no others.
    fn beside(self, others: &'static [&'static str]) -> Self {
        Self {
            others: Some(others),
            ..self
        }
    }
}

fn same(name: &str, a: Build, b: Build) -> Pair {
    Pair {
        name: name.into(),
        a,
        b,
        cause: None,
        others: None,
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
        paths::paths(),
        go::toolchains(),
        flags::settings(),
        source::version_control(),
        source::modules(),
        flags::variables(),
        linker::linker(),
        source::sources(),
        c::c_side(),
        after_build::afterwards(),
        after_build::astray(),
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
