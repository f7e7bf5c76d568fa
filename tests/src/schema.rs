//! The schemas of verifier/schema, applied: as much of JSON Schema as they use. A keyword
//! this does not know is an error, so that none is passed over.

#![expect(
    clippy::unwrap_used,
    reason = "a schema that cannot be read or understood fails the test that asked"
)]

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use crate::environment;
use serde_json::Value;

/// Checks the report of a comparison or inspection.
#[track_caller]
pub fn check(report: &Value) {
    check_as("report-v1", report);
}

/// Checks a value against a schema of verifier/schema, by the schema's name.
#[track_caller]
pub fn check_as(name: &str, value: &Value) {
    let schema = schema(name);
    if let Err(problem) = matches(&schema, &schema, value, "report") {
        panic!("{problem}");
    }
}

fn schema(name: &str) -> Arc<Value> {
    static SCHEMAS: Mutex<BTreeMap<String, Arc<Value>>> = Mutex::new(BTreeMap::new());
    let mut schemas = SCHEMAS.lock().unwrap();
    let read = || {
        let path = environment::checkout().join(format!("verifier/schema/{name}.json"));
        Arc::new(serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap())
    };
    schemas.entry(name.to_owned()).or_insert_with(read).clone()
}

#[expect(clippy::too_many_lines, reason = "one arm for each keyword")]
fn matches(root: &Value, schema: &Value, value: &Value, at: &str) -> Result<(), String> {
    let expect = |holds: bool, what: &Value| {
        if holds {
            Ok(())
        } else {
            Err(format!("{at}: {value} is not {what}"))
        }
    };
    for (keyword, want) in schema.as_object().unwrap() {
        match keyword.as_str() {
            "$schema" | "$id" | "$defs" | "title" | "description" => {}
            "$ref" => {
                let pointer = want.as_str().unwrap().strip_prefix('#').unwrap();
                matches(root, root.pointer(pointer).unwrap(), value, at)?;
            }
            "anyOf" => {
                let any = want
                    .as_array()
                    .unwrap()
                    .iter()
                    .map(|one| matches(root, one, value, at));
                let problems: Vec<String> = any
                    .map(Result::err)
                    .collect::<Option<_>>()
                    .unwrap_or_default();
                expect(problems.is_empty(), &Value::from(problems))?;
            }
            "const" => expect(want == value, want)?,
            "enum" => expect(want.as_array().unwrap().contains(value), want)?,
            "type" => {
                let types = want
                    .as_array()
                    .cloned()
                    .unwrap_or_else(|| vec![want.clone()]);
                expect(
                    types.iter().any(|name| is(name.as_str().unwrap(), value)),
                    want,
                )?;
            }
            "pattern" => expect(
                value
                    .as_str()
                    .is_none_or(|text| fits(want.as_str().unwrap(), text)),
                want,
            )?,
            "minimum" => expect(value.as_u64() >= want.as_u64(), want)?,
            "minItems" | "maxItems" => {
                let items = value.as_array().map(|items| items.len() as u64);
                let holds = if keyword == "minItems" {
                    items >= want.as_u64()
                } else {
                    items <= want.as_u64()
                };
                expect(holds, want)?;
            }
            "items" => {
                for (index, item) in value.as_array().into_iter().flatten().enumerate() {
                    matches(root, want, item, &format!("{at}[{index}]"))?;
                }
            }
            "properties" => {
                for (name, item) in value.as_object().into_iter().flatten() {
                    // What the program writes, the schema describes.
                    let property = want
                        .get(name)
                        .ok_or_else(|| format!("{at}: {name} is not described"))?;
                    matches(root, property, item, &format!("{at}.{name}"))?;
                }
            }
            // Used for maps alone: an object with names of its own has properties.
            "additionalProperties" => {
                for (name, item) in value.as_object().into_iter().flatten() {
                    matches(root, want, item, &format!("{at}.{name}"))?;
                }
            }
            "required" => {
                for name in want.as_array().unwrap() {
                    expect(
                        value.is_null() || value.get(name.as_str().unwrap()).is_some(),
                        name,
                    )?;
                }
            }
            other => return Err(format!("schema keyword {other} is not known here")),
        }
    }
    Ok(())
}

fn is(name: &str, value: &Value) -> bool {
    match name {
        "object" => value.is_object(),
        "array" => value.is_array(),
        "string" => value.is_string(),
        "integer" => value.is_u64(),
        "boolean" => value.is_boolean(),
        "null" => value.is_null(),
        other => panic!("type {other}"),
    }
}

/// The three patterns that the schema uses.
fn fits(pattern: &str, text: &str) -> bool {
    let hex = |text: &str| {
        text.bytes()
            .all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'))
    };
    match pattern {
        "^[0-9a-f]{64}$" => text.len() == 64 && hex(text),
        "^[0-9a-f]*$" => hex(text),
        "^[=X]{4}$" => text.len() == 4 && text.bytes().all(|byte| matches!(byte, b'=' | b'X')),
        other => panic!("pattern {other}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_cause_that_exists_is_described() {
        use verifier::cause::Name;
        let described = &schema("report-v1")["$defs"]["cause"]["properties"]["cause"];
        let described = described["anyOf"].as_array().unwrap();
        for name in Name::ALL {
            let name = name.as_str();
            let mut causes = described.iter();
            let cause = causes.find(|cause| cause["const"] == name.as_str());
            let cause = cause.unwrap_or_else(|| panic!("{name}"));
            assert!(
                cause["description"]
                    .as_str()
                    .is_some_and(|words| words.len() > 10),
                "{name}"
            );
        }
    }

    #[test]
    fn a_wrong_report_is_noticed() {
        let report = serde_json::json!({ "schema": "verify-build/report-v1" });
        let schema = schema("report-v1");
        assert!(matches(&schema, &schema, &report, "report").is_err());
        let number = serde_json::json!({ "const": 1 });
        assert!(matches(&number, &number, &Value::from(2), "number").is_err());
        assert!(!fits("^[=X]{4}$", "==X"));
    }
}
