//! `verify-build toolchain`.

use crate::args::toolchain::Toolchain;
use crate::config::Host;
use crate::report::printed::Printed;

/// Runs the command.
///
/// # Errors
/// Always, until it is built.
pub fn run(_args: &Toolchain, _host: &Host) -> anyhow::Result<Box<dyn Printed>> {
    anyhow::bail!("not built yet")
}
