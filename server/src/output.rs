//! What people are told on standard output and standard error, apart from the log.

use std::io::{self, Write};
use std::time::Duration;

/// Prints to standard output. A reader that has seen enough (`sumward … | head`) is
/// no failure.
///
/// # Errors
/// What the operating system answers, a full disk for example.
pub(crate) fn print(text: &str) -> io::Result<()> {
    let mut stdout = io::stdout().lock();
    match stdout
        .write_all(text.as_bytes())
        .and_then(|()| stdout.flush())
    {
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
        other => other,
    }
}

/// Says something to people on standard error, as well as that can be done: nobody
/// may be reading it, and a reader that stopped must not keep the process.
pub(crate) fn complain(text: String) {
    let (sign, said) = std::sync::mpsc::sync_channel(1);
    let speaker = std::thread::Builder::new().spawn(move || {
        let _ = writeln!(io::stderr(), "{text}");
        let _ = sign.try_send(());
    });
    if speaker.is_ok() {
        let _ = said.recv_timeout(COMPLAIN_MAX);
    }
}

/// How long a reader of standard error may keep a process from ending.
const COMPLAIN_MAX: Duration = Duration::from_secs(1);
