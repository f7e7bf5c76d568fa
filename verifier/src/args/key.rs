//! `verify-build key`.

use std::ffi::OsString;
use std::path::PathBuf;

use clap::{Args, Subcommand, ValueHint};

/// Make and show the keys that observations and certificates are signed with
#[derive(Debug, Clone, Args)]
#[command(after_help = AFTER_HELP)]
pub struct Key {
    /// What to do
    #[command(subcommand)]
    pub command: Command,
}

/// What to do with a key.
#[derive(Debug, Clone, Subcommand)]
pub enum Command {
    /// Make a key, in a new file that its owner alone can read
    #[command(after_help = "Example: verify-build key new --out host.key")]
    New(New),
    /// Show the public half of a key: its ID, and the line for the quorum file
    #[command(
        after_help = "Examples:\n  verify-build key show host.key\n  verify-build key show owner.key --public > owner.pem    what check --key takes"
    )]
    Show(Show),
}

/// How to make a key.
#[derive(Debug, Clone, Args)]
pub struct New {
    /// The file; one that is there is never overwritten
    #[arg(long, value_name = "KEYFILE", value_hint = ValueHint::FilePath)]
    pub out: PathBuf,

    /// A P-256 key, which some Sigstore logs want, instead of an Ed25519 key
    #[arg(long)]
    pub p256: bool,
}

/// Which key to show, and how.
#[derive(Debug, Clone, Args)]
pub struct Show {
    /// The file of the private or the public key, or env:NAME
    #[arg(value_name = "KEYFILE|env:NAME", value_parser = source, value_hint = ValueHint::FilePath)]
    pub key: Source,

    /// Print the public key alone, as PEM
    #[arg(long)]
    pub public: bool,
}

/// Where a key is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Source {
    /// In a file.
    File(PathBuf),
    /// In a variable of the environment.
    Variable(OsString),
}

/// Tells a variable from a file.
///
/// # Errors
/// `env:` without a name.
pub fn source(text: &str) -> Result<Source, String> {
    match text.strip_prefix("env:") {
        None => Ok(Source::File(text.into())),
        Some("") => Err("name the variable: env:NAME; a file of that name is ./env:".to_owned()),
        Some(name) => Ok(Source::Variable(name.into())),
    }
}

const AFTER_HELP: &str = "\
Examples:
  verify-build key new --out host.key             once on every host
  verify-build key show host.key                  the line for quorum.yaml
  verify-build key new --out owner.key            for whoever certifies
  verify-build key show owner.key --public > owner.pem

A private key is PEM of PKCS #8, as OpenSSL and rebuilderd write it; it is never
printed. Keep it where the builds can't read it: a build that has the key can sign
anything.

Exit codes:
  0  the key was made or shown
  2  a file is there already, can't be read or holds no key";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_variable_is_told_from_a_file() {
        assert_eq!(source("env:KEY"), Ok(Source::Variable("KEY".into())));
        assert_eq!(source("./env:KEY"), Ok(Source::File("./env:KEY".into())));
        assert_eq!(source("host.key"), Ok(Source::File("host.key".into())));
        assert!(source("env:").is_err());
    }
}
