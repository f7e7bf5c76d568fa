//! How to print: the flags every command knows.

use clap::ValueEnum;

/// How to print.
#[derive(Debug, Clone, clap::Args)]
pub struct Output {
    /// Text for people, or JSON for programs (schemas: verifier/schema)
    #[arg(long, value_enum, default_value_t = Format::Text, global = true)]
    pub format: Format,

    /// Show every section, range and piece of evidence
    #[arg(long, short, global = true)]
    pub verbose: bool,

    /// Print nothing; the exit code is the answer
    #[arg(long, short, global = true, conflicts_with = "verbose")]
    pub quiet: bool,

    /// Colour the text; auto means on a terminal, unless NO_COLOR is set
    #[arg(long, value_enum, default_value_t = Color::Auto, global = true, value_name = "WHEN")]
    pub color: Color,
}

/// Output formats.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Format {
    /// For people
    Text,
    /// For programs
    Json,
}

/// When to use colour.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Color {
    /// On a terminal, unless NO_COLOR is set
    Auto,
    /// Always
    Always,
    /// Never
    Never,
}
