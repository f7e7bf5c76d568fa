//! Why a bundle was not taken in, as far as that decides what becomes of it.

use super::Error;

/// Why a bundle was not taken in.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Failed {
    /// Something else must come first: another volume, or an earlier bundle.
    #[error("{0}")]
    Waits(String),
    /// It is refused.
    #[error("{0}")]
    Refused(String),
    /// Nothing is wrong with it.
    #[error("{0:#}")]
    Other(anyhow::Error),
}

impl From<anyhow::Error> for Failed {
    fn from(error: anyhow::Error) -> Self {
        Self::Other(error)
    }
}

impl From<Error> for Failed {
    fn from(error: Error) -> Self {
        match error {
            Error::Gap(_) | Error::CutOff(_) => Self::Waits(error.to_string()),
            Error::Format(_) | Error::Refused(_) => Self::Refused(error.to_string()),
            Error::NotHad { .. } | Error::Io { .. } => Self::Other(error.into()),
        }
    }
}
