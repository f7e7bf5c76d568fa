//! The walk along a GOPROXY list, as the go command walks it.

use std::ops::ControlFlow;

use proto::goproxy::list::Fallback;

use super::FetchError;

/// The errors met so far, of which one will be the answer.
///
/// "Not here" never hides a failure: a client told 404 asks the next proxy of
/// its own list, or the origin, and so leaks the name. Among equals the last
/// wins.
///
/// Source: cmd/go/internal/modfetch, `TryProxies`.
#[derive(Debug, Default)]
pub(in crate::source) struct Walk {
    answer: Option<FetchError>,
}

impl Walk {
    /// Takes the error of an entry and says whether the next is asked.
    pub(in crate::source) fn failed(
        &mut self,
        error: FetchError,
        then: Fallback,
    ) -> ControlFlow<()> {
        let absent = is_absent(&error);
        if absent
            && self
                .answer
                .as_ref()
                .is_some_and(|answer| !is_absent(answer))
        {
            // What is kept weighs more.
        } else {
            self.answer = Some(error);
        }
        match then {
            Fallback::AnyError => ControlFlow::Continue(()),
            Fallback::NotFound if absent => ControlFlow::Continue(()),
            Fallback::NotFound => ControlFlow::Break(()),
        }
    }

    /// Returns the error that answers for the whole list.
    pub(in crate::source) fn answer(self) -> FetchError {
        self.answer.unwrap_or(FetchError::Off)
    }
}

/// Says whether an error is "not here", and no failure.
pub(in crate::source) fn is_absent(error: &FetchError) -> bool {
    match error {
        FetchError::NotFound { .. } | FetchError::Off => true,
        FetchError::Refused { .. }
        | FetchError::Unavailable { .. }
        | FetchError::BadAnswer { .. }
        | FetchError::TooLarge { .. }
        | FetchError::Private { .. }
        | FetchError::Path { .. } => false,
    }
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;

    use super::*;

    fn error(status: u16) -> FetchError {
        let (upstream, text) = ("u".into(), Bytes::new());
        match status {
            404 | 410 => FetchError::NotFound {
                upstream,
                status,
                text,
            },
            400..=499 => FetchError::Refused {
                upstream,
                status,
                text,
            },
            _ => FetchError::Unavailable {
                upstream,
                reason: String::new(),
                status: Some(status),
                text,
                retry_after: None,
            },
        }
    }

    fn status(error: &FetchError) -> u16 {
        match error {
            FetchError::NotFound { status, .. } | FetchError::Refused { status, .. } => *status,
            FetchError::Unavailable { status, .. } => status.expect("set above"),
            FetchError::Off => 0,
            FetchError::BadAnswer { .. }
            | FetchError::TooLarge { .. }
            | FetchError::Private { .. }
            | FetchError::Path { .. } => {
                unreachable!("not made here")
            }
        }
    }

    /// Walks a list like `404,503|410`; returns how many were asked and the answer.
    fn walk(list: &str) -> (usize, u16) {
        let mut walk = Walk::default();
        let mut asked = 0;
        let mut rest = list;
        while !rest.is_empty() {
            let (entry, tail) = rest.split_at(rest.find([',', '|']).unwrap_or(rest.len()));
            let then = match tail.chars().next() {
                Some('|') => Fallback::AnyError,
                _ => Fallback::NotFound,
            };
            asked += 1;
            if walk
                .failed(error(entry.parse().expect("a status")), then)
                .is_break()
            {
                break;
            }
            rest = tail.get(1..).unwrap_or_default();
        }
        (asked, status(&walk.answer()))
    }

    #[test]
    fn falls_through_and_answers_as_the_go_command() {
        for (list, want) in [
            ("", (0, 0)),
            ("404", (1, 404)),
            ("404,410", (2, 410)),
            ("410,404", (2, 404)),
            ("503,404", (1, 503)),
            ("403,404", (1, 403)),
            ("403|404", (2, 403)),
            ("404|503", (2, 503)),
            ("404,503", (2, 503)),
            ("503|404", (2, 503)),
            ("503|404,404", (3, 503)),
            ("503|404,502", (3, 502)),
            ("503|403", (2, 403)),
            ("403|503,404", (2, 503)),
            ("404,500,404", (2, 500)),
            ("404|500|404|404", (4, 500)),
        ] {
            assert_eq!(walk(list), want, "{list}");
        }
    }
}
