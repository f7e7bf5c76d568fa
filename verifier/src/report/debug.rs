//! What debug information says, as the report holds it.

use std::collections::BTreeMap;

use serde::Serialize;

use crate::artifact::Artifact;
use crate::dwarf::{Dwarf, Language, Unit};

/// The most compilers or folders listed.
const LIST_MAX: usize = 200;

/// Compilers and the folders they ran in.
#[derive(Debug, Clone, Serialize)]
pub struct Debug {
    /// How many units there are.
    pub units: usize,
    /// Every compiler with the flags that it records (random seeds left out).
    pub producers: Vec<Producer>,
    /// Every folder that something was compiled in.
    pub folders: Vec<String>,
}

/// A compiler.
#[derive(Debug, Clone, Serialize)]
pub struct Producer {
    /// `go`, `c` (and what else C compilers know) or `assembly`.
    pub language: &'static str,
    /// Its name, version and flags.
    pub producer: String,
    /// How many units it made.
    pub units: usize,
}

impl Debug {
    /// Reads the debug information of a file, if it has any.
    pub fn of(artifact: &Artifact) -> Option<Self> {
        let dwarf = Dwarf::read(artifact.bytes(), &artifact.image);
        if dwarf.units.is_empty() {
            return None;
        }
        let mut producers: BTreeMap<(&str, String), usize> = BTreeMap::new();
        let mut folders: Vec<String> = Vec::new();
        for unit in &dwarf.units {
            let key = (language(unit), unit.split_seed().0);
            *producers.entry(key).or_default() += 1;
            folders.push(unit.folder.clone());
        }
        folders.sort();
        folders.dedup();
        folders.truncate(LIST_MAX);
        let producer = |((language, producer), units)| Producer {
            language,
            producer,
            units,
        };
        Some(Self {
            units: dwarf.units.len(),
            producers: producers.into_iter().take(LIST_MAX).map(producer).collect(),
            folders,
        })
    }
}

fn language(unit: &Unit) -> &'static str {
    match unit.language {
        Language::Go => "go",
        Language::C => "c",
        Language::Assembly => "assembly",
    }
}
