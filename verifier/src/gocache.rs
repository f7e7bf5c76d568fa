//! `verify-build cache`.

use crate::args::cache::Cache;
use crate::config::Host;
use crate::report::printed::Printed;

/// Runs the command.
///
/// # Errors
/// Always, until it is built.
pub fn run(_args: &Cache, _host: &Host) -> anyhow::Result<Box<dyn Printed>> {
    anyhow::bail!("not built yet")
}
