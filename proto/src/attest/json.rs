//! JSON that no two readers can take for different things.
//!
//! Readers disagree on an object with one name twice (some keep the first member,
//! some the last), on names that differ in case alone (Go's takes `Payload` for
//! `payload`), and on numbers that floating point rounds. What is signed here has none
//! of these, so what has them is refused:
//!
//! ```
//! use proto::attest::json;
//!
//! assert!(json::parse(br#"{"payload":"a"}"#, 100).is_ok());
//! assert!(json::parse(br#"{"payload":"a","\u0050ayload":"b"}"#, 100).is_err());
//! assert!(json::parse(b"[1.5]", 100).is_err());
//! ```

use std::collections::HashSet;
use std::fmt;

use serde::de::{DeserializeOwned, DeserializeSeed, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Value};

use crate::canonical::{DEPTH_MAX, NUMBER_MAX};

/// Why a text was refused.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// It is longer than what is read here.
    #[error("{len} bytes of JSON are more than {max}")]
    TooLong {
        /// Bytes of the text.
        len: usize,
        /// The limit.
        max: usize,
    },
    /// It is not JSON, has a name twice, lies too deep or has a number that is not whole;
    /// or it has not the members that it should.
    #[error("{0}")]
    Json(#[from] serde_json::Error),
}

/// Parses a text of at most `len_max` bytes.
///
/// # Errors
/// [`enum@Error`].
pub fn parse(text: &[u8], len_max: usize) -> Result<Value, Error> {
    if text.len() > len_max {
        return Err(Error::TooLong {
            len: text.len(),
            max: len_max,
        });
    }
    let mut deserializer = serde_json::Deserializer::from_slice(text);
    let value = Strict { depth: 0 }.deserialize(&mut deserializer)?;
    deserializer.end()?;
    Ok(value)
}

/// Parses a text of at most `len_max` bytes into a type.
///
/// # Errors
/// [`enum@Error`].
pub fn read<T: DeserializeOwned>(text: &[u8], len_max: usize) -> Result<T, Error> {
    Ok(T::deserialize(parse(text, len_max)?)?)
}

/// Reads a value at a depth.
struct Strict {
    depth: usize,
}

impl Strict {
    fn inner<E: serde::de::Error>(&self) -> Result<Self, E> {
        if self.depth >= DEPTH_MAX {
            return Err(E::custom(format_args!(
                "arrays and objects lie more than {DEPTH_MAX} deep in each other"
            )));
        }
        let depth = self.depth + 1;
        Ok(Self { depth })
    }
}

impl<'de> DeserializeSeed<'de> for Strict {
    type Value = Value;

    fn deserialize<D: serde::Deserializer<'de>>(self, from: D) -> Result<Value, D::Error> {
        from.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Strict {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("JSON with whole numbers")
    }

    fn visit_unit<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_bool<E>(self, value: bool) -> Result<Value, E> {
        Ok(Value::Bool(value))
    }

    fn visit_u64<E: serde::de::Error>(self, value: u64) -> Result<Value, E> {
        check_number(value)?;
        Ok(Value::from(value))
    }

    fn visit_i64<E: serde::de::Error>(self, value: i64) -> Result<Value, E> {
        check_number(value.unsigned_abs())?;
        Ok(Value::from(value))
    }

    fn visit_f64<E: serde::de::Error>(self, value: f64) -> Result<Value, E> {
        Err(E::custom(format_args!("{value} is not a whole number")))
    }

    fn visit_str<E>(self, value: &str) -> Result<Value, E> {
        Ok(Value::String(value.to_owned()))
    }

    fn visit_string<E>(self, value: String) -> Result<Value, E> {
        Ok(Value::String(value))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Value, A::Error> {
        let mut list = Vec::new();
        while let Some(item) = items.next_element_seed(self.inner()?)? {
            list.push(item);
        }
        Ok(Value::Array(list))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<Value, A::Error> {
        let mut map = Map::new();
        let mut folded = HashSet::new();
        while let Some(name) = members.next_key::<String>()? {
            if !folded.insert(name.to_ascii_lowercase()) {
                return Err(serde::de::Error::custom(format_args!(
                    "two members are called {name:?}, or differ in case alone"
                )));
            }
            let value = members.next_value_seed(self.inner()?)?;
            map.insert(name, value);
        }
        Ok(Value::Object(map))
    }
}

fn check_number<E: serde::de::Error>(value: u64) -> Result<(), E> {
    if value > NUMBER_MAX {
        return Err(E::custom(format_args!(
            "a number is further from zero than {NUMBER_MAX}"
        )));
    }
    Ok(())
}

/// For fields that are bytes: base64 with padding in the standard alphabet.
pub(super) mod base64 {
    use base64::Engine as _;
    use base64::engine::general_purpose::STANDARD;
    use serde::{Deserialize as _, Deserializer, Serializer};

    pub(in super::super) fn serialize<S: Serializer>(
        bytes: &Option<Vec<u8>>,
        serializer: S,
    ) -> Result<S::Ok, S::Error> {
        match bytes {
            Some(bytes) => serializer.serialize_str(&STANDARD.encode(bytes)),
            None => serializer.serialize_none(),
        }
    }

    pub(in super::super) fn deserialize<'de, D: Deserializer<'de>>(
        deserializer: D,
    ) -> Result<Option<Vec<u8>>, D::Error> {
        let text = Option::<String>::deserialize(deserializer)?;
        text.map(|text| STANDARD.decode(text))
            .transpose()
            .map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn what_readers_take_for_different_things_is_refused() {
        for bad in [
            r#"{"a":1,"a":2}"#,
            r#"{"payload":1,"Payload":2}"#,
            r#"{"payload":1,"\u0070ayload":2}"#,
            r#"[{"b":{"a":1,"A":1}}]"#,
            "1.5",
            "1e3",
            "1.0",
            "-0",
            "9007199254740992",
            "-9007199254740992",
            "18446744073709551616",
            "[1] [2]",
            "[1",
            "",
            r#""\ud800""#,
            "nan",
            "{a:1}",
            "[1,]",
        ] {
            assert!(parse(bad.as_bytes(), 100).is_err(), "{bad}");
        }
        assert!(parse(b"\xef\xbb\xbf[]", 100).is_err());
        assert!(parse(b"\"\xff\"", 100).is_err());
    }

    #[test]
    fn whole_numbers_and_names_that_differ_are_read() {
        for good in [
            "9007199254740991",
            "-9007199254740991",
            " [null,true,{\"a\":{\"a\":\"\\u0000\"}}]\n",
        ] {
            assert_eq!(
                parse(good.as_bytes(), 100).unwrap(),
                serde_json::from_str::<Value>(good).unwrap()
            );
        }
    }

    #[test]
    fn depth_and_length_are_limited() {
        let nested = |depth| [b"[".repeat(depth), b"]".repeat(depth)].concat();
        assert!(parse(&nested(DEPTH_MAX), 1000).is_ok());
        assert!(parse(&nested(DEPTH_MAX + 1), 1000).is_err());
        assert!(parse(&nested(500_000), 10_000_000).is_err());
        assert!(matches!(
            parse(b"[1]", 2),
            Err(Error::TooLong { len: 3, max: 2 })
        ));
    }

    proptest! {
        #[test]
        fn any_bytes_are_read_or_refused(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
            if let Ok(value) = parse(&bytes, 200) {
                prop_assert_eq!(value, serde_json::from_slice::<Value>(&bytes).unwrap());
            }
        }
    }
}
