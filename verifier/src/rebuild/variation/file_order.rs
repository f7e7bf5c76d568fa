//! The order in which a folder lists its files, which follows from the order of
//! their making on some file systems.

use super::{Ground, Variation, needs_copy};
use crate::host::machine::Listing;
use crate::rebuild::scene::Scene;

/// See the module.
#[derive(Debug)]
pub(super) struct FileOrder;

impl Variation for FileOrder {
    fn name(&self) -> &'static str {
        "file-order"
    }

    fn what(&self) -> &'static str {
        "source files made in the opposite order"
    }

    fn fix(&self) -> &'static str {
        "find what lists a folder without sorting: a generator, a wildcard in a script"
    }

    fn possible(&self, ground: &Ground<'_>) -> Result<(), String> {
        needs_copy(ground)?;
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

    fn apply(&self, _: &Ground<'_>, scene: &mut Scene) -> String {
        scene.sources.manner.reversed = true;
        "made from the last name to the first".into()
    }
}

/// The most that is copied to memory, in bytes.
const MEMORY_MAX: u64 = 256 << 20;
