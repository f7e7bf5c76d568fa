//! Stored files that fail on command, for tests.

use std::io;
use std::sync::{Arc, Mutex, PoisonError};

use async_trait::async_trait;

use super::{Blob, Blobs, If, Key, Published, Staged, Walk};
use crate::blocking::CALL_MAX;

/// What a call ends with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Fault {
    /// An error of this kind; nothing was done.
    NotDone(io::ErrorKind),
    /// An error of this kind, although all was done.
    Done(io::ErrorKind),
    /// `TimedOut`, after a long while; nothing was done.
    Hang,
}

/// A call that can fail.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Call {
    /// Reading.
    Read,
    /// Making a file in staging.
    Stage,
    /// Publishing.
    Publish,
    /// Removing.
    Remove,
    /// Removing many that can be had again.
    Evict,
    /// Touching.
    Touch,
}

/// Faults to come: what is asked before each call. Cheap to clone.
pub(crate) type Faults<C> = Arc<Mutex<Box<dyn FnMut(C) -> Option<Fault> + Send>>>;

/// Passes calls on to `inner`, but for those that are to fail.
pub(crate) struct Failing<B> {
    /// What does the work.
    pub(crate) inner: B,
    faults: Faults<Call>,
}

impl<B> Failing<B> {
    /// Takes what does the work. Nothing fails yet.
    pub(crate) fn new(inner: B) -> Self {
        Self {
            inner,
            faults: Arc::new(Mutex::new(Box::new(|_| None))),
        }
    }

    /// From now on, `fault` says before each call how it ends.
    pub(crate) fn fail(&self, fault: impl FnMut(Call) -> Option<Fault> + Send + 'static) {
        *self.faults.lock().unwrap_or_else(PoisonError::into_inner) = Box::new(fault);
    }

    /// From now on, the disk is full: nothing new is stored, the rest works.
    pub(crate) fn fill_disk(&self) {
        self.fail(|call| match call {
            Call::Stage | Call::Publish => Some(Fault::NotDone(io::ErrorKind::StorageFull)),
            Call::Read | Call::Remove | Call::Evict | Call::Touch => None,
        });
    }

    /// From now on, nothing fails.
    pub(crate) fn heal(&self) {
        self.fail(|_| None);
    }
}

impl<B: std::fmt::Debug> std::fmt::Debug for Failing<B> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Failing({:?})", self.inner)
    }
}

/// Does `work`, or fails as the next fault says.
pub(crate) async fn run<C, T>(
    faults: &Faults<C>,
    call: C,
    work: impl Future<Output = io::Result<T>>,
) -> io::Result<T> {
    let fault = faults.lock().unwrap_or_else(PoisonError::into_inner)(call);
    match fault {
        None => work.await,
        Some(Fault::NotDone(kind)) => Err(kind.into()),
        Some(Fault::Done(kind)) => work.await.and(Err(kind.into())),
        Some(Fault::Hang) => {
            tokio::time::sleep(CALL_MAX).await;
            Err(io::ErrorKind::TimedOut.into())
        }
    }
}

#[async_trait]
impl<B: Blobs> Blobs for Failing<B> {
    async fn read(&self, key: &Key) -> io::Result<Option<Blob>> {
        run(&self.faults, Call::Read, self.inner.read(key)).await
    }

    async fn stage(&self) -> io::Result<Staged> {
        run(&self.faults, Call::Stage, self.inner.stage()).await
    }

    async fn stage_from(&self, from: &std::path::Path) -> io::Result<Staged> {
        run(&self.faults, Call::Stage, self.inner.stage_from(from)).await
    }

    async fn publish(&self, staged: Staged, key: &Key, condition: If) -> io::Result<Published> {
        let work = self.inner.publish(staged, key, condition);
        run(&self.faults, Call::Publish, work).await
    }

    async fn remove(&self, key: &Key) -> io::Result<bool> {
        run(&self.faults, Call::Remove, self.inner.remove(key)).await
    }

    async fn evict(&self, keys: Vec<Key>) -> io::Result<()> {
        run(&self.faults, Call::Evict, self.inner.evict(keys)).await
    }

    async fn touch(&self, key: &Key) -> io::Result<()> {
        run(&self.faults, Call::Touch, self.inner.touch(key)).await
    }

    fn walk_prefix(&self, prefix: &str) -> Walk {
        self.inner.walk_prefix(prefix)
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::store::durable::Staging;
    use crate::store::local::Local;

    #[tokio::test]
    async fn publishing_again_is_safe_however_it_failed() {
        let data = tempfile::tempdir().unwrap();
        let staging = Staging::open(data.path()).unwrap();
        let blobs = Failing::new(Local::open(data.path(), &staging).unwrap());
        let kind = io::ErrorKind::StorageFull;
        for (number, fault, then) in [
            (1, Fault::NotDone(kind), Published::Stored),
            (2, Fault::Done(kind), Published::Same),
        ] {
            let key = Key::parse(&format!("a.example/c/@v/v1.0.{number}.mod")).unwrap();
            let publish = async || {
                let staged = blobs.stage().await.unwrap();
                blobs.publish(staged, &key, If::Absent).await
            };
            blobs.fail(move |call| (call == Call::Publish).then_some(fault));
            assert_eq!(publish().await.unwrap_err().kind(), kind);
            blobs.heal();
            assert_eq!(publish().await.unwrap(), then);
        }
        blobs.fill_disk();
        assert_eq!(blobs.stage().await.unwrap_err().kind(), kind);
        assert_eq!(blobs.walk().count(), 2);
        blobs.fail(|_| Some(Fault::Hang));
        let key = Key::parse("a.example/c/@v/list").unwrap();
        let wait = Duration::from_millis(10);
        assert!(tokio::time::timeout(wait, blobs.read(&key)).await.is_err());
    }
}
