//! `sumward config`.

use std::path::PathBuf;

use clap::{Args, Subcommand};

use super::Format;

/// Commands on the settings.
#[derive(Debug, Clone, Subcommand)]
pub enum Config {
    /// Say whether the settings are good: prints them, or every error in them (exit 64)
    ///
    /// Says what a start would say: of the files, their signature, and the certificates, keys
    /// and credentials that they name.
    Check {
        /// The file to check [default: the one of --config]
        file: Option<PathBuf>,
    },
    /// Print the settings in effect as a configuration file, secrets left out
    Show {
        /// Say of each key where it was set
        #[arg(long)]
        origin: bool,
        /// As a configuration file, or as JSON
        #[arg(long, value_name = "FORMAT", default_value = "text")]
        format: Format,
    },
    /// Make the key that signs configurations, and print the line that servers trust
    Keygen {
        /// The key's name, such as config.corp.example
        #[arg(value_name = "NAME")]
        name: String,
        /// The file for the key, which only its owner can read; it must not be there yet
        #[arg(long, value_name = "KEYFILE")]
        out: PathBuf,
    },
    /// Sign the configuration files, each as the layer that its flag says
    ///
    /// Keep the key off the servers. Files with a mistake in them are not signed.
    #[command(after_help = SIGN_HELP)]
    Sign(Sign),
    /// Check the signature of the configuration, and say what it covers (exit 64 when it does
    /// not hold)
    ///
    /// Needs --config-trust, or what says it in the unit.
    Verify {
        /// For people, or as JSON
        #[arg(long, value_name = "FORMAT", default_value = "text")]
        format: Format,
    },
}

/// What is signed.
#[derive(Debug, Clone, Args)]
pub struct Sign {
    /// Files of the base layer, beside those of --config
    #[arg(value_name = "FILE")]
    pub files: Vec<PathBuf>,
    /// The file with the key, as `sumward config keygen` made it
    #[arg(long, value_name = "KEYFILE")]
    pub key: PathBuf,
    /// The number of this configuration, from 1: higher than the last one
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..))]
    pub serial: u64,
    /// Until when it holds: 2027-02-28 (to the end of that day, UTC) or 2027-02-28T12:00:00Z
    #[arg(long, value_name = "DATE")]
    pub not_after: String,
    /// From when it holds, written as --not-after is; a day from its begin on [default: always]
    #[arg(long, value_name = "DATE")]
    pub not_before: Option<String>,
    /// The host or stage that alone may use it: its --config-for [default: any without a name]
    #[arg(long = "for", value_name = "NAME")]
    pub audience: Option<String>,
    /// The manifest to write [default: sumward.manifest beside the first file]
    #[arg(short, long, value_name = "MANIFEST")]
    pub out: Option<PathBuf>,
}

const SIGN_HELP: &str = "\
Examples:
  sumward config sign --key config.key --serial 7 --not-after 2027-02-28 \\
      --config etc/sumward.yaml --stage etc/stage.yaml --feature etc/conf.d

  Names are relative to the manifest's folder: sign the folder as it is installed.";
