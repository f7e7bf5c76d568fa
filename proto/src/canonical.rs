//! JSON of which there is exactly one text: what is hashed or signed must be the
//! same bytes wherever it is written.
//!
//! The form is that of RFC 8785 with two restrictions, so that no two readers can
//! disagree: names of members are ASCII (RFC 8785 sorts names by UTF-16 units,
//! others by bytes; for ASCII both are one order), and numbers are whole and at
//! most 2^53-1 away from zero (larger ones and fractions are rounded by readers
//! that keep numbers as floating point).
//!
//! ```
//! let value = serde_json::json!({ "b": [1, null], "a": "é\n" });
//! let bytes = proto::canonical::bytes(&value)?;
//! assert_eq!(bytes, "{\"a\":\"é\\n\",\"b\":[1,null]}".as_bytes());
//! # Ok::<(), proto::canonical::Error>(())
//! ```
//!
//! Source: RFC 8785, "JSON Canonicalization Scheme"; the test vectors are the
//! RFC's own.

use serde::Serialize;
use serde_json::{Map, Value};
use sha2::{Digest as _, Sha256};

/// The largest whole number that every reader of JSON keeps: 2^53-1.
pub const NUMBER_MAX: u64 = (1 << 53) - 1;

/// The deepest that arrays and objects may lie in each other.
pub const DEPTH_MAX: usize = 64;

/// Why a value has no canonical form here.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// A fraction, or a number further from zero than [`NUMBER_MAX`].
    #[error("{number} is not a whole number between -{NUMBER_MAX} and {NUMBER_MAX}")]
    Number {
        /// The number as JSON.
        number: String,
    },
    /// A member's name has a character beyond ASCII.
    #[error("member name {name:?} is not ASCII")]
    Name {
        /// The name.
        name: String,
    },
    /// Arrays and objects lie too deep in each other.
    #[error("arrays and objects lie more than {DEPTH_MAX} deep in each other")]
    Depth,
    /// The value is not JSON at all.
    #[error("no JSON: {0}")]
    Json(#[from] serde_json::Error),
}

/// Returns the one text of a value: sorted names, no space, no line end.
///
/// # Errors
/// See [`enum@Error`].
pub fn bytes(value: &impl Serialize) -> Result<Vec<u8>, Error> {
    let mut text = Vec::new();
    write(&serde_json::to_value(value)?, 0, &mut text)?;
    Ok(text)
}

/// Returns the one text of an array of these items, with one of them at a time in memory
/// beside the text, where [`bytes`] has a tree of all of them.
///
/// # Errors
/// As [`bytes`].
pub fn array<T: Serialize>(items: &[T]) -> Result<Vec<u8>, Error> {
    let mut text = b"[".to_vec();
    for (place, item) in items.iter().enumerate() {
        if place > 0 {
            text.push(b',');
        }
        write(&serde_json::to_value(item)?, 1, &mut text)?;
    }
    text.push(b']');
    Ok(text)
}

/// Returns the SHA-256 of the one text of a value, in hexadecimal.
///
/// # Errors
/// As [`bytes`].
pub fn sha256(value: &impl Serialize) -> Result<String, Error> {
    Ok(hex::encode(Sha256::digest(bytes(value)?)))
}

fn write(value: &Value, depth: usize, text: &mut Vec<u8>) -> Result<(), Error> {
    if depth > DEPTH_MAX {
        return Err(Error::Depth);
    }
    match value {
        Value::Null => text.extend(b"null"),
        Value::Bool(true) => text.extend(b"true"),
        Value::Bool(false) => text.extend(b"false"),
        Value::Number(number) => {
            let whole = number.as_i64().map(i64::unsigned_abs);
            if whole.is_none_or(|whole| whole > NUMBER_MAX) {
                let number = number.to_string();
                return Err(Error::Number { number });
            }
            text.extend(number.to_string().bytes());
        }
        // serde_json escapes what the RFC says and nothing else: quotation mark,
        // backslash and control characters, those in lower-case hexadecimal that
        // have no letter.
        Value::String(string) => serde_json::to_writer(&mut *text, string)?,
        Value::Array(items) => {
            text.push(b'[');
            for (place, item) in items.iter().enumerate() {
                if place > 0 {
                    text.push(b',');
                }
                write(item, depth + 1, text)?;
            }
            text.push(b']');
        }
        Value::Object(members) => write_members(members, depth, text)?,
    }
    Ok(())
}

fn write_members(
    members: &Map<String, Value>,
    depth: usize,
    text: &mut Vec<u8>,
) -> Result<(), Error> {
    let mut sorted: Vec<(&String, &Value)> = members.iter().collect();
    sorted.sort_unstable_by_key(|(name, _)| *name);
    text.push(b'{');
    for (place, (name, value)) in sorted.into_iter().enumerate() {
        if !name.is_ascii() {
            return Err(Error::Name { name: name.clone() });
        }
        if place > 0 {
            text.push(b',');
        }
        serde_json::to_writer(&mut *text, name)?;
        text.push(b':');
        write(value, depth + 1, text)?;
    }
    text.push(b'}');
    Ok(())
}

#[cfg(test)]
mod tests;
