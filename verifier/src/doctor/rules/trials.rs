//! What the long checks gave.

use super::{Found, Judged, RULES};
use crate::doctor::facts::Facts;

pub(super) fn all(facts: &Facts) -> Vec<Judged> {
    let mut all = Vec::new();
    for trial in &facts.trials {
        let mut judged = Judged::new("trial", trial.name.clone()).stands(trial.said.clone());
        match trial.holds {
            Some(true) => {}
            None => {
                judged.stands.clear();
                judged.not_asked = Some(format!("{}: not tried: {}", trial.name, trial.said));
            }
            Some(false) => {
                let known = RULES.iter().find(|(name, _, _)| *name == trial.rule);
                let rule = known.map_or("trial-failed", |(name, _, _)| *name);
                judged.add(
                    Found::new(rule, format!("{}: {}", trial.name, trial.said))
                        .seen("trial", trial.said.clone())
                        .fix(trial.fix.clone()),
                );
            }
        }
        all.push(judged);
    }
    all
}
