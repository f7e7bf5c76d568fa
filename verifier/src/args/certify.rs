//! `verify-build certify`.

use std::path::PathBuf;

use clap::ValueHint;

use super::key::{Source, source};

/// Conclude from observations of several hosts what is shown of a program, and sign it
#[derive(Debug, Clone, clap::Args)]
#[command(after_help = AFTER_HELP)]
pub struct Certify {
    /// Whom to believe, and what to demand
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub quorum: PathBuf,

    /// The owner's private key, in a file or in a variable of the environment
    #[arg(long, value_name = "KEYFILE|env:NAME", value_parser = source, value_hint = ValueHint::FilePath)]
    pub key: Source,

    /// The program to decide on; without it the one that most groups of hosts built
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub artifact: Option<PathBuf>,

    /// The time to decide by, as 2027-01-31T00:00:00Z; now when left out
    #[arg(long, value_name = "TIME")]
    pub at: Option<String>,

    /// The nonce that was given to the hosts, for +F: a text that nobody could guess before
    #[arg(long, value_name = "TEXT")]
    pub nonce: Option<String>,

    /// Ask the checksum database for the proofs that +T and +M rest on, by GOPROXY and
    /// GOSUMDB as the go command would; without it nobody is asked
    ///
    /// The proofs go into the certificate, which is then checked without asking anybody.
    /// What GONOSUMDB or GOPRIVATE covers is not asked for. The settings are those of the
    /// environment and of go env -w; an installation's own go.env is not read.
    #[arg(long)]
    pub online: bool,

    /// The same of this database, or of this proxy that relays it (a sumward, say)
    #[arg(long, value_name = "URL", value_hint = ValueHint::Url)]
    pub sumdb: Option<String>,

    /// Where the certificate goes
    #[arg(short = 'o', long = "out", value_name = "CERTIFICATE", value_hint = ValueHint::FilePath)]
    pub out: PathBuf,

    /// Observations, or folders of them with all that belongs to them, in folders of theirs too
    #[arg(value_name = "OBSERVATION", required = true, value_hint = ValueHint::AnyPath)]
    pub observations: Vec<PathBuf>,

    /// The same in forms that other programs read
    #[command(flatten)]
    pub export: Export,
}

/// The same in forms that other programs read.
#[derive(Debug, Clone, Default, clap::Args)]
#[command(next_help_heading = "Export")]
pub struct Export {
    /// Write a Sigstore bundle of the decision, and of each observation that counts
    #[arg(long, value_name = "DIR", value_hint = ValueHint::DirPath)]
    pub bundle: Option<PathBuf>,

    /// Write an in-toto layout and link of the program, both signed by the owner; where
    /// what was demanded is shown
    #[arg(long, value_name = "DIR", value_hint = ValueHint::DirPath)]
    pub in_toto: Option<PathBuf>,

    /// Write SLSA provenance of the program, signed by the owner; where what was demanded
    /// is shown
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub provenance: Option<PathBuf>,

    /// Write a SLSA verification summary, signed by the owner
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub vsa: Option<PathBuf>,

    /// Write a CycloneDX document that refers to the certificate
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub cyclonedx: Option<PathBuf>,
}

const AFTER_HELP: &str = "\
A decision follows from the quorum file, the observations, the time and nothing else:
whoever has the certificate makes it again (verify-build check). A decision that
speaks against a program is signed as well.

Examples:
  verify-build certify --quorum quorum.yaml --key owner.key -o cert.jsonl obs/
  verify-build certify --quorum quorum.yaml --key env:OWNER_KEY --artifact dist/tool \\
    --nonce 7f3a -o cert.jsonl host-a/ host-b/
  verify-build certify --quorum quorum.yaml --key owner.key --online -o cert.jsonl obs/
      with proofs that toolchain and modules are those of the checksum database

Files:
  DIR/*.observation.json                 observations (verify-build observe writes them)
  DIR/*.closure                          the packages that their builds consumed
  DIR/*.observation.json.tlog-proof      proofs that an observation is in the log
  DIR/*.evidence.jsonl                   more evidence, in lines as certificates have

Exit codes:
  0  what the quorum file demands is shown
  1  it is not, and something speaks against the program: certified as well
  2  a file could not be read or written, an export has no form for the decision (the
     certificate is written all the same), the command line is wrong, or --online was
     given and the settings name nobody to ask
  3  it is not shown, for evidence is missing: certified as well";
