//! The one way to run blocking work off the async threads.

use std::io;

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
    match tokio::task::spawn_blocking(work).await {
        Ok(result) => result,
        Err(error) => Err(io::Error::other(error)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

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
