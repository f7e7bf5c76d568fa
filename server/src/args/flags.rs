//! The flags that every command accepts.

use std::path::PathBuf;

use clap::Args as Group;

/// Settings given as flags. They override the variables named `SUMWARD_…`, which
/// override the configuration files, which override the go command's variables.
#[derive(Debug, Clone, Default, Group)]
pub struct Flags {
    /// Read settings from this YAML file; may be repeated, a later file overrides an
    /// earlier one [default: $SUMWARD_CONFIG]
    ///
    /// A folder stands for its *.yaml in the order of their names.
    #[arg(long, global = true, value_name = "FILE")]
    pub config: Vec<PathBuf>,

    /// Settings of this stage or host, over those of --config; may be repeated
    /// [default: $SUMWARD_STAGE]
    #[arg(long, global = true, value_name = "FILE")]
    pub stage: Vec<PathBuf>,

    /// Settings of a feature, over those of --stage; a file, or a folder such as conf.d; may
    /// be repeated [default: $SUMWARD_FEATURE]
    ///
    /// Only keys that cannot weaken the server may stand in one: how long, how much, how
    /// often, what is logged.
    #[arg(long, global = true, value_name = "FILE")]
    pub feature: Vec<PathBuf>,

    /// Take the files above only as this key has signed them, name+hash+key; may be repeated
    /// [default: $SUMWARD_CONFIG_TRUST, else the credential config-trust]
    ///
    /// `sumward config keygen` makes a key, `sumward config sign` the manifest. Unsigned,
    /// changed, expired or older settings are refused (exit 64).
    #[arg(long, global = true, value_name = "KEY")]
    pub config_trust: Vec<String>,

    /// The signed manifest [default: $SUMWARD_CONFIG_MANIFEST, else sumward.manifest beside
    /// the first file]
    #[arg(long, global = true, value_name = "FILE")]
    pub config_manifest: Option<PathBuf>,

    /// What this host or stage is called: the manifest must be signed for it (sign --for)
    /// [default: $SUMWARD_CONFIG_FOR]
    #[arg(long, global = true, value_name = "NAME")]
    pub config_for: Option<String>,

    /// Remember here which manifest was in use, so that no older one is taken [default:
    /// $SUMWARD_CONFIG_STATE, else config-accepted in $STATE_DIRECTORY or the data folder]
    #[arg(long, global = true, value_name = "FILE")]
    pub config_state: Option<PathBuf>,

    /// Set any key of the configuration file, for example `limits.fetches_max=8`; may be
    /// repeated
    ///
    /// Lists and keys are written as in YAML: `databases=[sum.golang.org]`,
    /// `upstream.private=[{modules: corp.example, list: 'https://proxy.corp.example'}]`.
    #[arg(long, global = true, value_name = "KEY=VALUE")]
    pub set: Vec<String>,

    /// Keep modules, proofs and the index here [default: $XDG_DATA_HOME/sumward]
    #[arg(long, global = true, value_name = "FOLDER")]
    pub data: Option<PathBuf>,

    /// Serve on this address [default: 127.0.0.1:8080]
    ///
    /// IP:PORT, :PORT for every address, unix:/path, or systemd:name for a socket that
    /// systemd hands down.
    #[arg(long, global = true, value_name = "ADDRESS")]
    pub listen: Option<String>,

    /// Serve /healthz, /readyz and /metrics on this address instead of the main one
    ///
    /// Written as --listen is. `DELETE /purge/MODULE[@VERSION]` purges there, so let
    /// only those reach it who may.
    #[arg(long, global = true, value_name = "ADDRESS")]
    pub admin: Option<String>,

    /// Where modules come from, in the syntax of GOPROXY
    ///
    /// After `,` the next entry is asked when this one answers 404 or 410; after `|`
    /// it is asked after any error. `off` serves only what is stored.
    #[arg(long, global = true, value_name = "GOPROXY")]
    pub upstream: Option<String>,

    /// A checksum database to prove modules in, in the syntax of GOSUMDB; may be repeated
    ///
    /// `name`, `name+hash+key`, either followed by a space and a URL, or `off`.
    #[arg(long, global = true, value_name = "GOSUMDB")]
    pub database: Vec<String>,

    /// Keep a checksum database of your own, signed with the key in this file
    ///
    /// `sumward keygen NAME --out KEYFILE` makes one. Clients set GOSUMDB to what it prints.
    #[arg(long, global = true, value_name = "KEYFILE")]
    pub own_database: Option<PathBuf>,

    /// Go on signing from the SIZE records that are there, although the mark of the newest
    /// signed head is missing or ahead
    ///
    /// Only when nobody has seen a newer head: clients would take the next one for a fork.
    #[arg(long, global = true, value_name = "SIZE")]
    pub accept_head: Option<u64>,

    /// End the process after this step of logging a record: for tests of crashes
    #[arg(long, global = true, hide = true, value_name = "STEP")]
    pub own_end_after: Option<String>,

    /// What to do with a module that is not proved [default: require]
    ///
    /// `require` refuses it, `report` serves it and records that, `off` does not look.
    #[arg(long, global = true, value_name = "MODE")]
    pub proof: Option<String>,

    /// Serve modules that match these patterns unproved, in the syntax of GONOSUMDB
    #[arg(long, global = true, value_name = "PATTERNS")]
    pub no_proof_for: Option<String>,

    /// Serve TLS with this certificate chain (PEM); needs --tls-key
    #[arg(long, global = true, value_name = "FILE")]
    pub tls_cert: Option<PathBuf>,

    /// The private key of --tls-cert (PEM)
    #[arg(long, global = true, value_name = "FILE")]
    pub tls_key: Option<PathBuf>,

    /// Trust these certificates (PEM) for upstreams, beside the system's
    #[arg(long, global = true, value_name = "FILE")]
    pub ca_file: Option<PathBuf>,

    /// Take upstream credentials from this file [default: $NETRC or ~/.netrc]
    #[arg(long, global = true, value_name = "FILE")]
    pub netrc: Option<PathBuf>,

    /// Write the log as `auto`, `text`, `json` or `journal` [default: auto]
    ///
    /// `auto` is entries of systemd's journal where standard error is the journal, else text.
    #[arg(long, global = true, value_name = "FORMAT")]
    pub log_format: Option<String>,

    /// What to log: error, warn, info, debug, trace, or filters such as `info,server::source::upstream=debug`
    #[arg(long, global = true, value_name = "LEVEL")]
    pub log_level: Option<String>,
}
