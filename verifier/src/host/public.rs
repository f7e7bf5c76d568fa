//! Which values of variables and flags a build record may show.
//!
//! The list is one of values, not of names: a token can stand in any variable, as
//! `user:password@host` in a proxy's, as `-X main.key=…` in GOFLAGS. What is not
//! known to be harmless is only said to be [`SET`], or [`WITHHELD`] in place of the
//! word; no digest stands for it, since short secrets are found from a digest by
//! trying.

use std::collections::HashMap;
use std::sync::{LazyLock, Mutex, PoisonError};

use proto::goflags;
use regex::Regex;

/// Stands for the value of a variable that is set to something not shown.
pub const SET: &str = "set";

/// Stands for a word that is not shown.
pub const WITHHELD: &str = "…";

/// A text without what may not be published.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Shown {
    /// The text.
    pub text: String,
    /// Whether nothing was left out.
    pub is_whole: bool,
}

impl Shown {
    fn whole(text: impl Into<String>) -> Self {
        Self {
            text: text.into(),
            is_whole: true,
        }
    }

    fn without(text: impl Into<String>) -> Self {
        Self {
            text: text.into(),
            is_whole: false,
        }
    }
}

/// Values that may be shown, by the variable's name. An empty value always may.
const VALUES: &[(&str, &str)] = &[
    ("GOOS|GOHOSTOS", OS),
    ("GOARCH|GOHOSTARCH", ARCH),
    ("GOAMD64", "v[1-4]"),
    ("GO386", "sse2|softfloat"),
    ("GOARM", "[567](,(hardfloat|softfloat))?"),
    ("GOARM64", r"v[89]\.[0-9](,(lse|crypto))*"),
    ("GOMIPS(64)?", "hardfloat|softfloat"),
    ("GOPPC64", "power(8|9|10)"),
    ("GORISCV64", "rva2[0-9]u64"),
    ("GOWASM", "(satconv|signext)(,(satconv|signext))*"),
    (
        "GOFIPS140",
        r"off|latest|certified|inprocess|v1\.[0-9]\.[0-9]",
    ),
    ("GO111MODULE", "on|off|auto"),
    ("GOENV|GOWORK|GOVCS", "off"),
    ("GOTELEMETRY", "on|off|local"),
    (
        "GOTOOLCHAIN",
        r"local|auto|path|go1(\.[0-9]{1,3}){1,2}(\+auto|\+path)?",
    ),
    (
        "GOPROXY",
        r"off|direct|https://proxy\.golang\.org(,direct)?",
    ),
    ("GOSUMDB", r"off|sum\.golang\.org"),
    ("GOMAXPROCS|GOGC|GIT_CONFIG_COUNT", "[0-9]{1,4}|off"),
    ("SOURCE_DATE_EPOCH", "[0-9]{1,10}"),
    ("MACOSX_DEPLOYMENT_TARGET", r"[0-9]{1,2}(\.[0-9]{1,2}){0,2}"),
    (
        "CGO_ENABLED|GO_EXTLINK_ENABLED|GIT_OPTIONAL_LOCKS|VERIFY_BUILD_STRAY",
        "0|1",
    ),
    (
        "LANG|LANGUAGE|LC_[A-Z]+",
        r"C|POSIX|(C|[a-z]{2}_[A-Z]{2})\.(UTF-8|utf8)",
    ),
    ("TZ", r"UTC|GMT|<[+-][0-9]{1,2}>[+-]?[0-9]{1,2}"),
];

const OS: &str = "aix|android|darwin|dragonfly|freebsd|illumos|ios|js|linux|netbsd|openbsd|plan9|solaris|wasip1|windows";

const ARCH: &str =
    "386|amd64|arm|arm64|loong64|mips|mips64|mips64le|mipsle|ppc64|ppc64le|riscv64|s390x|wasm";

