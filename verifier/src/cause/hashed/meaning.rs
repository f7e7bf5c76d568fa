//! What a differing line of a preimage means.

use proto::buildinfo::quote;
use proto::hashlog::preimage::GO_COMMAND;
use proto::hashlog::walk::Leaf;

use crate::cause::keys::is_cpu_level;
use crate::cause::{Name, ldflags};

/// A cause, and the sentence for one line of evidence.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Meaning {
    pub(super) name: Name,
    pub(super) what: String,
}

/// Says what a leaf means; nothing for what the files tell themselves. `own` is
/// the main module's path.
#[expect(clippy::too_many_lines, reason = "one arm for each kind of line")]
pub(super) fn of(leaf: &Leaf, own: Option<&str>) -> Vec<Meaning> {
    let key = &leaf.difference.key;
    let (a, b) = (&leaf.difference.a, &leaf.difference.b);
    let (a, b) = (
        a.as_deref().unwrap_or_default(),
        b.as_deref().unwrap_or_default(),
    );
    let package = leaf.package();
    let one = |name, what: String| vec![Meaning { name, what }];
    match key.word.as_str() {
        "file" => vec![file(leaf, own)],
        // Build information: the files hold it, and its explainers speak of it.
        "modinfo" => Vec::new(),
        "linkflags" => linkflags(a, b),
        GO_COMMAND => one(Name::GoVersion, "the go commands are not the same".into()),
        "module" if own.is_some_and(|own| is_module(a, own) && is_module(b, own)) => one(
            Name::VersionStamp,
            "the main module's version differs".into(),
        ),
        "module" => one(
            Name::DependencyVersion,
            format!("package {package} comes from another module version"),
        ),
        "dir" | "trimpath" => one(
            Name::SourcePath,
            "the source folder is an input of one build or both".into(),
        ),
        "go" => one(
            Name::GodebugDefault,
            format!("the go line of the go.mod of package {package} differs"),
        ),
        "defaultgodebug" => one(Name::GodebugDefault, "the GODEBUG defaults differ".into()),
        "goos" => one(Name::Target, "the targets differ".into()),
        "buildmode" => one(
            if word(a, 1) == word(b, 1) {
                Name::Target
            } else {
                Name::BuildMode
            },
            "the build modes or targets differ".into(),
        ),
        "cgo" => one(
            Name::ToolchainPatched,
            "the cgo tools are not the same".into(),
        ),
        "CC" | "CXX" | "FC" => one(
            if compiler(a) == compiler(b) {
                Name::CgoFlags
            } else {
                Name::CCompiler
            },
            format!("the {} flags of package {package} differ", key.word),
        ),
        _ if key.word.ends_with(" ID") || key.word.ends_with(" ID ERROR") => one(
            Name::CCompiler,
            format!("the C compilers of package {package} are not the same"),
        ),
        "cover" | "fuzz" => one(
            Name::Instrumentation,
            format!("package {package} is instrumented differently"),
        ),
        "compile" | "asm" | "link" => tool(leaf, a, b),
        "GOROOT" => one(Name::GorootPath, "GOROOT differs".into()),
        "GO_EXTLINK_ENABLED" => one(Name::LinkMode, "GO_EXTLINK_ENABLED differs".into()),
        "GOEXPERIMENT" => one(Name::GoExperiment, "GOEXPERIMENT differs".into()),
        "pgofile" => one(Name::PgoProfile, "the profiles differ".into()),
        "omitdebug" => one(
            Name::PackageArguments,
            format!("package {package} was named differently to go build"),
        ),
        // A level that one side has belongs to its architecture.
        level if is_cpu_level(level) && (a.is_empty() || b.is_empty()) => Vec::new(),
        level if is_cpu_level(level) => one(Name::CpuLevel, format!("{level} differs")),
        other => one(
            Name::CompilerFlags,
            format!("{other} {} differs for package {package}", key.subject),
        ),
    }
}

/// What to change.
pub(super) fn fix(name: Name) -> &'static str {
    match name {
        Name::SourceContent => {
            "build both from the same commit; of generated files, commit what was generated"
        }
        Name::DependencyContent => {
            "build with the same go.sum and module cache (GOFLAGS=-mod=readonly), and no replaced or edited modules"
        }
        Name::EmbeddedFile => {
            "make the embedded file the same: .gitattributes against line-end conversion, generated assets without times"
        }
        Name::LdflagsVariable => {
            "pass values that depend on the source alone: the commit's own time in place of the clock, no host or user names"
        }
        Name::CgoFlags => {
            "set CGO_CFLAGS, CGO_CPPFLAGS, CGO_CXXFLAGS and CGO_LDFLAGS alike on both machines, or unset them"
        }
        Name::CCompiler => "use one C compiler: build both in the same container image, and set CC",
        Name::CLibrary => {
            "use the same C headers and libraries: build both in one container image, and with an empty GOCACHE"
        }
        Name::CompilerNondeterminism => {
            "build again with an empty GOCACHE and without -toolexec; verify-build cache audit finds changed entries"
        }
        Name::CgoTempPath => {
            "use a C compiler that takes -ffile-prefix-map (a wrapper around it must pass the flag on), and leave \
             -grecord-gcc-switches out of CGO_CFLAGS"
        }
        Name::GodebugDefault => "use the same go and godebug lines in go.mod (and go.work)",
        Name::GoVersion => "build both with one release of Go",
        Name::ToolchainPatched => {
            "build both with the release from go.dev: verify-build toolchain tells whether an installation is it"
        }
        Name::SourcePath => "build both with -trimpath",
        Name::DependencyVersion => "build with the same go.mod and go.sum",
        Name::PgoProfile => {
            "commit default.pgo beside package main, or pass -pgo=off to both builds"
        }
        Name::Target | Name::CpuLevel | Name::GoExperiment => {
            "set GOOS, GOARCH, GOAMD64 and the like, and GOEXPERIMENT, alike on both machines"
        }
        _ => "pass the same flags and settings to both builds",
    }
}

