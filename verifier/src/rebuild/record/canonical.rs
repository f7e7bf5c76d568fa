//! JSON of which there is one form: keys in the order of their bytes, no space,
//! no number with a fraction.

use serde::Serialize;
use serde_json::{Map, Value};

/// Returns a value with sorted keys; null when it can't be JSON, which no type
/// of ours can't.
pub(super) fn value(of: &impl Serialize) -> Value {
    sorted(serde_json::to_value(of).unwrap_or_default())
}

/// Returns the bytes of a sorted value, and a line end.
pub(super) fn bytes(of: &Value) -> Vec<u8> {
    let mut bytes = of.to_string().into_bytes();
    bytes.push(b'\n');
    bytes
}

fn sorted(value: Value) -> Value {
    match value {
        Value::Object(fields) => {
            let mut fields: Vec<(String, Value)> = fields.into_iter().collect();
            fields.sort_by(|(a, _), (b, _)| a.cmp(b));
            let fields = fields
                .into_iter()
                .map(|(name, value)| (name, sorted(value)));
            Value::Object(Map::from_iter(fields))
        }
        Value::Array(items) => Value::Array(items.into_iter().map(sorted).collect()),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => value,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn equal_values_are_equal_bytes() {
        let one = json!({ "b": [{ "z": 1, "a": null }], "a": "é\n" });
        let other = json!({ "a": "é\n", "b": [{ "a": null, "z": 1 }] });
        let want = "{\"a\":\"é\\n\",\"b\":[{\"a\":null,\"z\":1}]}\n";
        for one in [one, other] {
            assert_eq!(bytes(&value(&one)), want.as_bytes());
        }
    }
}
