//! `verify-build check`.

use std::path::PathBuf;

use clap::ValueHint;

/// Check a certificate, and the program that it is about, without asking anybody
#[derive(Debug, Clone, clap::Args)]
#[command(after_help = AFTER_HELP)]
pub struct Check {
    /// The certificate
    #[arg(value_name = "CERTIFICATE", value_hint = ValueHint::FilePath)]
    pub certificate: PathBuf,

    /// The program
    #[arg(value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub artifact: PathBuf,

    /// The owner's public key
    #[arg(long, value_name = "PEM", value_hint = ValueHint::FilePath)]
    pub key: PathBuf,

    /// The quorum file that the decision must have been made by
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub quorum: Option<PathBuf>,

    /// The version of the quorum file that is the oldest to take
    #[arg(long, value_name = "NUMBER")]
    pub quorum_version: Option<u64>,

    /// The nonce after which everything must have been signed (+F)
    #[arg(long, value_name = "TEXT")]
    pub nonce: Option<String>,
}

const AFTER_HELP: &str = "\
The owner's signature is checked first. Then everything is concluded again from the
observations in the certificate, and the program is held against what they say of it:
build ID, self-check, Go version, modules, settings, and the link's preimage, which
gives part A of the build ID.

A certificate says what was shown when it was made. Keys that were revoked since are
not known to it: demand a newer quorum file with --quorum or --quorum-version.

Examples:
  verify-build check cert.jsonl dist/tool --key owner.pem
  verify-build check --quorum quorum.yaml --key owner.pem cert.jsonl dist/tool

Exit codes:
  0  what the quorum file demands is shown of this program
  1  the certificate is not this owner's, does not follow from what is in it, is about
     another program, or speaks against this one
  2  a file could not be read, or the command line is wrong
  3  the certificate says that it can't be told";
