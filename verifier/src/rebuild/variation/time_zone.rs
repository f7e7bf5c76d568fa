//! The time zone: TZ.

use super::{Ground, Variation, was};
use crate::rebuild::scene::Scene;

/// See the module.
#[derive(Debug)]
pub(super) struct TimeZone;

impl Variation for TimeZone {
    fn name(&self) -> &'static str {
        "time-zone"
    }

    fn what(&self) -> &'static str {
        "another time zone"
    }

    fn fix(&self) -> &'static str {
        "set TZ=UTC for the build, and find what writes a local time into the program"
    }

    fn possible(&self, _: &Ground<'_>) -> Result<(), String> {
        Ok(())
    }

    fn apply(&self, _: &Ground<'_>, scene: &mut Scene) -> String {
        let before = was(scene, "TZ");
        // Written out, so that it holds without a database of zones; Go's own
        // programs know only the database, and take it for UTC.
        let zone = if before == EAST { WEST } else { EAST };
        scene.variables.insert("TZ".into(), zone.into());
        format!("{zone}, in place of {before}")
    }
}

/// Fourteen hours before UTC, where the day is another for most of the day.
const EAST: &str = "<+14>-14";

/// Twelve hours behind.
const WEST: &str = "<-12>12";
