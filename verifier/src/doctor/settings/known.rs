//! Names of what the go command is told by.

use crate::doctor::triplet;

/// Says whether a variable tells the go command, or what it runs, anything.
pub(super) fn is_told(name: &str) -> bool {
    is_go(name) || BESIDE.contains(&name) || names_compiler_of_target(name)
}

/// Says whether a variable is called as if it named a C compiler for one target.
///
/// Go's own build reads `CC_FOR_TARGET` and `CC_FOR_linux_arm64`, recipes write `CC_arm64_linux`;
/// `go build` reads none of them.
///
/// Source: src/make.bash of Go
pub fn names_compiler_of_target(name: &str) -> bool {
    let target = name
        .strip_prefix("CC_")
        .or_else(|| name.strip_prefix("CXX_"));
    target.is_some_and(|target| {
        target.starts_with("FOR_") || target.split('_').any(triplet::is_goarch)
    })
}

/// Variables of other programs that reach a build.
const BESIDE: &[&str] = &[
    "COMPILER_PATH",
    "CPATH",
    "CPLUS_INCLUDE_PATH",
    "C_INCLUDE_PATH",
    "GCC_EXEC_PREFIX",
    "GODEBUG",
    "GOROOT_FINAL",
    "GO_LDSO",
    "LD_LIBRARY_PATH",
    "LD_PRELOAD",
    "LIBRARY_PATH",
    "PKG_CONFIG_LIBDIR",
    "PKG_CONFIG_PATH",
    "PKG_CONFIG_SYSROOT_DIR",
    "SOURCE_DATE_EPOCH",
    "TMPDIR",
];

/// Says whether the go command takes a setting of this name from its files.
pub fn is_go(name: &str) -> bool {
    KNOWN.contains(&name)
}

/// What `go env -w` sets.
///
/// Source: internal/cfg/cfg.go KnownEnv, Go 1.21 to 1.27
const KNOWN: &[&str] = &[
    "AR",
    "CC",
    "CGO_CFLAGS",
    "CGO_CFLAGS_ALLOW",
    "CGO_CFLAGS_DISALLOW",
    "CGO_CPPFLAGS",
    "CGO_CPPFLAGS_ALLOW",
    "CGO_CPPFLAGS_DISALLOW",
    "CGO_CXXFLAGS",
    "CGO_CXXFLAGS_ALLOW",
    "CGO_CXXFLAGS_DISALLOW",
    "CGO_ENABLED",
    "CGO_FFLAGS",
    "CGO_FFLAGS_ALLOW",
    "CGO_FFLAGS_DISALLOW",
    "CGO_LDFLAGS",
    "CGO_LDFLAGS_ALLOW",
    "CGO_LDFLAGS_DISALLOW",
    "CXX",
    "FC",
    "GCCGO",
    "GO111MODULE",
    "GO386",
    "GOAMD64",
    "GOARCH",
    "GOARM",
    "GOARM64",
    "GOAUTH",
    "GOBIN",
    "GOCACHE",
    "GOCACHEPROG",
    "GOENV",
    "GOEXE",
    "GOEXPERIMENT",
    "GOFIPS140",
    "GOFLAGS",
    "GOGCCFLAGS",
    "GOHOSTARCH",
    "GOHOSTOS",
    "GOINSECURE",
    "GOMIPS",
    "GOMIPS64",
    "GOMODCACHE",
    "GONOPROXY",
    "GONOSUMDB",
    "GOOS",
    "GOPATH",
    "GOPPC64",
    "GOPRIVATE",
    "GOPROXY",
    "GORISCV64",
    "GOROOT",
    "GOSUMDB",
    "GOTMPDIR",
    "GOTOOLCHAIN",
    "GOTOOLDIR",
    "GOVCS",
    "GOWASM",
    "GOWORK",
    "GO_EXTLINK_ENABLED",
    "PKG_CONFIG",
];
