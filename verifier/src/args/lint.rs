//! `verify-build lint`.

use std::path::PathBuf;

use clap::{ValueEnum, ValueHint};

/// Say why a build will not reproduce elsewhere, and hold it to requirements
#[derive(Debug, Clone, clap::Args)]
#[command(after_long_help = AFTER_HELP)]
pub struct Lint {
    /// The files to judge
    #[arg(value_name = "FILE", required = true, value_hint = ValueHint::FilePath)]
    pub files: Vec<PathBuf>,

    /// From which level on a finding fails the run
    ///
    /// error: it will not reproduce elsewhere but by chance. warning: it depends on the
    /// machine. note: good to know.
    #[arg(long, value_enum, value_name = "LEVEL", default_value_t = FailOn::Warning)]
    pub fail_on: FailOn,

    /// Pass over findings of these names (source-path, instrumentation, …)
    #[arg(long, value_name = "NAME", value_delimiter = ',')]
    pub allow: Vec<String>,

    /// What the file must be
    #[arg(
        long,
        value_enum,
        value_name = "WHAT",
        value_delimiter = ',',
        help_heading = "Requirements"
    )]
    pub require: Vec<Require>,

    /// It must run with this version of glibc
    #[arg(long, value_name = "VERSION", help_heading = "Requirements")]
    pub max_glibc: Option<String>,

    /// Its C library must be this one, or it must have none
    #[arg(long, value_enum, value_name = "LIBC", help_heading = "Requirements")]
    pub libc: Option<Libc>,

    /// It must be built with this Go: 1.27.3, or 1.27 for any patch of it
    #[arg(long, value_name = "VERSION", help_heading = "Requirements")]
    pub go: Option<String>,

    /// It must be built with this Go or a newer one
    #[arg(long, value_name = "VERSION", help_heading = "Requirements")]
    pub min_go: Option<String>,

    /// It must be for this architecture, in Go's words: amd64, arm64
    #[arg(long, value_name = "GOARCH", help_heading = "Requirements")]
    pub arch: Option<String>,

    /// It must be for this system, in Go's words: linux, darwin
    #[arg(long, value_name = "GOOS", help_heading = "Requirements")]
    pub os: Option<String>,

    /// It must be for processors of this level: v1, v3
    #[arg(long, value_name = "LEVEL", help_heading = "Requirements")]
    pub goamd64: Option<String>,

    /// A build setting must have this value: GOARM=7, -tags=netgo
    #[arg(
        long,
        value_name = "KEY=VALUE",
        help_heading = "Requirements",
        allow_hyphen_values = true
    )]
    pub setting: Vec<String>,

    /// It must not be built with -race; as --require no-race
    #[arg(long, help_heading = "Requirements")]
    pub no_race: bool,

    /// It must not use cgo; as --require no-cgo
    #[arg(long, help_heading = "Requirements")]
    pub no_cgo: bool,

    /// Its main module must be this one
    #[arg(long, value_name = "PATH", help_heading = "Requirements")]
    pub module: Option<String>,

    /// Its main module must have this version
    #[arg(long, value_name = "VERSION", help_heading = "Requirements")]
    pub mod_version: Option<String>,

    /// It must not have this module in it, or not this version of it
    #[arg(long, value_name = "PATH[@VERSION]", help_heading = "Requirements")]
    pub deny_dep: Vec<String>,
}

/// Levels of findings, and none of them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum FailOn {
    /// Errors alone.
    Error,
    /// Warnings and errors.
    Warning,
    /// Every finding.
    Note,
    /// No finding: requirements alone.
    Never,
}

/// C libraries.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Libc {
    /// GNU's: most distributions
    Glibc,
    /// musl: Alpine, static programs
    Musl,
    /// None at all
    None,
}

/// What a file can be required to be.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, ValueEnum)]
pub enum Require {
    /// It loads no library and needs no dynamic linker
    Static,
    /// It runs at any address (position-independent)
    Pie,
    /// Tables of the dynamic linker are read-only once it runs (-z relro)
    Relro,
    /// The same, with every symbol bound at start (-z relro -z now)
    FullRelro,
    /// Its stack is not executable
    Nx,
    /// It has no search path for libraries in it
    NoRpath,
    /// It was built with -trimpath, and no path of the machine is in it
    Trimpath,
    /// It has neither symbols nor debug information
    Stripped,
    /// It has symbols
    Symbols,
    /// It has build information
    Buildinfo,
    /// It says which commit it was built from
    Vcs,
    /// It says so, and that nothing was modified
    CleanVcs,
    /// Its main module has the version of a release
    ReleaseVersion,
    /// Every module in it comes from where its path says, with a sum
    NoReplace,
    /// It was built with CGO_ENABLED=0
    NoCgo,
    /// It was built without -race
    NoRace,
    /// It is what go build wrote, to the last byte
    SelfCheck,
    /// It has a build ID that the go command made
    GoBuildId,
    /// It loads no library at its start
    NoNeeded,
    /// It asks for no dynamic linker
    NoInterpreter,
    /// Go's own linker made it
    InternalLink,
    /// The machine's C linker made it
    ExternalLink,
    /// It, or every object in a C archive, is of one architecture and ABI
    OneAbi,
}

const AFTER_HELP: &str = "\
Examples:
  verify-build lint dist/tool                                will this reproduce elsewhere?
  verify-build lint --fail-on error dist/*                   only what is certain not to
  verify-build lint --fail-on never --require static,no-cgo,clean-vcs --go 1.27.3 dist/tool
  verify-build lint --max-glibc 2.34 --arch arm64 dist/tool-arm64
  verify-build lint --libc musl --require no-needed,no-interpreter dist/tool-static

Exit codes:
  0  nothing found at the level of --fail-on or above
  1  something found
  2  a file could not be read
  3  a requirement is not met, or the file is not a Go program that could be judged";
