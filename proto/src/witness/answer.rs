//! The answer to `add-checkpoint`.

use super::Error;
use crate::note::{self, Signature};
use crate::tlog::checkpoint::parse_decimal;

/// The content type of [`Answer::Conflict`].
pub const SIZE_TYPE: &str = "text/x.tlog.size";

/// How much of a refusal's text is kept, in characters.
const SHOWN_MAX: usize = 500;

/// What a witness answers.
///
/// Source: c2sp.org/tlog-witness
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Answer {
    /// 200: cosignatures, of which none is checked here.
    Cosigned(Vec<Signature>),
    /// 409: the head that it cosigned last has so many records.
    Conflict {
        /// Records under that head.
        size: u64,
    },
    /// 400, 403, 404, 422: it does not cosign this head.
    Refused {
        /// The status.
        status: u16,
        /// Why, for a person.
        text: String,
    },
}

impl Answer {
    /// Parses an answer.
    ///
    /// # Errors
    ///
    /// [`Error::Answer`] for another status, or a body that does not fit it, and
    /// [`Error::Note`] for malformed signature lines.
    pub fn parse(status: u16, content_type: &str, body: &[u8]) -> Result<Self, Error> {
        let wrong = |what| Error::Answer { status, what };
        if body.len() > note::LEN_MAX {
            return Err(wrong("body is too long"));
        }
        match status {
            200 => {
                let lines = str::from_utf8(body).map_err(|_| wrong("body is not UTF-8"))?;
                let signatures = note::parse_signatures(lines)?;
                if signatures.is_empty() {
                    return Err(wrong("no signature"));
                }
                Ok(Self::Cosigned(signatures))
            }
            409 if content_type.trim() == SIZE_TYPE => str::from_utf8(body)
                .ok()
                .and_then(|body| parse_decimal(body.strip_suffix('\n')?))
                .map(|size| Self::Conflict { size })
                .ok_or_else(|| wrong("body is not a size")),
            // What witnesses of older versions of the protocol answer to a head that
            // contradicts the one they know.
            400 | 403 | 404 | 409 | 422 => {
                let text = String::from_utf8_lossy(body);
                let text: String = text.chars().take(SHOWN_MAX).collect();
                let text = text.trim_end().to_owned();
                Ok(Self::Refused { status, text })
            }
            _ => Err(wrong("no answer of a witness has it")),
        }
    }

    /// The status.
    pub fn status(&self) -> u16 {
        match self {
            Self::Cosigned(_) => 200,
            Self::Conflict { .. } => 409,
            Self::Refused { status, .. } => *status,
        }
    }

    /// The content type.
    pub fn content_type(&self) -> &'static str {
        match self {
            Self::Conflict { .. } => SIZE_TYPE,
            Self::Cosigned(_) | Self::Refused { .. } => "text/plain; charset=utf-8",
        }
    }

    /// The body.
    pub fn body(&self) -> String {
        match self {
            Self::Cosigned(signatures) => signatures.iter().map(Signature::line).collect(),
            Self::Conflict { size } => format!("{size}\n"),
            Self::Refused { text, .. } => format!("{text}\n"),
        }
    }
}
