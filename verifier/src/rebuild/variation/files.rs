//! The source files: where they are, their times and their order.

use super::Ground;
use crate::host::machine::Listing;

/// The most that is copied to memory, in bytes.
const MEMORY_MAX: u64 = 256 << 20;

/// The folder that a program is built in is varied by a copy of its repository.
pub(super) fn can_be_copied(ground: &Ground<'_>) -> Result<(), String> {
    let roots = ground.project.roots.as_ref();
    roots.map(|_| ()).map_err(Clone::clone)
}

/// A copy can take the place of the sources only by a mount: at another path it
/// would vary two things.
pub(super) fn can_be_mounted(ground: &Ground<'_>) -> Result<(), String> {
    can_be_copied(ground)?;
    ground.machine.namespaces.as_ref().map_err(Clone::clone)?;
    Ok(())
}

/// The order in which a folder lists its files follows from the order of their making
/// on some file systems.
pub(super) fn order_can_be_another(ground: &Ground<'_>) -> Result<(), String> {
    can_be_mounted(ground)?;
    let listing = ground.machine.listing.as_ref().map_err(Clone::clone)?;
    let size = match (listing, &ground.project.roots) {
        (Listing::Memory, Ok(roots)) => roots.size(),
        _ => 0,
    };
    if size > MEMORY_MAX {
        return Err(format!(
            "only files in memory are listed by the order of their making here, and the sources are larger than {MEMORY_MAX} bytes"
        ));
    }
    Ok(())
}