/// What GOEXPERIMENT switches on, or off with "no" before it.
///
/// Source: internal/goexperiment/flags.go, Go 1.21 to 1.27
const EXPERIMENT: &str = "aliastypeparams|arenas|boringcrypto|cacheprog|cgocheck2|coverageredesign|dwarf5|fieldtrack|goroutineleakprofile|greenteagc|heapminimum512kib|jsonv2|loopvar|mapsplitgroup|newinliner|pagetrace|preemptibleloops|randomizedheapbase64|rangefunc|regabiargs|regabiwrappers|runtimefreegc|runtimesecret|simd|sizespecializedmalloc|spinbitmutex|staticlockranking|swissmap|synchashtriemap|synctest";

/// Variables that are words for a C compiler.
const C_FLAGS: &str = "CGO_(C|CPP|CXX|F|LD)FLAGS";

/// Words for a C compiler that may be shown: none with a path, a name or a value
/// that somebody chose.
const C_WORD: &str = "-O[0-3sgz]?|-Ofast|-g[0-3]?|-ggdb[0-3]?|-gdwarf-[2-5]|-f(PIC|PIE|pic|pie)|-(no-)?pie|-static(-pie|-libgcc|-libstdc\\+\\+)?|-shared|-pthread|-pipe|-s|-w|-m(32|64)|-march=(native|x86-64(-v[2-4])?)|-W(all|extra|error|no-error)|-std=(c|gnu)(89|99|11|17|18|23)|-f(no-)?(plt|common|lto|exceptions|strict-aliasing|omit-frame-pointer|stack-protector(-strong|-all)?|stack-clash-protection|asynchronous-unwind-tables)|-fcf-protection(=(full|none|branch|return))?|-D(_FORTIFY_SOURCE=[0-3]|_GNU_SOURCE|NDEBUG|_LARGEFILE64_SOURCE)|-U_FORTIFY_SOURCE|-grecord-gcc-switches|-gno-record-gcc-switches|-Wl,(-z,)?(now|relro|noexecstack|--as-needed|--gc-sections|-O1|--build-id=none)|-fuse-ld=(bfd|gold|lld|mold)|-l(c|dl|gcc|m|pthread|resolv|rt|stdc\\+\\+|util|z)";

/// Words for Go's compiler and assembler that may be shown.
const COMPILER_WORD: &str = "-[NlmSBe]|-l=[0-4]|-c=[0-9]{1,3}|-dwarf=(true|false)|-trimpath|-shared|-dynlink|-spectre=(all|index|ret)|-lang=go1\\.[0-9]{1,2}|-race";

/// Words for Go's linker that may be shown, those with a value joined to it.
const LINKER_WORD: &str = "-[swgcfv]|-linkmode=(auto|internal|external)|-buildid=|-B=(none|gobuildid)|-compressdwarf(=(true|false))?|-H=(windowsgui|elf|linux|darwin|windows)|-checklinkname=[01]|-race|-msan|-asan|-strictdups=[0-2]|-randlayout=[0-9]{1,6}|-funcalign=[0-9]{1,4}";

/// Flags of go build and their values that may be shown.
const BUILD_FLAG: &str = "-(a|asan|buildvcs|cover|json|linkshared|modcacherw|msan|n|race|trimpath|v|work|x)(=(true|false))?|-buildvcs=auto|-buildmode=(archive|c-archive|c-shared|default|exe|pie|plugin|shared)|-compiler=(gc|gccgo)|-covermode=(set|count|atomic)|-mod=(mod|readonly|vendor)|-pgo=(off|auto)|-p=[0-9]{1,4}|-tags=([A-Za-z0-9_.]{1,40}([, ][A-Za-z0-9_.]{1,40})*)?";

/// Flags of go build of which at least the name may be shown.
const BUILD_FLAG_NAME: &str =
    "-(buildmode|compiler|coverpkg|gccgoflags|installsuffix|mod|modfile|overlay|pgo|tags|toolexec)";

