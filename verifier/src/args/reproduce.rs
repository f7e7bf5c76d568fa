//! `verify-build reproduce`.

use std::path::PathBuf;
use std::time::Duration;

use clap::ValueHint;

use super::key::{Source, source};
use super::rebuild::duration;

/// Build a published program again from its source, as its file says it was built
#[derive(Debug, Clone, clap::Args)]
#[command(after_help = AFTER_HELP)]
pub struct Reproduce {
    /// The program, or a package that holds it (wheel, npm, deb, rpm, image, tar, zip)
    #[arg(value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub file: PathBuf,

    /// The source: a checkout, or a module that GOPROXY has
    ///
    /// Without it, the module and version that the file names are asked for.
    #[arg(long, value_name = "DIR|MODULE@VERSION")]
    pub source: Option<String>,

    /// Work in this folder and keep it; a later run goes on from what is there
    #[arg(short = 'o', long = "work", value_name = "DIR", value_hint = ValueHint::DirPath)]
    pub work: Option<PathBuf>,

    /// A go command or an installation to use, where its release is the one that is
    /// needed; by default the one on PATH
    #[arg(long, value_name = "PATH", value_hint = ValueHint::AnyPath)]
    pub go: Option<PathBuf>,

    /// In a package with several programs: the one to build, by its path in there or
    /// its import path
    #[arg(long, value_name = "NAME")]
    pub program: Option<String>,

    /// End after this time with what is known by then: 90s, 20m, 2h
    #[arg(long, value_name = "TIME", default_value = "1h", value_parser = duration)]
    pub time_limit: Duration,

    /// End when the work folder holds more than this: 500M, 10G
    #[arg(long, value_name = "SIZE", default_value = "10G", value_parser = size)]
    pub disk_limit: u64,

    /// Sign what this host saw with this private key, as verify-build observe does: the
    /// nearest program is built again, with a cold and a warm cache
    #[arg(long, value_name = "KEYFILE|env:NAME", value_parser = source, value_hint = ValueHint::FilePath)]
    pub key: Option<Source>,

    /// The file that keeps the digest of the key's last observation, or that observation
    /// itself; by default KEYFILE.last
    #[arg(long, value_name = "FILE", requires = "key", value_hint = ValueHint::FilePath)]
    pub previous: Option<PathBuf>,

    /// Sign this text too: shows that it was signed after the text was given out
    #[arg(long, value_name = "TEXT", requires = "key")]
    pub nonce: Option<String>,

    /// Where the observations go
    #[arg(long, value_name = "DIR", default_value = "obs", requires = "key", value_hint = ValueHint::DirPath)]
    pub observations: PathBuf,

    /// Stop looking for a way after this many builds
    #[arg(long, value_name = "COUNT", default_value_t = 60, value_parser = clap::value_parser!(u16).range(1..))]
    pub max_builds: u16,
}

/// Parses a number of bytes with its unit.
fn size(text: &str) -> Result<u64, String> {
    let problem = || format!("{text:?} is not a size; write 500M or 10G");
    let (number, unit): (&str, u64) = match text.as_bytes().last() {
        Some(b'M') => (&text[..text.len() - 1], 1 << 20),
        Some(b'G') => (&text[..text.len() - 1], 1 << 30),
        _ => return Err(problem()),
    };
    let is_number = !number.is_empty() && number.bytes().all(|byte| byte.is_ascii_digit());
    let number: u64 = number.parse().map_err(|_| problem())?;
    let bytes = number
        .checked_mul(unit)
        .filter(|bytes| is_number && *bytes > 0);
    bytes.ok_or_else(problem)
}

const AFTER_HELP: &str = "\
Reads how the program was built, fetches its source, its dependencies and the Go
release that it names, builds it in a clean folder and compares. Where bytes differ,
one thing at a time is changed, as the difference tells, until the files are equal or
nothing is left to try. Each step says how many bytes still differ.

Modules and Go releases come through GOPROXY, and the go command proves them by
GOSUMDB; nothing is written outside the work folder. The program itself is never run.

A stamp of version control (commit, time) needs a checkout: from module files alone
the best is a program that is equal but for the stamp.

Values that -X set are printed as the program has them, in every format, and written to
plan.json. Where one may be a secret, publish no report.

Examples:
  verify-build reproduce ./tool                                 what the file names
  verify-build reproduce ./tool --source ~/src/tool             from a checkout
  verify-build reproduce ./tool --source example.com/tool@v1.2.3
  verify-build reproduce tool_1.2.3_amd64.deb --source ~/src/tool -o work
  verify-build reproduce ./tool --source ~/src/tool --key host.key --observations obs

Files:
  DIR/builds/*/program    what each build gave (-o)
  DIR/builds/*/plan.json  how it was built
  obs/*.observation.json  what was signed (--key, --observations)

Exit codes:
  0  the same bytes were built
  1  another program was built, whatever was tried; or one that is equal but for a
     signature, or for the stamp of version control, which module files can't show
  2  the file or the checkout can't be read, or the command line is wrong
  3  that can't be told: source, Go release or C compiler are not here, nothing could
     be built, a limit was reached, or the linker was given a flag (a secret, maybe)
     that shows in the build ID's hash alone
  130  interrupted by Ctrl-C or a signal; with -o the next run goes on from there";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_have_units() {
        assert_eq!(size("500M"), Ok(500 << 20));
        assert_eq!(size("10G"), Ok(10 << 30));
        for wrong in [
            "",
            "5",
            "G",
            "0G",
            "-1M",
            "+1M",
            "1.5G",
            "99999999999999G",
            "5K",
        ] {
            assert!(size(wrong).is_err(), "{wrong}");
        }
    }
}
