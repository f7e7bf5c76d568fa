//! Child processes: bounded in time and output, stopped with all they started.

use std::collections::VecDeque;
use std::ffi::OsString;
use std::io::{self, Read};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::thread;
use std::time::{Duration, Instant};

use thiserror::Error;

use super::interrupt::Interrupt;

/// The most kept of what a child prints, in bytes: its end.
pub const OUTPUT_MAX: usize = 4 << 20;

/// How long a child may take to end after it was asked to.
const GRACE: Duration = Duration::from_secs(2);

/// How long to read on after a child has ended: a process that it left behind
/// may hold its output open.
const DRAIN: Duration = Duration::from_secs(2);

/// How often to look whether a child has ended.
const LOOK: Duration = Duration::from_millis(15);

/// Why a child gave no answer.
#[derive(Debug, Error)]
pub enum Error {
    /// It could not be started.
    #[error("starting {program}: {source}")]
    Start {
        /// The program.
        program: String,
        /// What the system said.
        source: io::Error,
    },
    /// The system does not say how it ended.
    #[error("waiting for {program}: {source}")]
    Wait {
        /// The program.
        program: String,
        /// What the system said.
        source: io::Error,
    },
    /// Somebody wants this run to end; the child was stopped.
    #[error("interrupted; nothing is left running, and the temporary folder is removed")]
    Interrupted,
}

/// How a child ended.
#[derive(Debug)]
pub struct Finished {
    /// Its exit; `None` when it was stopped for taking too long.
    pub status: Option<ExitStatus>,
    /// What it printed, at most the last [`OUTPUT_MAX`] bytes.
    pub stdout: Vec<u8>,
    /// What it complained, at most the last [`OUTPUT_MAX`] bytes.
    pub stderr: Vec<u8>,
}

impl Finished {
    /// Says whether it ended well.
    pub fn is_success(&self) -> bool {
        self.status.is_some_and(|status| status.success())
    }

    /// Returns the last lines of what it complained, or printed.
    pub fn tail(&self, lines: usize) -> String {
        let text = if self.stderr.trim_ascii().is_empty() {
            &self.stdout
        } else {
            &self.stderr
        };
        let text = String::from_utf8_lossy(text);
        let all: Vec<&str> = text.trim_end().lines().collect();
        all[all.len().saturating_sub(lines)..].join("\n")
    }
}

/// Runs a program to its end, its standard input empty, in a process group of
/// its own.
///
/// # Errors
/// See [`enum@Error`]. A program that fails or takes too long is no error.
pub fn run(
    argv: &[OsString],
    prepare: impl FnOnce(&mut Command),
    timeout: Duration,
    interrupt: &Interrupt,
) -> Result<Finished, Error> {
    let name = argv.first().cloned().unwrap_or_default();
    let program = name.to_string_lossy().into_owned();
    if interrupt.is_set() {
        return Err(Error::Interrupted);
    }
    let mut command = Command::new(&name);
    command
        .args(argv.iter().skip(1))
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    prepare(&mut command);
    // Ctrl-C at a terminal then reaches us alone, and we stop the group.
    #[cfg(unix)]
    std::os::unix::process::CommandExt::process_group(&mut command, 0);
    let mut child = command.spawn().map_err(|source| Error::Start {
        program: program.clone(),
        source,
    })?;
    let stdout = tail_of(child.stdout.take());
    let stderr = tail_of(child.stderr.take());
    let ended =
        wait(&mut child, timeout, interrupt).map_err(|source| Error::Wait { program, source })?;
    match ended {
        Ended::Interrupted => Err(Error::Interrupted),
        Ended::Alone(status) => Ok(Finished {
            status: Some(status),
            stdout: collect(&stdout),
            stderr: collect(&stderr),
        }),
        Ended::TimedOut => Ok(Finished {
            status: None,
            stdout: collect(&stdout),
            stderr: collect(&stderr),
        }),
    }
}

enum Ended {
    Alone(ExitStatus),
    TimedOut,
    Interrupted,
}

fn wait(child: &mut Child, timeout: Duration, interrupt: &Interrupt) -> io::Result<Ended> {
    let start = Instant::now();
    loop {
        if let Some(status) = child.try_wait()? {
            return Ok(Ended::Alone(status));
        }
        if interrupt.is_set() {
            stop(child)?;
            return Ok(Ended::Interrupted);
        }
        if start.elapsed() >= timeout {
            stop(child)?;
            return Ok(Ended::TimedOut);
        }
        thread::sleep(LOOK);
    }
}