/// Values of -X that may be shown: versions, dates, and what says yes or no. A
/// commit is shown where it is that of the sources.
const VARIABLE_VALUE: &str = r"(v?[0-9]{1,4}(\.[0-9]{1,4}){1,3}(-(alpha|beta|rc)[.-]?[0-9]{0,3})?)|[0-9]{4}-[0-9]{2}-[0-9]{2}([T ][0-9]{2}:[0-9]{2}(:[0-9]{2})?(Z|[+-][0-9]{2}:?[0-9]{2})?)?|true|false|yes|no|dev|release";

/// What -X sets: a package path and a name.
const VARIABLE_NAME: &str = r"[A-Za-z0-9_./~-]{1,200}";

/// Flags of Go's linker that take the next word as their value.
const LINKER_WITH_VALUE: &str = "-(B|E|H|I|L|R|T|X|buildid|buildmode|extar|extld|extldflags|fipso|installsuffix|k|libgcc|linkmode|r)";

/// Shows a variable of the environment: its value, or that it is set.
pub fn variable(name: &str, value: &str) -> Shown {
    if value.is_empty() {
        return Shown::whole("");
    }
    if name == "GOFLAGS" {
        let words: Vec<Shown> = goflags::split(value)
            .iter()
            .map(|word| flag(word, None))
            .collect();
        return joined(&words);
    }
    if is(C_FLAGS, name) {
        return c_words(value);
    }
    let is_experiment = |one: &str| is(EXPERIMENT, one.strip_prefix("no").unwrap_or(one));
    let is_known = match name {
        "GOEXPERIMENT" => value.split(',').all(is_experiment),
        _ => VALUES
            .iter()
            .any(|(names, values)| is(names, name) && is(values, value)),
    };
    if is_known {
        Shown::whole(value)
    } else {
        Shown::without(SET)
    }
}

/// Shows a flag of go build, `-name` or `-name=value`; `commit` is that of the
/// sources.
pub fn flag(word: &str, commit: Option<&str>) -> Shown {
    let word = word.replacen("--", "-", usize::from(word.starts_with("--")));
    if is(BUILD_FLAG, &word) {
        return Shown::whole(word.strip_suffix("=true").unwrap_or(&word));
    }
    let (name, value) = word.split_once('=').unwrap_or((&word, ""));
    let shown = match name {
        "-ldflags" => linker_words(value, commit),
        "-gcflags" | "-asmflags" => for_packages(value),
        _ if is(BUILD_FLAG_NAME, name) => Shown::without(WITHHELD),
        _ => return Shown::without(WITHHELD),
    };
    Shown {
        text: format!("{name}={}", shown.text),
        ..shown
    }
}

/// Shows a build setting, as `go version -m` prints them: what a program says of
/// its build.
pub fn setting(key: &str, value: &str, commit: Option<&str>) -> String {
    let shown = match key {
        "vcs.revision" if is("[0-9a-f]{7,64}", value) => Shown::whole(value),
        "vcs.time" | "vcs.modified" if is(VARIABLE_VALUE, value) => Shown::whole(value),
        "vcs" if is("git|hg|svn|bzr|fossil", value) => Shown::whole(value),
        // From go.mod and comments of the sources.
        "DefaultGODEBUG" if is("([a-z0-9]{1,40}=[a-z0-9]{1,10},?)*", value) => Shown::whole(value),
        "-compiler" | "-buildmode" | "-tags" | "-race" | "-trimpath" | "-cover" | "-asan"
        | "-msan" | "-pgo" | "-gcflags" | "-asmflags" | "-ldflags" => {
            let shown = flag(&format!("{key}={value}"), commit);
            let text = shown.text.split_once('=').map_or("true", |(_, text)| text);
            return text.to_owned();
        }
        _ => variable(key, value),
    };
    shown.text
}

/// Shows the value that `-ldflags=-X` gave a variable, as the program has it.
pub fn set_variable(name: &str, value: &str, commit: Option<&str>) -> String {
    let shown = variable_set(&format!("{name}={value}"), commit);
    let value = shown.text.split_once('=').map(|(_, value)| value);
    value.unwrap_or(WITHHELD).to_owned()
}

