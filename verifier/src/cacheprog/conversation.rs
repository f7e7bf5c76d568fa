//! The conversation with the go command: one reader, several who answer.
//!
//! The go command sends a body without pause and nothing else meanwhile, so
//! bodies are taken in where requests are read; looking up, hashing recorded
//! files and flushing go on beside that, and answers come in any order.

use std::io::{Read, Write};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::sync::{Mutex, PoisonError};

use proto::cacheprog::{Command, Fault, Response};
use proto::gocache::Id;

use super::incoming::{self, Incoming};
use super::keeper::{Answer, Keeper};
use super::session::Ending;
use super::wire::Wire;

/// The most threads that answer.
const ANSWERING_MAX: usize = 8;

/// The most requests that wait for one. The go command has about as many in
/// flight as it runs compilers.
const WAITING_MAX: usize = 64;

/// A request that somebody is to answer.
enum Job {
    Get { id: i64, action: Id },
    Put { id: i64, action: Id, body: Incoming },
}

/// Both ends of the conversation.
pub(super) struct Conversation<R, W> {
    wire: Wire<R>,
    /// Held while one line is written.
    output: Mutex<W>,
}

impl<R: Read, W: Write + Send> Conversation<R, W> {
    pub(super) fn new(input: R, output: W) -> Self {
        Self {
            wire: Wire::new(input),
            output: Mutex::new(output),
        }
    }

    /// Answers until there is nothing more to answer. The answer to the last
    /// request is left to [`Conversation::close`].
    pub(super) fn hold(&mut self, keeper: &Keeper) -> Ending {
        let answering = std::thread::available_parallelism()
            .map_or(2, usize::from)
            .clamp(2, ANSWERING_MAX);
        let output = &self.output;
        let wire = &mut self.wire;
        say(output, 0, &Response::Hello);
        let (sender, receiver) = sync_channel(WAITING_MAX);
        let receiver = Mutex::new(receiver);
        // Leaving the scope waits for every answer.
        std::thread::scope(|scope| {
            for _ in 0..answering {
                scope.spawn(|| answer(&receiver, output, keeper));
            }
            let ending = listen(wire, output, keeper, &sender);
            drop(sender);
            ending
        })
    }

    /// Gives the last answer: after it the go command waits for our end.
    pub(super) fn close(&self, ending: &Ending, refusal: Option<&str>) {
        if let Ending::Closed(id) = ending {
            let response = refusal.map_or(Response::Closed, Response::Failed);
            say(&self.output, *id, &response);
        }
    }
}

/// Reads requests and hands them on, until there are no more.
fn listen<R: Read>(
    wire: &mut Wire<R>,
    output: &Mutex<impl Write>,
    keeper: &Keeper,
    jobs: &SyncSender<Job>,
) -> Ending {
    loop {
        let request = match wire.request() {
            Ok(Some(Ok(request))) => request,
            Ok(Some(Err(fault))) => match refuse(wire, output, keeper, &fault) {
                Ok(()) => continue,
                Err(why) => return Ending::Broken(why),
            },
            Ok(None) => return Ending::EndOfInput,
            Err(error) => return Ending::Broken(format!("reading requests: {error}")),
        };
        let id = request.id;
        let job = match request.command {
            Command::Get { action } => Job::Get {
                id,
                action: Id(action),
            },
            Command::Put {
                action,
                output: named,
                size,
            } => {
                let action = Id(action);
                let body = match incoming::receive(wire, size, keeper.temporary()) {
                    Ok(received) => received.and_then(|body| keeper.admit(action, Id(named), body)),
                    Err(error) => return Ending::Broken(format!("reading a body: {error}")),
                };
                match body {
                    Ok(body) => Job::Put { id, action, body },
                    Err(why) => {
                        keeper.failed(&why);
                        say(output, id, &Response::Failed(&why));
                        continue;
                    }
                }
            }
            Command::Close => return Ending::Closed(id),
        };
        if jobs.send(job).is_err() {
            return Ending::Broken("nobody is left to answer".to_owned());
        }
    }
}

/// Answers a request that can't be carried out, and skips the body behind it.
fn refuse<R: Read>(
    wire: &mut Wire<R>,
    output: &Mutex<impl Write>,
    keeper: &Keeper,
    fault: &Fault,
) -> Result<(), String> {
    let why = fault.to_string();
    let Some(id) = fault.id else {
        return Err(why);
    };
    if let Some(size) = fault.body {
        // What is wrong with a body that nobody wants does not matter.
        let _ = wire
            .body(size, |_| Ok(()))
            .map_err(|error| format!("reading a body: {error}"))?;
    }
    keeper.failed(&why);
    say(output, id, &Response::Failed(&why));
    Ok(())
}

/// Answers what comes, until nothing more can come.
fn answer(jobs: &Mutex<Receiver<Job>>, output: &Mutex<impl Write>, keeper: &Keeper) {
    loop {
        // The lock is let go before the work begins.
        let job = jobs.lock().unwrap_or_else(PoisonError::into_inner).recv();
        let (id, answer) = match job {
            Ok(Job::Get { id, action }) => (id, keeper.get(action)),
            Ok(Job::Put { id, action, body }) => (id, keeper.put(action, body)),
            Err(_) => return,
        };
        let response = match &answer {
            Answer::Miss => Response::Miss,
            Answer::Hit {
                output,
                size,
                time,
                path,
            } => Response::Hit {
                output: output.0,
                size: *size,
                time: time.as_deref(),
                disk_path: path,
            },
            Answer::Stored { path } => Response::Stored { disk_path: path },
            Answer::Failed(why) => Response::Failed(why),
        };
        say(output, id, &response);
    }
}

fn say(output: &Mutex<impl Write>, id: i64, response: &Response<'_>) {
    let line = response.to_line(id);
    let mut output = output.lock().unwrap_or_else(PoisonError::into_inner);
    // A go command that does not listen any more is noticed where it is read.
    let _ = output
        .write_all(line.as_bytes())
        .and_then(|()| output.flush());
}
