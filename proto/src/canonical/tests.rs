use std::collections::BTreeMap;

use proptest::prelude::*;
use serde_json::json;

use super::*;

fn text(value: &Value) -> String {
    String::from_utf8(bytes(value).unwrap()).unwrap()
}

/// RFC 8785 §3.2.2, with its three numbers that are no whole ones left out.
#[test]
fn strings_and_literals_are_written_as_in_the_rfc() {
    let value: Value = serde_json::from_str(
        r#"{
            "numbers": [56, 0, -7],
            "string": "\u20ac$\u000F\u000aA'\u0042\u0022\u005c\\\"\/",
            "literals": [null, true, false]
        }"#,
    )
    .unwrap();
    let want = concat!(
        r#"{"literals":[null,true,false],"numbers":[56,0,-7],"#,
        "\"string\":\"\u{20ac}$",
        r#"\u000f\nA'B\"\\\\\"/"}"#
    );
    assert_eq!(text(&value), want);
    let escapes: Value = serde_json::from_str(r#""\b\t\n\f\r\u001F\u007f\u2028""#).unwrap();
    assert_eq!(
        text(&escapes),
        "\"\\b\\t\\n\\f\\r\\u001f\u{7f}\u{2028}\"",
        "only control characters below the space are escaped"
    );
}

/// The files arrays.json and structures.json of the RFC's own test data.
#[test]
fn members_are_sorted_at_every_depth() {
    let table = [
        (
            r#"[56, {"d": true, "10": null, "1": [ ]}]"#,
            r#"[56,{"1":[],"10":null,"d":true}]"#,
        ),
        (
            r#"{"1": {"f": {"f": "hi", "F": 5}, "\n": 56}, "10": {}, "": "empty", "a": {},
                "111": [{"e": "yes", "E": "no"}], "A": {}}"#,
            r#"{"":"empty","1":{"\n":56,"f":{"F":5,"f":"hi"}},"10":{},"111":[{"E":"no","e":"yes"}],"A":{},"a":{}}"#,
        ),
    ];
    for (given, want) in table {
        let value: Value = serde_json::from_str(given).unwrap();
        assert_eq!(text(&value), want);
    }
}

/// RFC 8785 §3.2.3 sorts names beyond ASCII by UTF-16 units; here there are none.
#[test]
fn what_readers_could_disagree_about_is_refused() {
    for name in [
        "\u{20ac}",
        "\u{fb33}",
        "\u{1f600}",
        "\u{80}",
        "\u{f6}",
        "a\u{301}",
    ] {
        let refused = bytes(&BTreeMap::from([(name, 1)]));
        assert!(
            matches!(refused, Err(Error::Name { name: n }) if n == name),
            "{name:?}"
        );
    }
    for number in [
        "0.5",
        "56.0",
        "1e3",
        "-0",
        "9007199254740992",
        "-9007199254740992",
        "18446744073709551615",
        "333333333.33333329",
    ] {
        let value: Value = serde_json::from_str(number).unwrap();
        assert!(
            matches!(bytes(&value), Err(Error::Number { .. })),
            "{number}"
        );
    }
    assert_eq!(text(&json!(NUMBER_MAX)), "9007199254740991");
    assert_eq!(
        text(&json!(-9_007_199_254_740_991_i64)),
        "-9007199254740991"
    );
    let deep = |levels: usize| (0..levels).fold(json!(1), |inner, _| json!([inner]));
    assert!(bytes(&deep(DEPTH_MAX)).is_ok());
    assert!(matches!(bytes(&deep(DEPTH_MAX + 1)), Err(Error::Depth)));
    let no_json = BTreeMap::from([((1, 2), 3)]);
    assert!(matches!(bytes(&no_json), Err(Error::Json(_))));
}

#[test]
fn the_digest_is_that_of_the_text() {
    let want = hex::encode(Sha256::digest(b"{\"a\":1}"));
    assert_eq!(sha256(&json!({ "a": 1 })).unwrap(), want);
}

fn values() -> impl Strategy<Value = Value> {
    let max = NUMBER_MAX.cast_signed();
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        (-max..=max).prop_map(Value::from),
        any::<String>().prop_map(Value::from),
    ];
    leaf.prop_recursive(5, 64, 6, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..6).prop_map(Value::from),
            prop::collection::vec(("[\\x00-\\x7f]{0,6}", inner), 0..6)
                .prop_map(|members| Value::Object(members.into_iter().collect())),
        ]
    })
}

/// The same value through serde_json's own sorted maps: another way to the text.
fn sorted(value: &Value) -> String {
    match value {
        Value::Object(members) => {
            let members: BTreeMap<&String, String> = members
                .iter()
                .map(|(name, value)| (name, sorted(value)))
                .collect();
            let members = members
                .into_iter()
                .map(|(name, value)| format!("{}:{value}", serde_json::to_string(name).unwrap()));
            format!("{{{}}}", members.collect::<Vec<_>>().join(","))
        }
        Value::Array(items) => {
            let items: Vec<String> = items.iter().map(sorted).collect();
            format!("[{}]", items.join(","))
        }
        other => serde_json::to_string(other).unwrap(),
    }
}

fn reversed(value: &Value) -> Value {
    match value {
        Value::Object(members) => {
            let members = members.iter().rev();
            let pairs = members.map(|(name, value)| (name.clone(), reversed(value)));
            Value::Object(pairs.collect())
        }
        Value::Array(items) => items.iter().map(reversed).collect(),
        other => other.clone(),
    }
}

proptest! {
    #[test]
    fn the_text_is_read_back_as_the_value(value in values()) {
        let text = bytes(&value).unwrap();
        let again: Value = serde_json::from_slice(&text).unwrap();
        prop_assert_eq!(&again, &value);
        prop_assert_eq!(bytes(&again).unwrap(), text);
    }

    #[test]
    fn it_is_what_serde_json_writes_of_sorted_members(value in values()) {
        prop_assert_eq!(text(&value), sorted(&value));
    }

    #[test]
    fn the_order_in_which_members_came_leaves_no_trace(value in values()) {
        prop_assert_eq!(bytes(&reversed(&value)).unwrap(), bytes(&value).unwrap());
    }
}
