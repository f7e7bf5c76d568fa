//! Units of debug information side by side, for the explainers that read them.

use std::collections::BTreeMap;

use super::{Evidence, Pair};
use crate::artifact::Artifact;
use crate::dwarf::sections::bare;
use crate::dwarf::{Dwarf, Language, Unit};

/// The most pieces of evidence from units.
const EVIDENCE_MAX: usize = 12;

/// The units of both files.
pub(super) struct Units {
    pub(super) a: Dwarf,
    pub(super) b: Dwarf,
}

/// Units of one name in both files.
pub(super) struct Same<'u> {
    pub(super) a: &'u Unit,
    pub(super) b: &'u Unit,
}

impl Units {
    /// Reads the units of both files, when debug information of both differs.
    pub(super) fn read(pair: &Pair<'_>) -> Option<Self> {
        let has = |artifact: &Artifact| {
            artifact
                .image
                .regions
                .iter()
                .any(|region| bare(region) == Some("info"))
        };
        let is_debug = |name: &str| name.contains("debug_");
        let differs = pair
            .diff
            .regions
            .iter()
            .any(|region| is_debug(&region.name));
        (differs && has(pair.a) && has(pair.b)).then(|| Self {
            a: Dwarf::read(pair.a.bytes(), &pair.a.image),
            b: Dwarf::read(pair.b.bytes(), &pair.b.image),
        })
    }

    /// Returns how many units are not Go's, on both sides.
    pub(super) fn c_counts(&self) -> [usize; 2] {
        [self.a.c_units().count(), self.b.c_units().count()]
    }

    /// Pairs units by language and name, in order where a name comes more often.
    pub(super) fn paired(&self, is_go: bool) -> Vec<Same<'_>> {
        let mut others: BTreeMap<&str, Vec<&Unit>> = BTreeMap::new();
        let wanted = |unit: &&Unit| (unit.language == Language::Go) == is_go;
        for unit in self.b.units.iter().filter(wanted) {
            others.entry(&unit.name).or_default().push(unit);
        }
        others.values_mut().for_each(|units| units.reverse());
        let pair = |unit| {
            let other = others.get_mut(unit_name(unit))?.pop()?;
            Some(Same { a: unit, b: other })
        };
        self.a
            .units
            .iter()
            .filter(wanted)
            .filter_map(pair)
            .collect()
    }
}

fn unit_name(unit: &Unit) -> &str {
    &unit.name
}

/// Shows some of the units in which a value differs, each pair of values once.
pub(super) fn evidence<'u>(
    what: &str,
    units: impl Iterator<Item = &'u Same<'u>>,
    value: impl Fn(&Unit) -> String,
) -> Vec<Evidence> {
    let mut seen: Vec<(String, String)> = Vec::new();
    let mut evidence = Vec::new();
    for unit in units {
        let values = (value(unit.a), value(unit.b));
        if values.0 == values.1 || seen.contains(&values) || evidence.len() >= EVIDENCE_MAX {
            continue;
        }
        let place = format!(
            "{what} of {} (.debug_info at {:#x} and {:#x} once unpacked)",
            unit.a.name, unit.a.offset, unit.b.offset
        );
        evidence.push(Evidence::new(place, values.0.clone(), values.1.clone()));
        seen.push(values);
    }
    evidence
}
