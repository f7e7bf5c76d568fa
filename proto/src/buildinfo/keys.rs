//! Which keys of build settings belong together.
//!
//! Source: cmd/go/internal/load/pkg.go setBuildInfo, internal/buildcfg/cfg.go

/// Variables that choose among processors of one architecture.
pub const CPU_LEVELS: [&str; 10] = [
    "GO386",
    "GOAMD64",
    "GOARM",
    "GOARM64",
    "GOLOONG64",
    "GOMIPS",
    "GOMIPS64",
    "GOPPC64",
    "GORISCV64",
    "GOWASM",
];

/// Variables that are words for C compilers and the linker after them.
pub const C_FLAGS: [&str; 5] = [
    "CGO_CFLAGS",
    "CGO_CPPFLAGS",
    "CGO_CXXFLAGS",
    "CGO_FFLAGS",
    "CGO_LDFLAGS",
];
