//! The one way to run blocking work off the async threads.

use std::io;
use std::time::Duration;

use crate::telemetry::context::carried_blocking;

/// How long one call of storage may take: a disk that is slow has answered by then, and
/// one that is gone has not.
pub(crate) const CALL_MAX: Duration = Duration::from_secs(30);

/// Runs `work` on a thread that may block, and returns what it answers.
///
/// Work that has begun goes on to its end, also when the caller is dropped: what
/// must not be done half (a publication, a change of the ledger) belongs into
/// one call.
///
/// # Errors
/// What `work` answers, or that it panicked or was never begun because the
/// process ends.
pub(crate) async fn run<T: Send + 'static>(
    work: impl FnOnce() -> io::Result<T> + Send + 'static,
) -> io::Result<T> {
    match tokio::task::spawn_blocking(carried_blocking(work)).await {
        Ok(result) => result,
        Err(error) => Err(io::Error::other(error)),
    }
}

/// Does the same, and waits for at most `max`: a mount whose server is gone answers
/// nothing for ever, and whoever waits for it shall not.
///
/// # Errors
/// Those of [`run`]; `TimedOut` when the work has not ended, which then goes on.
pub(crate) async fn run_within<T: Send + 'static>(
    max: Duration,
    work: impl FnOnce() -> io::Result<T> + Send + 'static,
) -> io::Result<T> {
    let ended = tokio::time::timeout(max, run(work)).await;
    ended.unwrap_or_else(|_| {
        let text = format!("the disk did not answer within {} s", max.as_secs());
        Err(io::Error::new(io::ErrorKind::TimedOut, text))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn work_that_does_not_end_is_waited_for_so_long_and_no_longer() {
        let (end, ended) = std::sync::mpsc::channel::<()>();
        let work = move || ended.recv().map_err(io::Error::other);
        let error = run_within(Duration::from_millis(20), work).await;
        let error = error.unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::TimedOut, "{error}");
        // It was not stopped.
        end.send(()).unwrap();
        let quick = run_within(Duration::from_secs(60), || Ok(7)).await;
        assert_eq!(quick.unwrap(), 7);
    }

    #[tokio::test]
    async fn a_panic_is_an_error_of_the_one_who_asked() {
        assert_eq!(run(|| Ok(7)).await.unwrap(), 7);
        let error = run::<()>(|| panic!("a bug")).await.unwrap_err();
        assert!(error.to_string().contains("panic"), "{error}");
    }

    #[tokio::test]
    async fn work_goes_on_when_its_caller_is_gone() {
        let (begin, begun) = std::sync::mpsc::channel::<()>();
        let (end, ended) = std::sync::mpsc::channel();
        let work = run(move || {
            begun.recv().map_err(io::Error::other)?;
            end.send(()).map_err(io::Error::other)
        });
        let caller = tokio::spawn(work);
        tokio::task::yield_now().await;
        caller.abort();
        begin.send(()).unwrap();
        tokio::task::spawn_blocking(move || ended.recv().unwrap())
            .await
            .unwrap();
    }
}
