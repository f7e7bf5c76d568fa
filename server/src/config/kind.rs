//! What stands under one key: how it is read and how it is written.

use serde::{Deserialize, Deserializer, Serialize, Serializer, de, ser};
use serde_norway::Value;

use super::schema::Schema;

/// A way to write one setting. The implementations are never made; they only say
/// which reader a key has.
pub(super) trait Kind {
    /// What it becomes in [`Config`](super::Config).
    type Setting;

    /// Reads it from text.
    fn parse(text: &str) -> Result<Self::Setting, String>;

    /// Prints it as [`Self::parse`] takes it. Secrets are left out.
    fn print(setting: &Self::Setting) -> String;

    /// Reads it from YAML.
    fn read(value: &Value) -> Result<Self::Setting, String> {
        Self::parse(&scalar(value)?)
    }

    /// Writes it as [`Self::read`] takes it.
    fn write(setting: &Self::Setting) -> Value {
        let text = Self::print(setting);
        match text.parse::<u64>() {
            Ok(number) if number.to_string() == text => Value::from(number),
            _ => Value::String(text),
        }
    }

    /// What may stand under the key.
    fn schema() -> Schema {
        Schema::Value
    }
}

/// A part of the configuration that may be left out: a section, or one key of it.
pub(super) trait Part: Sized {
    /// Its place in [`Config`](super::Config).
    type Setting;

    /// Puts what is said into its place, and leaves the rest there as it is.
    fn fill(self, setting: &mut Self::Setting);

    /// Returns the part that says all of this.
    fn of(setting: &Self::Setting) -> Self;

    /// What may stand there.
    fn schema() -> Schema;
}

/// A key with a value.
pub(super) struct Said<K: Kind>(pub(super) K::Setting);

impl<K: Kind<Setting: Clone>> Part for Said<K> {
    type Setting = K::Setting;

    fn fill(self, setting: &mut Self::Setting) {
        *setting = self.0;
    }

    fn of(setting: &Self::Setting) -> Self {
        Self(setting.clone())
    }

    fn schema() -> Schema {
        K::schema()
    }
}

impl<'de, K: Kind> Deserialize<'de> for Said<K> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let value = Value::deserialize(deserializer)?;
        K::read(&value).map(Self).map_err(de::Error::custom)
    }
}

impl<K: Kind> Serialize for Said<K> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        K::write(&self.0)
            .serialize(serializer)
            .map_err(ser::Error::custom)
    }
}

/// A setting that `off` takes away, whatever a lower layer says.
pub(super) struct OrOff<K>(K);

impl<K: Kind> Kind for OrOff<K> {
    type Setting = Option<K::Setting>;

    fn parse(text: &str) -> Result<Self::Setting, String> {
        if text == OFF {
            return Ok(None);
        }
        K::parse(text).map(Some)
    }

    fn print(setting: &Self::Setting) -> String {
        setting.as_ref().map_or_else(|| OFF.to_owned(), K::print)
    }
}

pub(super) const OFF: &str = "off";

/// Returns the text of a YAML value that is one word or number.
pub(super) fn scalar(value: &Value) -> Result<String, String> {
    match value {
        Value::String(text) => Ok(text.clone()),
        Value::Number(number) => Ok(number.to_string()),
        // YAML reads `off` as a text or as a truth value, by its version.
        Value::Bool(true) => Ok("on".to_owned()),
        Value::Bool(false) => Ok(OFF.to_owned()),
        Value::Null | Value::Sequence(_) | Value::Mapping(_) | Value::Tagged(_) => {
            Err(format!("want one value, found {}", name(value)))
        }
    }
}

/// Returns the text of a comma list, which may be written as a YAML list.
pub(super) fn comma_list(value: &Value) -> Result<String, String> {
    let Value::Sequence(items) = value else {
        return scalar(value);
    };
    let texts: Result<Vec<_>, _> = items.iter().map(scalar).collect();
    Ok(texts?.join(","))
}

/// Says what a YAML value is.
pub(super) fn name(value: &Value) -> &'static str {
    match value {
        Value::Null => "nothing",
        Value::Bool(_) => "a truth value",
        Value::Number(_) => "a number",
        Value::String(_) => "text",
        Value::Sequence(_) => "a list",
        Value::Mapping(_) => "keys and values",
        Value::Tagged(_) => "a tagged value",
    }
}
