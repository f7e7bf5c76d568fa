//! `verify-build observe`.

use std::ffi::OsString;
use std::path::PathBuf;
use std::time::Duration;

use clap::ValueHint;

use super::key::{Source, source};
use super::rebuild::duration;

/// Build a program with a cold and a warm cache, and sign what this host saw
#[derive(Debug, Clone, clap::Args)]
#[command(
    override_usage = "verify-build observe [OPTIONS] -o DIR [--] [GO BUILD FLAGS] PACKAGE",
    after_help = AFTER_HELP
)]
pub struct Observe {
    /// Where the observations go; made where it is not there
    #[arg(short = 'o', long = "out", value_name = "DIR", value_hint = ValueHint::DirPath)]
    pub out: PathBuf,

    /// Sign with this private key; without it an observation counts for nothing
    #[arg(long, value_name = "KEYFILE|env:NAME", value_parser = source, value_hint = ValueHint::FilePath)]
    pub key: Option<Source>,

    /// The file that keeps the digest of the key's last observation, or that observation
    /// itself; by default KEYFILE.last
    #[arg(long, value_name = "FILE", requires = "key", value_hint = ValueHint::FilePath)]
    pub previous: Option<PathBuf>,

    /// Build once more with what lies in this build cache, as the go command would take it
    #[arg(long, value_name = "DIR", value_hint = ValueHint::DirPath)]
    pub gocache: Option<PathBuf>,

    /// Build once more from this record of verify-build cacheprog (Go 1.24 and later)
    #[arg(long, value_name = "RECORD", conflicts_with = "gocache", value_hint = ValueHint::DirPath)]
    pub cacheprog: Option<PathBuf>,

    /// Sign this text too: shows that it was signed after the text was given out
    #[arg(long, value_name = "TEXT", requires = "key")]
    pub nonce: Option<String>,

    /// Put the programs beside the observations, so that matrix can say why they differ;
    /// those that differ are put there in any case
    #[arg(long)]
    pub keep: bool,

    /// What this host runs in; by default what its os-release says
    #[arg(long, value_name = "NAME")]
    pub image: Option<String>,

    /// A fact about this host that nobody can measure, as NAME=VALUE; it is published
    #[arg(long = "fact", value_name = "NAME=VALUE", value_parser = fact)]
    pub facts: Vec<(String, String)>,

    /// The go command; by default the one on PATH
    #[arg(long, value_name = "PATH", value_hint = ValueHint::ExecutablePath)]
    pub go: Option<PathBuf>,

    /// The longest that one build may take: 90s, 20m, 2h
    #[arg(long, value_name = "TIME", default_value = "20m", value_parser = duration)]
    pub timeout: Duration,

    /// Let this variable of the environment through to every build
    #[arg(long, value_name = "VARIABLE", value_delimiter = ',')]
    pub pass: Vec<OsString>,

    /// Flags for go build, and the package
    #[arg(
        value_name = "ARGUMENT",
        required = true,
        trailing_var_arg = true,
        allow_hyphen_values = true
    )]
    pub build: Vec<OsString>,
}

fn fact(text: &str) -> Result<(String, String), String> {
    let problem = || {
        format!("{text:?} is not a fact; write NAME=VALUE, the name of small letters, digits and -")
    };
    let (name, value) = text.split_once('=').ok_or_else(problem)?;
    let is_name = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
    if name.is_empty() || !name.bytes().all(is_name) || value.chars().any(char::is_control) {
        return Err(problem());
    }
    Ok((name.to_owned(), value.to_owned()))
}

const AFTER_HELP: &str = "\
Builds with an empty cache, then again on the cache that left behind, then with the
cache or record that was named, and writes one observation a build: what went in (the
same text on every host that builds alike), what came out, which compiled packages the
build took from the cache and which it made, and what this host is. A build that failed
and one that differs are written and signed as well. verify-build certify compares the
observations of several hosts.

A signature says who saw something, not that it is so. Of variables and flags only
values known to be harmless are written, and the variable that holds a key is passed to
no program.

Since Go 1.24 the builds ask verify-build for every cached output (GOCACHEPROG), and a
cache that was named is read and never written to. Older Go uses the cache itself; what
it took is told by listing the cache before and after.

Examples:
  verify-build observe --key host.key -o obs/ -- -trimpath ./cmd/app
  verify-build observe --key env:SIGNING_KEY --previous last.txt --nonce 7f3a \\
    -o obs/ -- -trimpath ./cmd/app
  verify-build observe --key host.key --gocache /var/cache/go -o obs/ -- -trimpath .
  verify-build observe -o obs/ -- -trimpath -o app .     unsigned, to try it out

Files:
  DIR/*.observation.json  one a build
  DIR/*.closure           the packages that a build took in, named by their SHA-256
  DIR/*.program           programs, named by their SHA-256
  KEYFILE.last            the digest of the newest observation, which the next one names

Exit codes:
  0  every build gave the same program and took in the same packages
  1  two builds differ, in the program or in the packages that went into it, or a
     package is not what its entry in the cache says
  2  a build failed, or the command line is wrong
  3  every build gave the same program, and what it took from a cache is not known
  130  interrupted by Ctrl-C or a signal; what was signed until then stays";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn facts_have_a_plain_name() {
        assert_eq!(fact("name=host 1"), Ok(("name".into(), "host 1".into())));
        assert_eq!(fact("rack-2=a=b"), Ok(("rack-2".into(), "a=b".into())));
        for wrong in ["name", "=x", "Name=x", "a b=c", "name=a\nb"] {
            assert!(fact(wrong).is_err(), "{wrong}");
        }
    }
}
