//! `verify-build lint`.

use crate::args::lint::Lint;
use crate::config::Host;
use crate::report::printed::Printed;

/// Runs the command.
///
/// # Errors
/// Always, until it is built.
pub fn run(_args: &Lint, _host: &Host) -> anyhow::Result<Box<dyn Printed>> {
    anyhow::bail!("not built yet")
}
