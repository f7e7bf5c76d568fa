//! `verify-build rebuild`.

use std::ffi::OsString;
use std::path::PathBuf;
use std::time::Duration;

use clap::ValueHint;

/// Build a program again and again while varying what should not matter
#[derive(Debug, Clone, clap::Args)]
#[command(
    override_usage = "verify-build rebuild [OPTIONS] [--] [GO BUILD FLAGS] PACKAGE",
    after_help = AFTER_HELP
)]
pub struct Rebuild {
    /// The go command; by default the one on PATH
    #[arg(long, value_name = "PATH", value_hint = ValueHint::ExecutablePath)]
    pub go: Option<PathBuf>,

    /// The longest that one build may take: 90s, 20m, 2h
    #[arg(long, value_name = "TIME", default_value = "20m", value_parser = duration)]
    pub timeout: Duration,

    /// Keep every program built in this folder, and the records beside them
    #[arg(long, value_name = "DIR", value_hint = ValueHint::DirPath)]
    pub keep: Option<PathBuf>,

    /// Write the record of each build to this folder
    #[arg(long, value_name = "DIR", value_hint = ValueHint::DirPath)]
    pub record: Option<PathBuf>,

    /// Build once more with this build cache, as warm as it is
    #[arg(long, value_name = "DIR", value_hint = ValueHint::DirPath)]
    pub gocache: Option<PathBuf>,

    /// Vary only these, by name
    #[arg(long, value_name = "NAME", value_delimiter = ',', value_parser = variation)]
    pub vary: Vec<&'static str>,

    /// Do not vary these
    #[arg(long, value_name = "NAME", value_delimiter = ',', value_parser = variation)]
    pub skip: Vec<&'static str>,

    /// Let this variable of the environment through to every build
    #[arg(long, value_name = "VARIABLE", value_delimiter = ',')]
    pub pass: Vec<OsString>,

    /// Stop looking for what matters after this many builds
    #[arg(long, value_name = "COUNT", default_value_t = 60, value_parser = clap::value_parser!(u16).range(3..))]
    pub max_builds: u16,

    /// Flags for go build, and the package
    #[arg(
        value_name = "ARGUMENT",
        required = true,
        trailing_var_arg = true,
        allow_hyphen_values = true
    )]
    pub build: Vec<OsString>,
}

/// What can be varied, in the order in which it is listed and halved: what most
/// often matters first.
pub const VARIATIONS: [&str; 17] = [
    "source-folder",
    "goroot",
    "module-cache",
    "home",
    "tmpdir",
    "user",
    "umask",
    "time-zone",
    "locale",
    "gomaxprocs",
    "parallel-builds",
    "cpu-count",
    "hostname",
    "file-times",
    "file-order",
    "environment",
    "clock",
];

/// Finds a variation by name.
fn variation(name: &str) -> Result<&'static str, String> {
    let found = VARIATIONS.into_iter().find(|known| *known == name);
    found.ok_or_else(|| {
        format!(
            "there is no variation {name:?}, only {}",
            VARIATIONS.join(", ")
        )
    })
}

/// Parses a number with its unit.
pub(super) fn duration(text: &str) -> Result<Duration, String> {
    let problem = || format!("{text:?} is no time; write 90s, 20m or 2h");
    let digits = text.len() - text.trim_start_matches(|c: char| c.is_ascii_digit()).len();
    let (number, unit) = text.split_at(digits);
    let seconds: u64 = match unit {
        "s" => 1,
        "m" => 60,
        "h" => 3600,
        _ => return Err(problem()),
    };
    let number: u64 = number.parse().map_err(|_| problem())?;
    let all = number.checked_mul(seconds).filter(|all| *all > 0);
    all.map(Duration::from_secs).ok_or_else(problem)
}

const AFTER_HELP: &str = "\
Two builds are made alike, with a cold and with a warm build cache, and one with
everything varied at once. Where they differ, halves of the variations are tried
until those are left that matter.

What differs is built again, and the first build a third time: a step that now and
then gives something else is told from a variation that matters.

The program is built where you stand, with caches of its own in a temporary
folder. Builds see PATH, HOME, USER, TMPDIR, TZ, the locale, what go, git and C
compilers read, and proxies; --pass lets more through.

Examples:
  verify-build rebuild -trimpath ./cmd/tool
  verify-build rebuild --timeout 1h --keep out -- -tags netgo -ldflags '-s -w' .
  verify-build rebuild --vary source-folder,umask -trimpath .
  verify-build rebuild --gocache \"$(go env GOCACHE)\" -trimpath .

Variations: source-folder, goroot, module-cache, home, tmpdir, user, umask,
time-zone, locale, gomaxprocs, parallel-builds, cpu-count, hostname, file-times,
file-order, environment, clock

Files:
  DIR/build-1.json      of each build what it was made from and with (--keep, --record);
                        passwords and tokens stay out, whatever variable they are in
  DIR/build-1/PROGRAM   the program it gave (--keep)

Exit codes:
  0  every build gave the same bytes
  1  builds differ
  2  the program does not build, or the command line is wrong
  3  inconclusive: builds agree, but nothing was varied, or with some variation
     there was no program
  130  interrupted by Ctrl-C or a signal";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_have_units() {
        assert_eq!(duration("90s"), Ok(Duration::from_secs(90)));
        assert_eq!(duration("2h"), Ok(Duration::from_secs(7200)));
        for wrong in ["", "5", "m", "0s", "-1m", "1.5h", "99999999999999999999h"] {
            assert!(duration(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn help_names_every_variation() {
        let list = AFTER_HELP.split_once("Variations: ").unwrap().1;
        let list = list.split_once("\n\n").unwrap().0.replace('\n', " ");
        let names: Vec<&str> = list.split(", ").collect();
        assert_eq!(names, VARIATIONS);
    }

    #[test]
    fn variations_are_found_by_name_and_unknown_ones_are_refused_with_all() {
        for name in VARIATIONS {
            assert_eq!(variation(name), Ok(name));
        }
        let said = variation("moon-phase").unwrap_err();
        assert!(
            said.contains("\"moon-phase\", only source-folder, goroot"),
            "{said}"
        );
    }
}
