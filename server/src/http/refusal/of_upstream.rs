//! What a client is told of an upstream that refused, failed, or cannot be reached.

use super::{Refusal, or_else};
use crate::modules::error::Error;
use crate::source::upstream::FetchError;

/// What became of an upstream request.
pub(super) fn refusal(error: FetchError) -> Refusal {
    let log = Some(error.to_string());
    let refusal = match error {
        // About this proxy's credentials, not about the client's.
        FetchError::Refused {
            status: 401 | 407,
            text,
            ..
        } => Refusal::bad_upstream(or_else(text, "upstream refused this proxy's credentials\n")),
        FetchError::Refused {
            ref upstream,
            status,
            ..
        } => Refusal::new(status, refused_by(upstream, &error.words())),
        // These are errors of the module, not of the way to it.
        FetchError::NotFound { .. } | FetchError::Off | FetchError::Private { .. } => {
            Refusal::from(Error::from(error))
        }
        FetchError::TooLarge { .. } => {
            Refusal::denied(format!("upstream's answer is too large: {error}\n"))
        }
        FetchError::BadAnswer { .. } => {
            Refusal::bad_upstream(format!("upstream's answer cannot be used: {error}\n"))
        }
        FetchError::Path { .. } => Refusal::bad_request(format!("{error}\n")),
        FetchError::Unavailable {
            ref upstream,
            ref reason,
            retry_after,
            ref text,
            ..
        } => Refusal::unavailable(
            or_else(
                text.clone(),
                &format!("upstream {upstream} does not answer: {reason}\n"),
            ),
            retry_after,
        ),
    };
    Refusal { log, ..refusal }
}

/// Tells who refused and in which words.
fn refused_by(upstream: &str, words: &str) -> String {
    if words.is_empty() {
        format!("upstream {upstream} refused this request\n")
    } else {
        format!("upstream {upstream} refused: {words}\n")
    }
}
