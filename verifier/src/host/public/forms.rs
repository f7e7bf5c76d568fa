//! What values look like that may be published.

use std::sync::OnceLock;

use regex::Regex;

/// The forms that a whole text may have; compiled when it is first asked for.
pub(super) struct Pattern {
    pub(super) text: &'static str,
    compiled: OnceLock<Option<Regex>>,
}

impl Pattern {
    const fn new(text: &'static str) -> Self {
        let compiled = OnceLock::new();
        Self { text, compiled }
    }

    pub(super) fn fits(&self, text: &str) -> bool {
        self.compiled().is_some_and(|regex| regex.is_match(text))
    }

    /// `None` for a pattern that is none, which fits nothing: so that nothing is shown.
    pub(super) fn compiled(&self) -> Option<&Regex> {
        let compile = || Regex::new(&format!(r"\A(?:{})\z", self.text)).ok();
        self.compiled.get_or_init(compile).as_ref()
    }
}

const fn pair(names: &'static str, values: &'static str) -> (Pattern, Pattern) {
    (Pattern::new(names), Pattern::new(values))
}

/// Values that may be shown, by the variable's name. An empty value always may.
pub(super) static VALUES: [(Pattern, Pattern); 23] = [
    pair("GOOS|GOHOSTOS", OS),
    pair("GOARCH|GOHOSTARCH", ARCH),
    pair("GOAMD64", "v[1-4]"),
    pair("GO386", "sse2|softfloat"),
    pair("GOARM", "[567](,(hardfloat|softfloat))?"),
    pair("GOARM64", r"v[89]\.[0-9](,(lse|crypto))*"),
    pair("GOMIPS(64)?", "hardfloat|softfloat"),
    pair("GOPPC64", "power(8|9|10)"),
    pair("GORISCV64", "rva2[0-9]u64"),
    pair("GOWASM", "(satconv|signext)(,(satconv|signext))*"),
    pair(
        "GOFIPS140",
        r"off|latest|certified|inprocess|v1\.[0-9]\.[0-9]",
    ),
    pair("GO111MODULE", "on|off|auto"),
    pair("GOENV|GOWORK|GOVCS", "off"),
    pair("GOTELEMETRY", "on|off|local"),
    pair(
        "GOTOOLCHAIN",
        r"local|auto|path|go1(\.[0-9]{1,3}){1,2}(\+auto|\+path)?",
    ),
    pair(
        "GOPROXY",
        r"off|direct|https://proxy\.golang\.org(,direct)?",
    ),
    pair("GOSUMDB", r"off|sum\.golang\.org"),
    pair("GOMAXPROCS|GOGC|GIT_CONFIG_COUNT", "[0-9]{1,4}|off"),
    pair("SOURCE_DATE_EPOCH", "[0-9]{1,10}"),
    pair("MACOSX_DEPLOYMENT_TARGET", r"[0-9]{1,2}(\.[0-9]{1,2}){0,2}"),
    pair(
        "CGO_ENABLED|GO_EXTLINK_ENABLED|GIT_OPTIONAL_LOCKS|VERIFY_BUILD_STRAY",
        "0|1",
    ),
    pair(
        "LANG|LANGUAGE|LC_[A-Z]+",
        r"C|POSIX|(C|[a-z]{2}_[A-Z]{2})\.(UTF-8|utf8)",
    ),
    pair("TZ", r"UTC|GMT|<[+-][0-9]{1,2}>[+-]?[0-9]{1,2}"),
];

const OS: &str = "aix|android|darwin|dragonfly|freebsd|illumos|ios|js|linux|netbsd|openbsd|plan9|solaris|wasip1|windows";

const ARCH: &str =
    "386|amd64|arm|arm64|loong64|mips|mips64|mips64le|mipsle|ppc64|ppc64le|riscv64|s390x|wasm";

/// What GOEXPERIMENT switches on, or off with "no" before it.
///
/// Source: internal/goexperiment/flags.go, Go 1.21 to 1.27
pub(super) const EXPERIMENTS: &[&str] = &[
    "aliastypeparams",
    "arenas",
    "boringcrypto",
    "cacheprog",
    "cgocheck2",
    "coverageredesign",
    "dwarf5",
    "fieldtrack",
    "goroutineleakprofile",
    "greenteagc",
    "heapminimum512kib",
    "jsonv2",
    "loopvar",
    "mapsplitgroup",
    "newinliner",
    "pagetrace",
    "preemptibleloops",
    "randomizedheapbase64",
    "rangefunc",
    "regabiargs",
    "regabiwrappers",
    "runtimefreegc",
    "runtimesecret",
    "simd",
    "sizespecializedmalloc",
    "spinbitmutex",
    "staticlockranking",
    "swissmap",
    "synchashtriemap",
    "synctest",
];

