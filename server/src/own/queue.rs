//! Records that wait for their numbers, and the one task that gives them.

use std::collections::HashMap;
use std::io;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use arc_swap::ArcSwap;
use proto::module::ModuleVersion;
use proto::sumdb::own::{self, SignedHead};
use proto::tlog::batch::Batch;
use proto::tlog::sequencer::{Limits, Sequencer, Ticket};
use serde_json::json;
use tokio::sync::oneshot;
use tokio_util::task::TaskTracker;

use super::error::Error;
use super::log::{Log, Standing};
use crate::blocking::CALL_MAX;
use crate::telemetry::events;

/// Records that wait, and the head that was reached.
#[derive(Debug)]
pub(super) struct Queue {
    log: Arc<Log>,
    /// What everybody is told.
    head: ArcSwap<Standing>,
    /// Held to put a record in or take all out. Where there is one, a task is on its way
    /// to log it.
    waiting: Mutex<Vec<Order>>,
    /// Held by the one task that writes.
    writer: tokio::sync::Mutex<Writer>,
    tasks: TaskTracker,
}

#[derive(Debug)]
struct Order {
    module: ModuleVersion,
    record: Vec<u8>,
    done: oneshot::Sender<Result<u64, Error>>,
}

#[derive(Debug)]
struct Writer {
    sequencer: Sequencer,
    /// Who waits for which record.
    waiting: HashMap<Ticket, Vec<oneshot::Sender<Result<u64, Error>>>>,
    /// Whether a batch failed, which may have become durable all the same.
    is_unsure: bool,
}

/// How long a record may take to be logged: two batches, the one that is being written and
/// its own.
const LOGGING_MAX: Duration = CALL_MAX.saturating_mul(2);

/// Records that wait at most; some megabytes.
const WAITING_MAX: usize = 20_000;

impl Queue {
    /// Goes on from where the log stands.
    pub(super) fn new(log: Arc<Log>, standing: Standing, tasks: TaskTracker) -> Self {
        let limits = Limits {
            waiting_max: WAITING_MAX,
            batch_max: WAITING_MAX,
            record_bytes_max: super::RECORD_BYTES_MAX,
        };
        let writer = Writer {
            sequencer: Sequencer::new(own::form(), limits, standing.head.tree),
            waiting: HashMap::new(),
            is_unsure: false,
        };
        Self {
            log,
            head: ArcSwap::from_pointee(standing),
            waiting: Mutex::default(),
            writer: tokio::sync::Mutex::new(writer),
            tasks,
        }
    }

    /// Returns the head that was reached, and whether signing goes on.
    pub(super) fn standing(&self) -> Arc<Standing> {
        self.head.load_full()
    }

    /// Logs a record. On return it is durable, and its number is told. A module version
    /// that is logged already keeps its record and number.
    ///
    /// # Errors
    /// What disk or ledger answer, that they do not answer, or that too many wait. Where
    /// they do not answer the record may be logged later.
    pub(super) async fn append(
        self: &Arc<Self>,
        module: ModuleVersion,
        record: Vec<u8>,
    ) -> Result<u64, Error> {
        let (done, result) = oneshot::channel();
        {
            let mut waiting = self.waiting();
            if waiting.len() >= WAITING_MAX {
                return Err(Error::Unreachable {
                    reason: "too many records wait to be logged".to_owned(),
                    retry_after: None,
                });
            }
            waiting.push(Order {
                module,
                record,
                done,
            });
            if waiting.len() == 1 {
                // A task of its own: a batch is not left half done when a client leaves.
                self.tasks.spawn(Arc::clone(self).log_waiting());
            }
        }
        let told = tokio::time::timeout(LOGGING_MAX, result).await;
        let late = |_| io::Error::new(io::ErrorKind::TimedOut, "the disk does not answer");
        let ended = |_| io::Error::other("the task that logs records has ended");
        let told = told.map_err(late).and_then(|told| told.map_err(ended));
        told.map_err(Error::io("logging a record"))?
    }

    /// Logs what waits as one batch, with all that comes before its turn to write.
    async fn log_waiting(self: Arc<Self>) {
        let mut writer = self.writer.lock().await;
        let orders = std::mem::take(&mut *self.waiting());
        writer.log(&self, orders).await;
    }

    /// Looks again where the log stands, where nothing is signed now. Waits for it for a
    /// while; it goes on to its end.
    pub(super) async fn look_again(self: &Arc<Self>) {
        if self.standing().unsigned.is_none() {
            return;
        }
        let this = Arc::clone(self);
        let looking = self.tasks.spawn(async move {
            // Whoever holds it looks, too.
            let Ok(mut writer) = this.writer.try_lock() else {
                return;
            };
            writer.is_unsure = true;
            if writer.make_sure(&this).await.is_ok() {
                tracing::warn!("the database of our own signs again");
            }
        });
        let _ = tokio::time::timeout(CALL_MAX, looking).await;
    }