/// Asks the whole group to end, and makes it end when it does not.
fn stop(child: &mut Child) -> io::Result<()> {
    signal(child, false)?;
    let start = Instant::now();
    while start.elapsed() < GRACE {
        // The leader is not reaped before the last signal: until then no other
        // process can have the group's number.
        if leader_has_ended(child) {
            break;
        }
        thread::sleep(LOOK);
    }
    signal(child, true)?;
    child.wait().map(|_| ())
}

#[cfg(unix)]
fn signal(child: &mut Child, kill: bool) -> io::Result<()> {
    use rustix::process::{Pid, Signal, kill_process_group};
    let signal = if kill { Signal::KILL } else { Signal::TERM };
    match kill_process_group(Pid::from_child(child), signal) {
        // Nobody is left.
        Err(rustix::io::Errno::SRCH) | Ok(()) => Ok(()),
        Err(error) => Err(error.into()),
    }
}

#[cfg(not(unix))]
fn signal(child: &mut Child, _: bool) -> io::Result<()> {
    child.kill()
}

/// Says whether the leader has ended, without reaping it.
#[cfg(unix)]
fn leader_has_ended(child: &Child) -> bool {
    use rustix::process::{Pid, WaitId, WaitIdOptions, waitid};
    let options = WaitIdOptions::EXITED | WaitIdOptions::NOHANG | WaitIdOptions::NOWAIT;
    matches!(
        waitid(WaitId::Pid(Pid::from_child(child)), options),
        Ok(Some(_))
    )
}

#[cfg(not(unix))]
fn leader_has_ended(_: &Child) -> bool {
    true
}

/// Reads a stream to its end on a thread of its own and keeps the last bytes.
fn tail_of(stream: Option<impl Read + Send + 'static>) -> Receiver<Vec<u8>> {
    let (sender, receiver) = channel();
    let Some(mut stream) = stream else {
        return receiver;
    };
    thread::spawn(move || {
        let mut kept: VecDeque<u8> = VecDeque::new();
        let mut piece = [0; 16 << 10];
        while let Ok(count @ 1..) = stream.read(&mut piece) {
            kept.extend(&piece[..count]);
            kept.drain(..kept.len().saturating_sub(OUTPUT_MAX));
        }
        // Nobody waits any more when a process left behind held the stream.
        let _ = sender.send(kept.into());
    });
    receiver
}

fn collect(receiver: &Receiver<Vec<u8>>) -> Vec<u8> {
    receiver.recv_timeout(DRAIN).unwrap_or_default()
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;

    fn sh(script: &str, timeout: Duration, interrupt: &Interrupt) -> Result<Finished, Error> {
        let argv = ["sh", "-c", script].map(OsString::from);
        run(&argv, |_| (), timeout, interrupt)
    }

    const LONG: Duration = Duration::from_secs(60);

    #[test]
    fn output_is_kept_from_its_end() {
        let finished = sh(
            "echo out; echo one >&2; echo two >&2; exit 3",
            LONG,
            &Interrupt::default(),
        );
        let finished = finished.unwrap();
        assert_eq!(finished.stdout, b"out\n");
        assert_eq!(finished.tail(1), "two");
        assert!(!finished.is_success());
        let much = format!("head -c {} /dev/zero; echo end", OUTPUT_MAX + 5);
        let finished = sh(&much, LONG, &Interrupt::default()).unwrap();
        assert_eq!(finished.stdout.len(), OUTPUT_MAX);
        assert!(finished.stdout.ends_with(b"end\n"));
    }

    #[test]
    fn what_takes_too_long_is_stopped_with_its_children() {
        let folder = tempfile::tempdir().unwrap();
        let late = folder.path().join("late");
        let script = format!("trap '' TERM; (sleep 3; touch '{}') & wait", late.display());
        let finished = sh(&script, Duration::from_millis(200), &Interrupt::default()).unwrap();
        assert!(finished.status.is_none());
        thread::sleep(Duration::from_millis(1500));
        assert!(!late.exists(), "a child of the child lived on");
    }

    #[test]
    fn an_interrupt_stops_it_and_keeps_the_next_from_starting() {
        let interrupt = Interrupt::default();
        let flag = interrupt.clone();
        thread::spawn(move || {
            thread::sleep(Duration::from_millis(100));
            flag.set();
        });
        let stopped = sh("sleep 60", LONG, &interrupt);
        assert!(matches!(stopped, Err(Error::Interrupted)));
        assert!(matches!(
            sh("true", LONG, &interrupt),
            Err(Error::Interrupted)
        ));
    }

    #[test]
    fn what_is_not_there_is_named() {
        let error = run(&["/no/such/go".into()], |_| (), LONG, &Interrupt::default());
        assert!(error.unwrap_err().to_string().contains("/no/such/go"));
    }
}
