//! Certificates: a decision and all that it was made from, in one file that is checked
//! without asking anybody.
//!
//! A certificate is lines of JSON. The first is the decision: an envelope that the owner
//! has signed. Each of the others has one piece of evidence, which nobody has to believe:
//! the decision names observations and lists of packages by digest, and proofs and records
//! are checked by the keys in the quorum file.
//!
//! ```text
//! {"payload":…,"payloadType":"application/vnd.in-toto+json","signatures":[…]}
//! {"kind":"observation","name":"a.observation.json","envelope":"{\"payload\":…}","proof":"c2sp.org/tlog-proof@v1\n…"}
//! {"kind":"closure","list":"…"}
//! {"kind":"record","module":"golang.org/x/text","version":"v0.14.0","answer":"…","tiles":["…"]}
//! ```
//!
//! An envelope stands there as text, since the log has the bytes that it was signed and
//! sent in.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::{Deserialize, Serialize};

use super::closure::{self, Closure};
use super::dsse::{self, Envelope};
use super::evidence::{Evidence, Filed, OBSERVATIONS_MAX, OTHERS_MAX, Recorded};
use super::json;

/// The longest certificate, in bytes.
pub const LEN_MAX: usize = 256 << 20;

/// The longest line, in bytes: one that has a list of packages.
pub const LINE_LEN_MAX: usize = 2 * closure::LEN_MAX;

/// Why a certificate was refused.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// It is longer than what is read.
    #[error("certificate of {len} bytes is longer than {max}")]
    TooLong {
        /// Bytes of the file.
        len: usize,
        /// The limit.
        max: usize,
    },
    /// It is empty, is not UTF-8, or its last line does not end.
    #[error("not a certificate: want lines of JSON, the first one a DSSE envelope")]
    NotLines,
    /// The first line is not an envelope.
    #[error("line 1: {0}")]
    Decision(dsse::Error),
    /// A line is not of this form.
    #[error("line {number}: {error}")]
    Line {
        /// Its number, from 1.
        number: usize,
        /// Why.
        error: json::Error,
    },
    /// A list of packages is none.
    #[error("line {number}: {error}")]
    Closure {
        /// Its number, from 1.
        number: usize,
        /// Why.
        error: closure::Error,
    },
    /// A tile is not base64.
    #[error("line {number}: a tile is not base64")]
    Tile {
        /// Its number, from 1.
        number: usize,
    },
    /// There are more pieces of evidence than are read.
    #[error("more than {max} pieces of one kind of evidence")]
    TooMany {
        /// The limit.
        max: usize,
    },
}

/// A certificate. Nothing in it is believed yet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Certificate {
    /// The decision, signed.
    pub decision: Envelope,
    /// What it was made from.
    pub evidence: Evidence,
}

impl Certificate {
    /// Parses a certificate.
    ///
    /// # Errors
    /// [`enum@Error`].
    pub fn parse(bytes: &[u8]) -> Result<Self, Error> {
        let (len, max) = (bytes.len(), LEN_MAX);
        if len > max {
            return Err(Error::TooLong { len, max });
        }
        let text = str::from_utf8(bytes).map_err(|_| Error::NotLines)?;
        let text = text.strip_suffix('\n').ok_or(Error::NotLines)?;
        let mut lines = text.split('\n');
        let first = lines.next().filter(|line| !line.is_empty());
        let first = first.ok_or(Error::NotLines)?;
        let decision = Envelope::parse(first.as_bytes()).map_err(Error::Decision)?;
        let mut evidence = Evidence::default();
        for (index, line) in lines.enumerate() {
            let number = index + 2;
            let line: Line = json::read(line.as_bytes(), LINE_LEN_MAX)
                .map_err(|error| Error::Line { number, error })?;
            take(line, number, &mut evidence)?;
        }
        evidence.sort();
        Ok(Self { decision, evidence })
    }

    /// Returns the file: one text for equal certificates.
    ///
    /// # Errors
    /// [`Error::NotLines`] when an envelope, a proof or an answer is not UTF-8, which none that
    /// was parsed is.
    pub fn bytes(&self) -> Result<Vec<u8>, Error> {
        let mut file = self.decision.bytes();
        file.push(b'\n');
        let mut evidence = self.evidence.clone();
        evidence.sort();
        for line in lines(&evidence)? {
            let text = serde_json::to_vec(&line);
            file.extend(text.map_err(|error| Error::Line {
                number: 0,
                error: error.into(),
            })?);
            file.push(b'\n');
        }
        Ok(file)
    }
}

/// Takes in one line of evidence, as certificates have it: what other programs leave
/// beside observations, such as answers of a checksum database.
///
/// # Errors
/// As [`Certificate::parse`].
pub fn add_line(line: &[u8], evidence: &mut Evidence) -> Result<(), Error> {
    let parsed: Line =
        json::read(line, LINE_LEN_MAX).map_err(|error| Error::Line { number: 1, error })?;
    take(parsed, 1, evidence)
}

fn take(line: Line, number: usize, evidence: &mut Evidence) -> Result<(), Error> {
    let full = |len: usize, max: usize| (len >= max).then_some(Error::TooMany { max });
    match line {
        Line::Observation {
            name,
            envelope,
            proof,
        } => {
            if let Some(error) = full(evidence.observations.len(), OBSERVATIONS_MAX) {
                return Err(error);
            }
            evidence.observations.push(Filed {
                name,
                envelope: envelope.into_bytes(),
                proof: proof.map(String::into_bytes),
            });
        }
        Line::Closure { list } => {
            if let Some(error) = full(evidence.closures.len(), OTHERS_MAX) {
                return Err(error);
            }
            let closure = Closure::parse(list.as_bytes());
            let closure = closure.map_err(|error| Error::Closure { number, error })?;
            evidence.closures.push(closure);
        }
        Line::Record {
            module,
            version,
            answer,
            tiles,
        } => {
            if let Some(error) = full(evidence.records.len(), OTHERS_MAX) {
                return Err(error);
            }
            let tiles = tiles.iter().map(|tile| STANDARD.decode(tile));
            evidence.records.push(Recorded {
                module,
                version,
                answer: answer.into_bytes(),
                tiles: tiles
                    .collect::<Result<_, _>>()
                    .map_err(|_| Error::Tile { number })?,
            });
        }
    }
    Ok(())
}

fn lines(evidence: &Evidence) -> Result<Vec<Line>, Error> {
    let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).map_err(|_| Error::NotLines);
    let mut lines = Vec::new();
    for filed in &evidence.observations {
        lines.push(Line::Observation {
            name: filed.name.clone(),
            envelope: text(&filed.envelope)?,
            proof: filed.proof.as_deref().map(text).transpose()?,
        });
    }
    for closure in &evidence.closures {
        let list = text(&closure.bytes())?;
        lines.push(Line::Closure { list });
    }
    for record in &evidence.records {
        lines.push(Line::Record {
            module: record.module.clone(),
            version: record.version.clone(),
            answer: text(&record.answer)?,
            tiles: record
                .tiles
                .iter()
                .map(|tile| STANDARD.encode(tile))
                .collect(),
        });
    }
    Ok(lines)
}

#[derive(Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "lowercase", deny_unknown_fields)]
enum Line {
    Observation {
        name: String,
        envelope: String,
        proof: Option<String>,
    },
    Closure {
        list: String,
    },
    Record {
        module: String,
        version: String,
        answer: String,
        tiles: Vec<String>,
    },
}