    /// Keeps everybody else from writing until it is dropped.
    #[cfg(test)]
    pub(super) async fn hold(&self) -> impl Sized + '_ {
        self.writer.lock().await
    }

    fn waiting(&self) -> MutexGuard<'_, Vec<Order>> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn reached(&self, head: SignedHead) {
        let unsigned = None;
        self.head.store(Arc::new(Standing { head, unsigned }));
    }
}

impl Writer {
    async fn log(&mut self, queue: &Queue, orders: Vec<Order>) {
        if let Err(error) = self.make_sure(queue).await {
            for order in orders {
                let _ = order.done.send(Err(error.clone()));
            }
            return;
        }
        let modules: Vec<_> = orders.iter().map(|order| order.module.clone()).collect();
        // Nobody else adds to the log meanwhile, so no module version ever gets a second
        // record.
        let head = self.sequencer.head();
        let logged = queue.log.map.get_each(&modules, &head).await;
        match logged.map_err(Error::io("looking modules up in the log")) {
            Ok(logged) => {
                for (order, logged) in orders.into_iter().zip(logged) {
                    self.take(order, logged);
                }
            }
            Err(error) => {
                for order in orders {
                    let _ = order.done.send(Err(error.clone()));
                }
            }
        }
        while let Some(plan) = self.sequencer.plan() {
            let before = queue.standing();
            match queue.log.commit(plan, &before.head).await {
                Ok((batch, head)) => {
                    queue.reached(head);
                    tell_admitted(&queue.log, &batch);
                    for (ticket, id) in self.sequencer.sequenced(&batch) {
                        self.tell(ticket, &Ok(id));
                    }
                }
                Err(error) => {
                    tracing::error!(%error, "records are not logged");
                    self.give_up(&not_signed("logging a record", error));
                }
            }
        }
    }

    /// Finds out after a failure whether the batch became durable, and after a start whether
    /// a witness knows a newer head.
    async fn make_sure(&mut self, queue: &Queue) -> Result<(), Error> {
        if self.is_unsure {
            let standing = queue.log.stand(None).await;
            let doing = "reading where the log stands";
            let standing = standing.map_err(|error| not_signed(doing, error))?;
            let reached = self.sequencer.go_on_from(standing.head.tree);
            reached.map_err(|error| Error::damaged("reading where the log stands", error))?;
            queue.head.store(Arc::new(standing));
            self.is_unsure = false;
        }
        let standing = queue.standing();
        let reason = match &standing.unsigned {
            Some(reason) => Some(reason.clone()),
            None => queue.log.witnessed.settle(&standing.head).await,
        };
        reason.map_or(Ok(()), |reason| Err(Error::Unsigned { reason }))
    }

    /// Offers a record, unless its module version is in the log, under `logged`.
    fn take(&mut self, order: Order, logged: Option<u64>) {
        if let Some(id) = logged {
            let _ = order.done.send(Ok(id));
            return;
        }
        match self.sequencer.offer(order.record) {
            Ok(ticket) => self.waiting.entry(ticket).or_default().push(order.done),
            Err(error) => {
                let reason = error.to_string();
                let _ = order.done.send(Err(Error::Denied { reason }));
            }
        }
    }

    fn give_up(&mut self, error: &Error) {
        self.is_unsure = true;
        let mut failed = self.sequencer.failed();
        while self.sequencer.plan().is_some() {
            failed.extend(self.sequencer.failed());
        }
        for ticket in failed {
            self.tell(ticket, &Err(error.clone()));
        }
    }

    fn tell(&mut self, ticket: Ticket, result: &Result<u64, Error>) {
        for done in self.waiting.remove(&ticket).unwrap_or_default() {
            // Whoever asked may have left.
            let _ = done.send(result.clone());
        }
    }
}

/// Tells those who follow the log what came into it.
fn tell_admitted(log: &Log, batch: &Batch) {
    for (id, record) in (batch.first..).zip(&batch.records) {
        events::tell(events::Kind::Admitted, || {
            let module = own::parts(record);
            json!({
                "database": log.verifiers.name(),
                "record": id,
                "module": module.as_ref().map(|it| it.path.as_str()),
                "version": module.as_ref().map(|it| it.version.as_str()),
            })
        });
    }
}

/// Says why records are not logged. Witnesses that do not cosign are no trouble of the disk.
fn not_signed(doing: &'static str, error: io::Error) -> Error {
    match error.kind() {
        io::ErrorKind::NotConnected => Error::Unsigned {
            reason: error.to_string(),
        },
        _ => Error::io(doing)(error),
    }
}