/// `-X name=value` and the other flags of Go's linker.
fn linker_words(text: &str, commit: Option<&str>) -> Shown {
    // A pattern of packages may stand before the flags.
    let (packages, text) = goflags::for_packages(text);
    let mut words = goflags::split(text).into_iter();
    let mut shown = Vec::new();
    while let Some(word) = words.next() {
        let word = word.replacen("--", "-", usize::from(word.starts_with("--")));
        let (name, value) = match word.split_once('=') {
            Some((name, value)) => (name.to_owned(), Some(value.to_owned())),
            None if is(LINKER_WITH_VALUE, &word) => (word, words.next()),
            None => (word, None),
        };
        shown.push(match (name.as_str(), value) {
            ("-X", Some(set)) => variable_set(&set, commit),
            ("-extldflags", Some(value)) => {
                let inner = c_words(&value);
                Shown {
                    text: format!("-extldflags='{}'", inner.text),
                    ..inner
                }
            }
            (name, value) => {
                let word = match value {
                    Some(value) => format!("{name}={value}"),
                    None => name.to_owned(),
                };
                known(LINKER_WORD, &word)
            }
        });
    }
    prefixed(packages, joined(&shown))
}

/// What `-X` sets. The value is shown only when it has the form of something
/// that everybody knows who has the sources.
fn variable_set(text: &str, commit: Option<&str>) -> Shown {
    let Some((name, value)) = text.split_once('=') else {
        return Shown::without(format!("-X {WITHHELD}"));
    };
    if !is(VARIABLE_NAME, name) {
        return Shown::without(format!("-X {WITHHELD}"));
    }
    let is_commit = |commit: &str| value.len() >= COMMIT_LEN_MIN && commit.starts_with(value);
    if value.is_empty() || is(VARIABLE_VALUE, value) || commit.is_some_and(is_commit) {
        Shown::whole(format!("-X {name}={value}"))
    } else {
        Shown::without(format!("-X {name}={WITHHELD}"))
    }
}

/// Fewer digits of a commit could be anything.
const COMMIT_LEN_MIN: usize = 7;

/// The value of `-gcflags` and its kind: `[pattern=]words`.
fn for_packages(text: &str) -> Shown {
    let (packages, words) = goflags::for_packages(text);
    let words: Vec<Shown> = goflags::split(words)
        .iter()
        .map(|word| known(COMPILER_WORD, word))
        .collect();
    prefixed(packages, joined(&words))
}

fn prefixed(packages: Option<&str>, shown: Shown) -> Shown {
    match packages {
        None => shown,
        Some(packages) => {
            let packages = known(r"all|std|cmd|\.|\./\.\.\.", packages);
            Shown {
                text: format!("{}={}", packages.text, shown.text),
                is_whole: packages.is_whole && shown.is_whole,
            }
        }
    }
}

fn c_words(text: &str) -> Shown {
    let words: Vec<Shown> = goflags::split(text)
        .iter()
        .map(|word| known(C_WORD, word))
        .collect();
    joined(&words)
}

fn known(words: &'static str, word: &str) -> Shown {
    if is(words, word) {
        Shown::whole(word)
    } else {
        Shown::without(WITHHELD)
    }
}

fn joined(words: &[Shown]) -> Shown {
    let texts: Vec<&str> = words.iter().map(|word| word.text.as_str()).collect();
    Shown {
        text: texts.join(" "),
        is_whole: words.iter().all(|word| word.is_whole),
    }
}

/// Says whether a pattern describes the whole text.
fn is(pattern: &'static str, text: &str) -> bool {
    /// Each pattern is compiled once. Nobody holds the lock for longer than that.
    static COMPILED: LazyLock<Mutex<HashMap<&'static str, Option<Regex>>>> =
        LazyLock::new(Mutex::default);
    let mut compiled = COMPILED.lock().unwrap_or_else(PoisonError::into_inner);
    let compile = || Regex::new(&format!(r"\A(?:{pattern})\z")).ok();
    let pattern = compiled.entry(pattern).or_insert_with(compile);
    pattern
        .as_ref()
        .is_some_and(|pattern| pattern.is_match(text))
}

#[cfg(test)]
mod tests;
