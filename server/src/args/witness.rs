//! `sumward witness`.

use std::path::PathBuf;

use clap::Subcommand;

/// Commands of a witness.
#[derive(Debug, Clone, Subcommand)]
pub enum Witness {
    /// Make the key of a witness, and print what the owners of logs are told
    Keygen {
        /// The witness's name, such as witness.corp.example/w1; it never changes
        #[arg(value_name = "NAME")]
        name: String,
        /// The file for the key, which only its owner can read; it must not be there yet
        #[arg(long, value_name = "KEYFILE")]
        out: PathBuf,
    },
    /// Answer requests for cosignatures (c2sp.org/tlog-witness) on the address of --listen
    ///
    /// The file says `key: KEYFILE` and, under `logs`, for each log its `keys` and, where
    /// that is not the name of the first, its `origin`. The data folder is of the witness
    /// alone. Never restore it from a backup: a witness that has forgotten a head can be
    /// made to sign a second history. Begin anew with another key.
    Serve {
        /// The file with the key's place and the logs (YAML)
        #[arg(value_name = "FILE")]
        file: PathBuf,
    },
}
