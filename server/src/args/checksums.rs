//! `sumward checksums`.

use std::path::PathBuf;

use clap::Subcommand;

/// Commands on signed lists of checksums.
#[derive(Debug, Clone, Subcommand)]
pub enum Checksums {
    /// Sign what `sha256sum` printed; prints the line that others trust
    #[command(after_help = SIGN_HELP)]
    Sign {
        /// The list: a line a file, with names alone and no paths
        #[arg(value_name = "SHA256SUMS")]
        list: PathBuf,
        /// The key, as `sumward bundle keygen` makes one
        #[arg(long, value_name = "KEYFILE")]
        key: PathBuf,
        /// Where the signed list goes
        #[arg(long, value_name = "FILE")]
        out: PathBuf,
    },
    /// Check the signature of a list, then every file that it lists
    ///
    /// A file that is not there is no failure but said: who needs one package does not have
    /// the others. When none is there, it is.
    #[command(after_help = VERIFY_HELP)]
    Verify {
        /// The signed list
        #[arg(value_name = "FILE")]
        note: PathBuf,
        /// The line that `checksums sign` and `bundle keygen` print; may be repeated
        #[arg(long, value_name = "LINE", required = true)]
        trust: Vec<String>,
        /// Where the files are [default: the folder of the signed list]
        #[arg(long, value_name = "FOLDER")]
        folder: Option<PathBuf>,
    },
}

const SIGN_HELP: &str = "\
Example:
  sumward bundle keygen releases.example --out releases.key
  sha256sum *.rpm > SHA256SUMS
  sumward checksums sign SHA256SUMS --key releases.key --out SHA256SUMS.note";

const VERIFY_HELP: &str = "\
Example:
  sumward checksums verify SHA256SUMS.note --trust releases.example+1a2b3c4d+AbCd...

Exit status: 0 signed by a trusted key, and every file that is there is as listed; 1 not so.";
