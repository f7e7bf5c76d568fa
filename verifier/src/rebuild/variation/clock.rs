//! The time of day: nothing on a host can change it for one build alone.

use super::{Ground, Variation};
use crate::rebuild::scene::Scene;

/// See the module. Time namespaces shift the clocks that count from the start of
/// the machine, not the time of day; libraries that fake it are not loaded into
/// Go's programs, which are linked statically.
#[derive(Debug)]
pub(super) struct Clock;

impl Variation for Clock {
    fn name(&self) -> &'static str {
        "clock"
    }

    fn what(&self) -> &'static str {
        "another time of day"
    }

    fn fix(&self) -> &'static str {
        "find what writes the time into the program"
    }

    fn possible(&self, _: &Ground<'_>) -> Result<(), String> {
        Err(WHY_NOT.into())
    }

    fn apply(&self, _: &Ground<'_>, _: &mut Scene) -> String {
        "as it goes on".into()
    }
}

const WHY_NOT: &str =
    "no host lets one process have another time of day; builds only ran one after the other";
