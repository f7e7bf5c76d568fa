//! `sumward monitor`.

use std::path::PathBuf;

use clap::Args;
use url::Url;

use super::Format;

/// What to watch.
#[derive(Debug, Clone, Args)]
pub struct Monitor {
    /// The checksum databases, of those that the settings follow: sum.golang.org
    #[arg(required = true, value_name = "NAME")]
    pub names: Vec<String>,
    /// Tell of modules that these patterns match, in the syntax of GOPRIVATE [default: of all]
    #[arg(long = "match", value_name = "PATTERNS")]
    pub patterns: Option<String>,
    /// The folder that remembers what was told; made when absent
    #[arg(long, value_name = "FOLDER")]
    pub state: PathBuf,
    /// Begin with this record where nothing is remembered [default: with what comes next]
    #[arg(long, value_name = "NUMBER")]
    pub from: Option<u64>,
    /// Post each record to this address as well: JSON, signed as Standard Webhooks has it
    #[arg(long, value_name = "URL", requires = "webhook_secret")]
    pub webhook: Option<Url>,
    /// The file with the secret that what is posted is signed with: whsec_ and base64
    #[arg(long, value_name = "FILE", requires = "webhook")]
    pub webhook_secret: Option<PathBuf>,
    /// Tell what is new and end
    #[arg(long)]
    pub once: bool,
    /// How many seconds to wait before looking again
    #[arg(long, value_name = "SECONDS", default_value_t = 60, value_parser = clap::value_parser!(u64).range(1..=86_400))]
    pub every: u64,
    /// How to print each record: `json` is one object a line
    #[arg(long, value_name = "FORMAT", default_value = "text")]
    pub format: Format,
}
