//! Records that wait for their numbers, and the one task that gives them.

use std::collections::HashMap;
use std::io;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use arc_swap::ArcSwap;
use proto::module::ModuleVersion;
use proto::sumdb::own::{self, SignedHead};
use proto::tlog::sequencer::{Limits, Sequencer, Ticket};
use tokio::sync::oneshot;
use tokio_util::task::TaskTracker;

use super::error::Error;
use super::log::{Log, Standing};

/// Records that wait, and the head that was reached.
#[derive(Debug)]
pub(super) struct Queue {
    log: Arc<Log>,
    /// What everybody is told.
    head: ArcSwap<Standing>,
    /// Held to put records in or take all out.
    orders: Mutex<Orders>,
    /// Held by the one task that writes.
    writer: tokio::sync::Mutex<Writer>,
    tasks: TaskTracker,
}

#[derive(Debug, Default)]
struct Orders {
    waiting: Vec<Order>,
    /// Whether a task takes them.
    is_taken: bool,
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
            orders: Mutex::default(),
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
    /// What disk or ledger answer, or that too many wait.
    pub(super) async fn append(
        self: &Arc<Self>,
        module: ModuleVersion,
        record: Vec<u8>,
    ) -> Result<u64, Error> {
        let (done, result) = oneshot::channel();
        {
            let mut orders = self.orders();
            if orders.waiting.len() >= WAITING_MAX {
                return Err(Error::Unreachable {
                    reason: "too many records wait to be logged".to_owned(),
                    retry_after: None,
                });
            }
            orders.waiting.push(Order {
                module,
                record,
                done,
            });
            if !std::mem::replace(&mut orders.is_taken, true) {
                // A task of its own: a batch is not left half done when a client leaves.
                self.tasks.spawn(Arc::clone(self).run());
            }
        }
        let ended = |_| io::Error::other("the task that logs records has ended");
        result.await.map_err(ended).map_err(Error::io("logging"))?
    }

    /// Logs what waits, all that is there at a time as one batch, until nothing waits.
    async fn run(self: Arc<Self>) {
        let mut writer = self.writer.lock().await;
        let taking = Taking(&self);
        loop {
            let orders = {
                let mut orders = self.orders();
                if orders.waiting.is_empty() {
                    orders.is_taken = false;
                    std::mem::forget(taking);
                    return;
                }
                std::mem::take(&mut orders.waiting)
            };
            writer.log(&self, orders).await;
        }
    }

    /// Looks again where the log stands, where nothing is signed now.
    pub(super) async fn look_again(&self) {
        if self.standing().unsigned.is_none() {
            return;
        }
        let mut writer = self.writer.lock().await;
        writer.is_unsure = true;
        if writer.make_sure(self).await.is_ok() {
            tracing::warn!("the database of our own signs again");
        }
    }

    fn orders(&self) -> MutexGuard<'_, Orders> {
        self.orders.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn reached(&self, head: SignedHead) {
        let unsigned = None;
        self.head.store(Arc::new(Standing { head, unsigned }));
    }
}

/// Lets another task take the orders when this one ends by a bug.
struct Taking<'a>(&'a Queue);

impl Drop for Taking<'_> {
    fn drop(&mut self) {
        self.0.orders().is_taken = false;
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
        for order in orders {
            self.take(queue, order).await;
        }
        while let Some(plan) = self.sequencer.plan() {
            let before = queue.standing();
            match queue.log.commit(plan, &before.head).await {
                Ok((batch, head)) => {
                    queue.reached(head);
                    for (ticket, id) in self.sequencer.sequenced(&batch) {
                        self.tell(ticket, &Ok(id));
                    }
                }
                Err(error) => {
                    tracing::error!(%error, "records are not logged");
                    self.give_up(&Error::io("logging a record")(error));
                }
            }
        }
    }

    /// Finds out after a failure whether the batch became durable.
    async fn make_sure(&mut self, queue: &Queue) -> Result<(), Error> {
        if self.is_unsure {
            let standing = queue.log.stand(None).await;
            let standing = standing.map_err(Error::io("reading where the log stands"))?;
            let reached = self.sequencer.go_on_from(standing.head.tree);
            reached.map_err(|error| Error::damaged("reading where the log stands", error))?;
            queue.head.store(Arc::new(standing));
            self.is_unsure = false;
        }
        match &queue.standing().unsigned {
            None => Ok(()),
            Some(reason) => Err(Error::Unsigned {
                reason: reason.clone(),
            }),
        }
    }

    /// Offers a record, unless its module version is in the log. Nobody else adds to the
    /// log meanwhile, so no module version ever gets a second record.
    async fn take(&mut self, queue: &Queue, order: Order) {
        let size = self.sequencer.head().size;
        let found = queue.log.map.get(&order.module, size).await;
        let offered = match found.map_err(Error::io("looking a module up in the log")) {
            Ok(Some(id)) => {
                let _ = order.done.send(Ok(id));
                return;
            }
            Ok(None) => self
                .sequencer
                .offer(order.record)
                .map_err(|error| Error::Denied {
                    reason: error.to_string(),
                }),
            Err(error) => Err(error),
        };
        match offered {
            Ok(ticket) => self.waiting.entry(ticket).or_default().push(order.done),
            Err(error) => drop(order.done.send(Err(error))),
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
