//! The time of day, as far as programs let themselves be told it.

use super::{Ground, Variation};
use crate::rebuild::scene::Scene;

/// See the module. Nothing on a host changes the clock for one build alone: time
/// namespaces shift the clocks that count from the start of the machine, and
/// libraries that fake it are not loaded into Go's programs, which are linked
/// statically. But C compilers, and most tools that write a date, take it from a
/// variable where that is set. The go command itself writes no time of day into
/// programs.
///
/// Source: reproducible-builds.org/specs/source-date-epoch
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
        "find what writes the time into the program, __DATE__ and __TIME__ in C sources first; or set SOURCE_DATE_EPOCH to the time of the commit wherever it is built"
    }

    fn possible(&self, ground: &Ground<'_>) -> Result<(), String> {
        let name = std::ffi::OsStr::new(VARIABLE);
        match ground.project.variables.get(name) {
            None => Ok(()),
            Some(_) => Err(format!(
                "{VARIABLE} is set, which takes the place of the clock; no host lets one process have another time of day"
            )),
        }
    }

    fn apply(&self, _: &Ground<'_>, scene: &mut Scene) -> String {
        scene.variables.insert(VARIABLE.into(), OTHER_TIME.into());
        format!(
            "{VARIABLE}={OTHER_TIME}, which C compilers take for the time; who asks the clock itself saw the real one"
        )
    }
}

const VARIABLE: &str = "SOURCE_DATE_EPOCH";

/// In May 2033: another year, month, day, hour and minute than now for long.
const OTHER_TIME: &str = "2000000000";
