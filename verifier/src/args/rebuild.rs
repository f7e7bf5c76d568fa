//! `verify-build rebuild`.

/// Build a program again and again while varying what should not matter
#[derive(Debug, Clone, clap::Args)]
pub struct Rebuild {
    /// Flags for go build, and the package
    #[arg(
        value_name = "ARGUMENT",
        required = true,
        trailing_var_arg = true,
        allow_hyphen_values = true
    )]
    pub build: Vec<String>,
}
