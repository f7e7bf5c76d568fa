//! Variables of the environment: time zone, locale, clock, and those nobody knows.

use std::ffi::OsStr;

use super::{Ground, was};
use crate::rebuild::scene::Scene;

/// Fourteen hours before UTC, where the day is another for most of the day.
const EAST: &str = "<+14>-14";

/// Twelve hours behind.
const WEST: &str = "<-12>12";

pub(super) fn other_time_zone(_: &Ground<'_>, scene: &mut Scene) -> String {
    let before = was(scene, "TZ");
    // Written out, so that it holds without a database of zones; Go's own
    // programs know only the database, and take it for UTC.
    let zone = if before == EAST { WEST } else { EAST };
    scene.variables.insert("TZ".into(), zone.into());
    format!("{zone}, in place of {before}")
}

/// Where upper and lower case of the letter i are other letters.
const TURKISH: &str = "tr_TR.UTF-8";

/// Where numbers are written another way.
const SWISS: &str = "fr_CH.UTF-8";

pub(super) fn other_locale(_: &Ground<'_>, scene: &mut Scene) -> String {
    let before = was(scene, "LC_ALL");
    // Installed or not: programs see the name, and those that have its
    // rules follow them.
    let locale = if before == TURKISH { SWISS } else { TURKISH };
    for name in ["LANG", "LC_ALL", "LANGUAGE"] {
        scene.variables.insert(name.into(), locale.into());
    }
    format!("{locale}, in place of LC_ALL {before}")
}

pub(super) fn other_gomaxprocs(ground: &Ground<'_>, scene: &mut Scene) -> String {
    let before = was(scene, "GOMAXPROCS");
    let is_one = before == "1" || (before == "unset" && ground.machine.processors.len() == 1);
    let count = if is_one { "3" } else { "1" };
    scene.variables.insert("GOMAXPROCS".into(), count.into());
    format!("{count}, in place of {before}")
}

/// Gives the rest of the environment, and a variable that nobody knows.
pub(super) fn others(ground: &Ground<'_>, scene: &mut Scene) -> String {
    for (name, value) in ground.others {
        scene.variables.insert(name.clone(), value.clone());
    }
    let stray = "VERIFY_BUILD_STRAY";
    scene.variables.insert(stray.into(), "1".into());
    let count = ground.others.len();
    format!("{count} more variables of this environment, and {stray}=1")
}

const CLOCK: &str = "SOURCE_DATE_EPOCH";

/// In May 2033: another year, month, day, hour and minute than now for long.
const OTHER_TIME: &str = "2000000000";

pub(super) fn no_clock_is_set(ground: &Ground<'_>) -> Result<(), String> {
    match ground.project.variables.get(OsStr::new(CLOCK)) {
        None => Ok(()),
        Some(_) => Err(format!(
            "{CLOCK} is set, which takes the place of the clock; no host lets one process have another time of day"
        )),
    }
}

/// Nothing on a host changes the clock for one build alone: time namespaces shift the
/// clocks that count from the start of the machine, and libraries that fake it are not
/// loaded into Go's programs, which are linked statically. But C compilers, and most
/// tools that write a date, take it from a variable where that is set. The go command
/// itself writes no time of day into programs.
///
/// Source: reproducible-builds.org/specs/source-date-epoch
pub(super) fn other_clock(_: &Ground<'_>, scene: &mut Scene) -> String {
    scene.variables.insert(CLOCK.into(), OTHER_TIME.into());
    format!(
        "{CLOCK}={OTHER_TIME}, which C compilers take for the time; who asks the clock itself saw the real one"
    )
}
