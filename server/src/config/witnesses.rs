//! The witnesses of the database of our own.

use proto::note::CosignerKey;
use serde_norway::Value;
use url::Url;

use super::kind::{Kind, name, scalar};

/// A witness, and where it is asked for cosignatures.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Witness {
    /// The key that it cosigns with.
    pub key: CosignerKey,
    /// Its address, to which `/add-checkpoint` is added.
    pub url: String,
}

/// What becomes of new records while too few witnesses cosign.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unwitnessed {
    /// They are logged all the same; log, metric and page say so.
    Alarm,
    /// They are not logged either.
    Stop,
}

/// Entries such as `name+hash+key https://witness.example`.
pub(super) struct Witnesses;

impl Kind for Witnesses {
    type Setting = Vec<Witness>;

    fn parse(text: &str) -> Result<Vec<Witness>, String> {
        let entries = text.split(',').map(str::trim);
        entries.filter(|it| !it.is_empty()).map(entry).collect()
    }

    fn print(witnesses: &Vec<Witness>) -> String {
        let entries: Vec<_> = witnesses.iter().map(text).collect();
        entries.join(",")
    }

    fn read(value: &Value) -> Result<Vec<Witness>, String> {
        match value {
            Value::Sequence(items) => items.iter().map(|item| entry(&scalar(item)?)).collect(),
            Value::String(text) => Self::parse(text),
            other => Err(format!(
                "want a list such as ['name+hash+key https://witness.example'], found {}",
                name(other)
            )),
        }
    }

    fn write(witnesses: &Vec<Witness>) -> Value {
        Value::Sequence(witnesses.iter().map(|it| Value::String(text(it))).collect())
    }
}

fn entry(text: &str) -> Result<Witness, String> {
    let Some((key, url)) = text.trim().split_once(' ') else {
        return Err(format!(
            "`{text}` is not the key and the URL of a witness with a space between"
        ));
    };
    let key = CosignerKey::parse(key).map_err(|error| format!("`{key}`: {error}"))?;
    let url = url.trim();
    let parsed = Url::parse(url).map_err(|error| format!("`{url}` is not a URL: {error}"))?;
    if !matches!(parsed.scheme(), "http" | "https") {
        return Err(format!("`{url}` is not an http or https URL"));
    }
    let url = url.trim_end_matches('/').to_owned();
    Ok(Witness { key, url })
}

fn text(witness: &Witness) -> String {
    format!("{} {}", witness.key, witness.url)
}

/// `all`, or how many.
pub(super) struct Needed;

impl Kind for Needed {
    type Setting = Option<usize>;

    fn parse(text: &str) -> Result<Option<usize>, String> {
        if text == "all" {
            return Ok(None);
        }
        let number = text.parse().map(Some);
        number.map_err(|_| format!("`{text}` is neither `all` nor a number"))
    }

    fn print(needed: &Option<usize>) -> String {
        needed.map_or_else(|| "all".to_owned(), |number| number.to_string())
    }
}

/// `alarm` or `stop`.
pub(super) struct UnwitnessedWord;

impl Kind for UnwitnessedWord {
    type Setting = Unwitnessed;

    fn parse(text: &str) -> Result<Unwitnessed, String> {
        match text {
            "alarm" => Ok(Unwitnessed::Alarm),
            "stop" => Ok(Unwitnessed::Stop),
            _ => Err(format!("`{text}` is neither alarm nor stop")),
        }
    }

    fn print(what: &Unwitnessed) -> String {
        match what {
            Unwitnessed::Alarm => "alarm",
            Unwitnessed::Stop => "stop",
        }
        .to_owned()
    }
}

#[cfg(test)]
mod tests {
    use proto::note::Cosigner;

    use super::*;

    #[test]
    fn entries_are_read_as_they_are_written() {
        let key = Cosigner::from_seed("witness.example/w1", [5; 32]).unwrap();
        let entry = format!("{} https://witness.example/w1/", key.verifier());
        let read = Witnesses::parse(&entry).unwrap();
        assert_eq!(read[0].url, "https://witness.example/w1");
        assert_eq!(Witnesses::read(&Witnesses::write(&read)), Ok(read.clone()));
        assert_eq!(Witnesses::parse(&Witnesses::print(&read)), Ok(read));
        for wrong in [
            "x",
            "a+b+c https://w.example",
            &format!("{} ftp://x", key.verifier()),
        ] {
            assert!(Witnesses::parse(wrong).is_err(), "{wrong}");
        }
        assert_eq!(Needed::parse("all"), Ok(None));
        assert_eq!(Needed::parse("2"), Ok(Some(2)));
        assert!(Needed::parse("some").is_err());
    }
}
