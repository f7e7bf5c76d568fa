//! The locale: LANG, LC_ALL and LANGUAGE.

use super::{Ground, Variation, was};
use crate::rebuild::scene::Scene;

/// See the module.
#[derive(Debug)]
pub(super) struct Locale;

impl Variation for Locale {
    fn name(&self) -> &'static str {
        "locale"
    }

    fn what(&self) -> &'static str {
        "another locale"
    }

    fn fix(&self) -> &'static str {
        "set LC_ALL=C for the build, and find what sorts or prints by locale"
    }

    fn possible(&self, _: &Ground<'_>) -> Result<(), String> {
        Ok(())
    }

    fn apply(&self, _: &Ground<'_>, scene: &mut Scene) -> String {
        let before = was(scene, "LC_ALL");
        // Installed or not: programs see the name, and those that have its
        // rules follow them.
        let locale = if before == TURKISH { SWISS } else { TURKISH };
        for name in ["LANG", "LC_ALL", "LANGUAGE"] {
            scene.variables.insert(name.into(), locale.into());
        }
        format!("{locale}, in place of LC_ALL {before}")
    }
}

/// Where upper and lower case of the letter i are other letters.
const TURKISH: &str = "tr_TR.UTF-8";

/// Where numbers are written another way.
const SWISS: &str = "fr_CH.UTF-8";