/// A source file, or one that is embedded: the go command hashes both alike.
fn file(leaf: &Leaf, own: Option<&str>) -> Meaning {
    let name = leaf.difference.key.subject.as_str();
    let package = leaf.package();
    let is_source = !name.contains('/')
        && name
            .rsplit_once('.')
            .is_some_and(|(_, extension)| SOURCES.contains(&extension));
    let is_own = own.is_none_or(|own| {
        package == own
            || package
                .strip_prefix(own)
                .is_some_and(|rest| rest.starts_with('/'))
            || package == "command-line-arguments"
    });
    let sides = match (&leaf.difference.a, &leaf.difference.b) {
        (Some(_), Some(_)) => "differs",
        (Some(_), None) => "is in the first build only",
        (None, _) => "is in the second build only",
    };
    let (kind, cause) = match (is_source, is_own) {
        (true, true) => ("file", Name::SourceContent),
        (true, false) => ("file", Name::DependencyContent),
        (false, _) => ("embedded file", Name::EmbeddedFile),
    };
    Meaning {
        name: cause,
        what: format!("{kind} {name} of package {package} {sides}"),
    }
}

/// Endings of files that are compiled; no other file is but embedded ones.
///
/// Source: go/build, the file lists of Package
const SOURCES: [&str; 23] = [
    "go", "c", "cc", "cpp", "cxx", "m", "h", "hh", "hpp", "hxx", "f", "F", "for", "f90", "s", "S",
    "sx", "swig", "swigcxx", "syso", "inc", "H", "C",
];

/// A tool's version and the flags it is given.
fn tool(leaf: &Leaf, a: &str, b: &str) -> Vec<Meaning> {
    let word = leaf.difference.key.word.as_str();
    let version = |line: &str| line.split(" [").next().unwrap_or_default().to_owned();
    let (name, what) = if version(a) != version(b) && !a.is_empty() && !b.is_empty() {
        (
            Name::ToolchainPatched,
            format!("the {word} tools are not the same"),
        )
    } else if word == "link" {
        (
            Name::LinkerFlags,
            "the linker is called differently".to_owned(),
        )
    } else {
        let package = leaf.package();
        (
            Name::CompilerFlags,
            format!("package {package} is compiled with other {word} flags"),
        )
    };
    vec![Meaning { name, what }]
}

/// The linker's flags, one by one: `linkflags ["-X" "main.t=1"]`.
fn linkflags(a: &str, b: &str) -> Vec<Meaning> {
    let flags = |line: &str| ldflags::flags_of(list(line));
    let differing = ldflags::differing(&flags(a), &flags(b));
    if differing.is_empty() {
        return vec![Meaning {
            name: Name::LinkerFlags,
            what: "-ldflags are the same in another order or spelling".into(),
        }];
    }
    let meaning = |(flag, a, b): ldflags::Sides| {
        let shown = |value: Option<String>| match value {
            Some(value) => quote::quote(&value),
            None => "absent".to_owned(),
        };
        Meaning {
            name: ldflags::name(&flag),
            what: format!("-ldflags {flag} is {} and {}", shown(a), shown(b)),
        }
    };
    differing.into_iter().map(meaning).collect()
}

/// The quoted words of a list as Go prints it.
fn list(line: &str) -> Vec<String> {
    let mut words = Vec::new();
    let mut rest = line;
    while let Some(start) = rest.find('"') {
        let mut escaped = false;
        let end = rest[start + 1..].find(|c: char| {
            let closes = c == '"' && !escaped;
            escaped = c == '\\' && !escaped;
            closes
        });
        let Some(end) = end.map(|end| start + 1 + end) else {
            break;
        };
        words.extend(quote::unquote(&rest[start..=end]));
        rest = &rest[end + 1..];
    }
    words
}

fn word(line: &str, index: usize) -> Option<&str> {
    line.split(' ').nth(index)
}

/// `CC=["gcc"] ["-I" …] …`: the first list.
fn compiler(line: &str) -> Option<&str> {
    line.split_once(']').map(|(compiler, _)| compiler)
}

fn is_module(line: &str, path: &str) -> bool {
    line.strip_prefix("module ")
        .and_then(|rest| rest.strip_prefix(path))
        .is_some_and(|rest| rest.starts_with('@'))
}

#[cfg(test)]
mod tests;
