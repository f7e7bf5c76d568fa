//! `verify-build doctor`.

use std::path::PathBuf;

use clap::ValueHint;

use super::lint::FailOn;

/// Say whether this host is fit to build Go programs that others can reproduce
///
/// Looks at the system, at every Go, at what the go command is told, at its caches and at
/// C compilers. Nothing is changed, and without --online nobody is asked; --deep builds in a
/// temporary folder, which goes away again.
#[derive(Debug, Clone, clap::Args)]
#[command(after_long_help = AFTER_HELP)]
pub struct Doctor {
    /// From which level on a finding fails the run
    ///
    /// error: builds fail, or nothing vouches for them. warning: they may differ from those
    /// of other hosts. note: good to know.
    #[arg(long, value_enum, value_name = "LEVEL", default_value_t = FailOn::Warning)]
    pub fail_on: FailOn,

    /// Pass over findings of these names (sysctl, trimpath-missing, ...)
    #[arg(long, value_name = "NAME", value_delimiter = ',')]
    pub allow: Vec<String>,

    /// Ask the servers of GOPROXY whether they answer, and the checksum database what
    /// the first Go of the PATH must be
    #[arg(long)]
    pub online: bool,

    /// Take minutes: audit the whole cache, build, run and trace programs with cgo, run gofmt,
    /// go vet and go test over the standard library; with --online compare every Go
    ///
    /// All of it in a folder and a build cache of its own. Tests that need the network are left out
    /// by name. What passes is a test of this host, and no proof of a Go installation.
    #[arg(long)]
    pub deep: bool,

    /// A file of kernel settings and the values they must have, name = value a line, in
    /// place of rp_filter 1 and swappiness 10
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub sysctls: Option<PathBuf>,

    /// Read files of the system below this folder: that of a mounted image, say
    ///
    /// Programs are those of the PATH all the same, and variables those of this process.
    #[arg(long, value_name = "DIR", value_hint = ValueHint::DirPath)]
    pub root: Option<PathBuf>,

    /// Print the commands that change what was found, as a script; none of them is run
    #[arg(long, conflicts_with_all = ["compare", "unit", "init"])]
    pub fix_script: bool,

    /// Compare two reports of this command (--format json), of two hosts: what differs, and
    /// what of it can reach a program
    #[arg(long, num_args = 2, value_names = ["A.JSON", "B.JSON"], value_hint = ValueHint::FilePath,
        conflicts_with_all = ["online", "deep", "expect", "unit", "root", "sysctls"])]
    pub compare: Vec<PathBuf>,

    /// Hold the host to what a site requires of its builders, in YAML
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub expect: Option<PathBuf>,

    /// Write that file from this host instead; never over an existing one
    #[arg(long, requires = "expect")]
    pub init: bool,

    /// Check a systemd unit instead of the host; may be given again
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath,
        conflicts_with_all = ["online", "deep", "expect", "root", "sysctls"])]
    pub unit: Vec<PathBuf>,
}

const AFTER_HELP: &str = "\
Examples:
  verify-build doctor                                 is this host fit to build?
  verify-build doctor --online                        and is its Go the official release?
  verify-build doctor --deep                          build, trace and test here, for minutes
  verify-build doctor --fix-script > fix.sh           the commands, to read and then to run
  verify-build doctor --format json > a.json          a report to compare
  verify-build doctor --compare a.json b.json         why do two hosts build differently?
  verify-build doctor --expect builders.yaml --init   write down what this host has
  verify-build doctor --expect builders.yaml          hold a host to it
  verify-build doctor --unit sumward.service          check a systemd unit

Go installations are looked for on the PATH and under /opt, /usr/local, /usr/lib and ~/sdk.
Programs that are run (go version, cc --version, ...) get a few seconds and an empty
environment but for what is tested; --verbose lists them. Passwords in variables, netrc and
the configuration of git are never printed.

Exit codes:
  0  nothing found at the level of --fail-on or above, and every expectation met
  1  something found; of --compare: something differs that can reach a program
  2  the command line is wrong, or a file that it names can't be read
  3  an expectation is not met; or nothing was found, and not everything could be told";
