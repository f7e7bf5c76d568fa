//! The answer as JSON; its form is described in `schema/matrix-v1.json`.

use proto::matrix::split::Split;
use proto::matrix::table::Table;
use serde_json::{Value, json};

use super::{Outcome, Source, Why, sentence};
use crate::report::printed::Printed;

/// The name and version of the answer's form.
const SCHEMA: &str = "verify-build/matrix-v1";

impl Outcome {
    pub(super) fn value(&self) -> Value {
        let tables = self.tables.iter().zip(&self.causes);
        json!({
            "schema": SCHEMA,
            "tool": { "name": "verify-build", "version": env!("CARGO_PKG_VERSION") },
            "verdict": match self.exit() {
                crate::exit::Exit::Same => "agree",
                crate::exit::Exit::Different => "different",
                crate::exit::Exit::Unreadable | crate::exit::Exit::Inconclusive => "inconclusive",
            },
            "summary": self.summary(),
            "notes": self.notes(),
            "tables": tables.map(|(table, whys)| value(table, whys)).collect::<Vec<_>>(),
            "refused": self
                .refused
                .iter()
                .map(|(file, why)| json!({ "file": file, "reason": why }))
                .collect::<Vec<_>>(),
        })
    }
}

fn value(table: &Table, whys: &[Why]) -> Value {
    let inputs = table.entries.first().map(|entry| &entry.observation.inputs);
    let groups = table.groups.iter().enumerate().map(|(place, group)| {
        let why = whys.iter().find(|why| why.group == place);
        json!({
            "letter": group.letter,
            "sha256": group.product,
            "pattern": group.pattern,
            "hosts": group.hosts,
            "builds": group.members,
            "is_minority": group.is_minority,
            "causes": why.map_or(&[][..], |why| &why.causes),
            "causes_known_by": why.map(|why| match why.source {
                Source::Compared => "compared",
                Source::Told => "told",
            }),
        })
    });
    let rows = table.rows();
    let rows = rows
        .iter()
        .map(|row| json!({ "host": row.host, "cells": row.cells }));
    let builds = table.entries.iter().enumerate().map(|(index, entry)| {
        json!({
            "file": entry.file,
            "observation": entry.observation.digest().ok(),
            "key": entry.key,
            "host": entry.host(),
            "mode": entry.observation.cache.mode,
            "sha256": entry.product(),
            "group": table.group(index).map(|group| &group.letter),
            "closure": entry.closure(),
            "hits": entry.observation.cache.hits,
            "puts": entry.observation.cache.puts,
            "evidence": entry.observation.cache.evidence,
            "audit": entry.observation.cache.audit,
        })
    });
    let closures = table.closures.iter();
    json!({
        "inputs_sha256": table.inputs,
        "package": inputs.map(|inputs| &inputs.package),
        "summary": sentence(table),
        "columns": table.columns(),
        "rows": rows.collect::<Vec<_>>(),
        "builds": builds.collect::<Vec<_>>(),
        "groups": groups.collect::<Vec<_>>(),
        "closures": closures
            .map(|(root, builds)| json!({ "root": root, "builds": builds }))
            .collect::<Vec<_>>(),
        "splits": table.splits.iter().map(split).collect::<Vec<_>>(),
        "closure_splits": table.closure_splits.iter().map(split).collect::<Vec<_>>(),
    })
}

fn split(split: &Split) -> Value {
    let branches = split.branches.iter();
    json!({
        "facts": split.facts,
        "branches": branches
            .map(|(values, group)| json!({ "values": values, "group": group }))
            .collect::<Vec<_>>(),
        "is_weak": split.is_weak,
    })
}
