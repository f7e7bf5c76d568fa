//! The schemas of what `--format json` prints, inside the program, so that they
//! are there wherever it is.

/// Every schema by its name.
pub const ALL: [(&str, &str); 19] = [
    (
        "build-record-v1",
        include_str!("../schema/build-record-v1.json"),
    ),
    (
        "cache-audit-v1",
        include_str!("../schema/cache-audit-v1.json"),
    ),
    (
        "cache-compare-v1",
        include_str!("../schema/cache-compare-v1.json"),
    ),
    (
        "cacheprog-report-v1",
        include_str!("../schema/cacheprog-report-v1.json"),
    ),
    ("cacheprog-v1", include_str!("../schema/cacheprog-v1.json")),
    (
        "doctor-compare-v1",
        include_str!("../schema/doctor-compare-v1.json"),
    ),
    ("doctor-v1", include_str!("../schema/doctor-v1.json")),
    ("certify-v1", include_str!("../schema/certify-v1.json")),
    ("check-v1", include_str!("../schema/check-v1.json")),
    ("key-v1", include_str!("../schema/key-v1.json")),
    ("lint-v1", include_str!("../schema/lint-v1.json")),
    ("matrix-v1", include_str!("../schema/matrix-v1.json")),
    ("observe-v1", include_str!("../schema/observe-v1.json")),
    ("quorum-v1", include_str!("../schema/quorum-v1.json")),
    ("rebuild-v1", include_str!("../schema/rebuild-v1.json")),
    ("report-v1", include_str!("../schema/report-v1.json")),
    ("reproduce-v1", include_str!("../schema/reproduce-v1.json")),
    (
        "toolchain-manifest-v1",
        include_str!("../schema/toolchain-manifest-v1.json"),
    ),
    ("toolchain-v1", include_str!("../schema/toolchain-v1.json")),
];

/// Returns a schema.
pub fn named(name: &str) -> Option<&'static str> {
    ALL.iter()
        .find(|(known, _)| *known == name)
        .map(|(_, text)| *text)
}

/// Lists the schemas, a line each.
pub fn list() -> String {
    let line = |(name, text): &(&str, &str)| {
        let schema: serde_json::Value = serde_json::from_str(text).unwrap_or_default();
        let title = schema.get("title").and_then(serde_json::Value::as_str);
        format!("{name:<24}{}\n", title.unwrap_or_default())
    };
    ALL.iter().map(line).collect()
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn every_schema_of_the_folder_is_here() {
        let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/schema");
        let files: BTreeSet<String> = std::fs::read_dir(folder)
            .unwrap()
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .collect();
        let known: BTreeSet<String> = ALL.iter().map(|(name, _)| format!("{name}.json")).collect();
        assert_eq!(files, known);
        for (name, text) in ALL {
            let schema: serde_json::Value = serde_json::from_str(text).unwrap();
            assert!(schema["title"].is_string(), "{name}");
        }
        assert!(named("report-v1").is_some() && named("report-v0").is_none());
        assert_eq!(list().lines().count(), ALL.len());
    }
}
