//! Whether the tasks that accept connections still turn.
//!
//! Each is asked, and answers between two connections. One that hangs, or that ended
//! without being told to, does not.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::sync::{mpsc, oneshot};

/// Asks the tasks that have joined. Clones ask the same ones.
#[derive(Clone, Debug, Default)]
pub(crate) struct Pulse(Arc<Mutex<Vec<mpsc::Sender<Question>>>>);

type Question = oneshot::Sender<()>;

/// The side of one that is asked.
#[derive(Debug)]
pub(super) struct Questions(mpsc::Receiver<Question>);

impl Pulse {
    /// Joins those who are asked.
    pub(super) fn join(&self) -> Questions {
        let (ask, asked) = mpsc::channel(1);
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        all.push(ask);
        Questions(asked)
    }

    /// Tells whether all answer within `max`.
    pub(crate) async fn beats(&self, max: Duration) -> bool {
        let all = self
            .0
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone();
        let answers = async {
            for one in all {
                let (question, answer) = oneshot::channel();
                if one.send(question).await.is_err() || answer.await.is_err() {
                    return false;
                }
            }
            true
        };
        tokio::time::timeout(max, answers).await.unwrap_or(false)
    }
}

impl Questions {
    /// Answers the next question. May be dropped while it waits.
    pub(super) async fn answer(&mut self) {
        match self.0.recv().await {
            // Whoever asked may have left.
            Some(question) => drop(question.send(())),
            None => std::future::pending().await,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LONG: Duration = Duration::from_secs(60);

    #[tokio::test]
    async fn all_must_answer() {
        let pulse = Pulse::default();
        assert!(pulse.beats(LONG).await);
        let (mut one, mut other) = (pulse.join(), pulse.join());
        let turning = tokio::spawn(async move {
            loop {
                one.answer().await;
            }
        });
        tokio::select! {
            beats = pulse.beats(LONG) => assert!(beats),
            () = async { loop { other.answer().await } } => {}
        }
        // It hangs.
        assert!(!pulse.beats(Duration::from_millis(20)).await);
        // It is gone.
        drop(other);
        assert!(!pulse.beats(LONG).await);
        turning.abort();
    }
}