/// Words for a C compiler that may be shown: none with a path, a name or a value
/// that somebody chose.
pub(super) static C_WORD: Pattern = Pattern::new(
    "-O[0-3sgz]?|-Ofast|-g[0-3]?|-ggdb[0-3]?|-gdwarf-[2-5]|-f(PIC|PIE|pic|pie)|-(no-)?pie|-static(-pie|-libgcc|-libstdc\\+\\+)?|-shared|-pthread|-pipe|-s|-w|-m(32|64)|-march=(native|x86-64(-v[2-4])?)|-W(all|extra|error|no-error)|-std=(c|gnu)(89|99|11|17|18|23)|-f(no-)?(plt|common|lto|exceptions|strict-aliasing|omit-frame-pointer|stack-protector(-strong|-all)?|stack-clash-protection|asynchronous-unwind-tables)|-fcf-protection(=(full|none|branch|return))?|-D(_FORTIFY_SOURCE=[0-3]|_GNU_SOURCE|NDEBUG|_LARGEFILE64_SOURCE)|-U_FORTIFY_SOURCE|-grecord-gcc-switches|-gno-record-gcc-switches|-Wl,(-z,)?(now|relro|noexecstack|--as-needed|--gc-sections|-O1|--build-id=none)|-fuse-ld=(bfd|gold|lld|mold)|-l(c|dl|gcc|m|pthread|resolv|rt|stdc\\+\\+|util|z)",
);

/// Words for Go's compiler and assembler that may be shown.
pub(super) static COMPILER_WORD: Pattern = Pattern::new(
    "-[NlmSBe]|-l=[0-4]|-c=[0-9]{1,3}|-dwarf=(true|false)|-trimpath|-shared|-dynlink|-spectre=(all|index|ret)|-lang=go1\\.[0-9]{1,2}|-race",
);

/// Words for Go's linker that may be shown, those with a value joined to it.
pub(super) static LINKER_WORD: Pattern = Pattern::new(
    "-[swgcfv]|-linkmode=(auto|internal|external)|-buildid=|-B=(none|gobuildid)|-compressdwarf(=(true|false))?|-H=(windowsgui|elf|linux|darwin|windows)|-checklinkname=[01]|-race|-msan|-asan|-strictdups=[0-2]|-randlayout=[0-9]{1,6}|-funcalign=[0-9]{1,4}",
);

/// Flags of go build and their values that may be shown.
pub(super) static BUILD_FLAG: Pattern = Pattern::new(
    "-(a|asan|buildvcs|cover|json|linkshared|modcacherw|msan|n|race|trimpath|v|work|x)(=(true|false))?|-buildvcs=auto|-buildmode=(archive|c-archive|c-shared|default|exe|pie|plugin|shared)|-compiler=(gc|gccgo)|-covermode=(set|count|atomic)|-mod=(mod|readonly|vendor)|-pgo=(off|auto)|-p=[0-9]{1,4}|-tags=([A-Za-z0-9_.]{1,40}([, ][A-Za-z0-9_.]{1,40})*)?",
);

/// Flags of go build of which at least the name may be shown.
pub(super) static BUILD_FLAG_NAME: Pattern = Pattern::new(
    "-(buildmode|compiler|coverpkg|gccgoflags|installsuffix|mod|modfile|overlay|pgo|tags|toolexec)",
);

/// Values of -X that may be shown: versions, dates, and what says yes or no. A
/// commit is shown where it is that of the sources.
pub(super) static VARIABLE_VALUE: Pattern = Pattern::new(
    r"(v?[0-9]{1,4}(\.[0-9]{1,4}){1,3}(-(alpha|beta|rc)[.-]?[0-9]{0,3})?)|[0-9]{4}-[0-9]{2}-[0-9]{2}([T ][0-9]{2}:[0-9]{2}(:[0-9]{2})?(Z|[+-][0-9]{2}:?[0-9]{2})?)?|true|false|yes|no|dev|release",
);

/// What -X sets: a package path and a name.
pub(super) static VARIABLE_NAME: Pattern = Pattern::new(r"[A-Za-z0-9_./~-]{1,200}");

/// Flags of Go's linker that take the next word as their value.
pub(super) static LINKER_WITH_VALUE: Pattern = Pattern::new(
    "-(B|E|H|I|L|R|T|X|buildid|buildmode|extar|extld|extldflags|fipso|installsuffix|k|libgcc|linkmode|r)",
);

/// A commit, or the beginning of its name.
pub(super) static REVISION: Pattern = Pattern::new("[0-9a-f]{7,64}");

/// Version control systems that go stamps.
pub(super) const VCS: [&str; 5] = ["git", "hg", "svn", "bzr", "fossil"];

/// What go.mod and comments of the sources set.
pub(super) static GODEBUG: Pattern = Pattern::new("([a-z0-9]{1,40}=[a-z0-9]{1,10},?)*");

/// Patterns of packages before the flags for them.
pub(super) static PACKAGES: Pattern = Pattern::new(r"all|std|cmd|\.|\./\.\.\.");
