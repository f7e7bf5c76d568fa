//! `verify-build cacheprog`: the build cache of a go command, with a record.
//!
//! The go command starts this program as a child (`GOCACHEPROG`) and asks it for
//! every output by action; what it has to make, it hands over. Three ways to
//! answer:
//!
//! ```text
//! record   a hit if there is one; every output handed over is kept
//! audit    always a miss: every output is made again and held against the record
//! serve    a hit only while the file's SHA-256 is the one in its index line, and
//!          a package says itself that the action asked for made it
//! ```
//!
//! The record is an index in the same folder as the outputs. Serving from it guards
//! against broken storage and clumsy changes; whoever can write to the folder can
//! change index and output so that they fit. An audit finds that, since it makes
//! everything again.
//!
//! stdout is the conversation; people are told on stderr, programs in a file of
//! `sessions/` in the record's folder. The go command takes no notice of how its
//! child exits, but of the answer to its last question: an error there makes it
//! exit with 1.
//!
//! ```text
//! wire, conversation  what the go command says, and who answers when
//! keeper              looks up, keeps, compares; ending works out what was found
//! incoming, store     bodies on their way, and the folder they are kept in
//! scratch             the folder of one session, and what old ones left
//! subject             which package an output belongs to
//! taken               the packages that one build found and made
//! session, history    what one run found; the runs of a record
//! text                sentences about them
//! ```

mod conversation;
mod history;
mod incoming;
mod keeper;
mod scratch;
mod session;
mod store;
mod subject;
pub mod taken;
mod text;
mod wire;

use std::io::{self, Write as _};
use std::path::Path;

use anyhow::Context as _;

use crate::args::cacheprog::{Cacheprog, Child, Command, Fail};
use crate::host::Host;
use crate::report::printed::Printed;
use conversation::Conversation;
use history::History;
use keeper::Keeper;
use session::{Mode, Verdict};
use store::Store;

/// Runs the command: as a child of a go command until that closes it, or to
/// print what earlier runs found.
///
/// # Errors
/// When the folder can't be used.
pub fn run(args: &Cacheprog, _host: &Host) -> anyhow::Result<Box<dyn Printed>> {
    let (mode, child, beneath) = match &args.command {
        Command::Record(record) => (Mode::Record, &record.child, record.beneath.as_deref()),
        Command::Audit(child) => (Mode::Audit, child, None),
        Command::Serve(child) => (Mode::Serve, child, None),
        Command::Report(report) => {
            return Ok(Box::new(History::read(&report.folder, report.last)?));
        }
    };
    Ok(Box::new(converse(mode, child, beneath)?))
}

/// Talks to the go command at the other end of stdin and stdout to the end.
fn converse(mode: Mode, child: &Child, beneath: Option<&Path>) -> anyhow::Result<History> {
    let store = match mode {
        Mode::Record => Store::create(&child.folder),
        Mode::Audit | Mode::Serve => Store::open(&child.folder),
    }
    .with_context(|| format!("using {} as a record", child.folder.display()))?;
    let beneath = beneath
        .map(|folder| {
            Store::open(folder).with_context(|| format!("looking into {}", folder.display()))
        })
        .transpose()?;
    scratch::remove_stale(&store);
    let keeper = Keeper::begin(mode, store, beneath).context("beginning a session")?;
    let mut conversation = Conversation::new(io::stdin().lock(), io::stdout());
    let ending = conversation.hold(&keeper);
    let session = keeper.finish(&ending, child.report.as_deref(), child.taken.as_deref());
    let mut told = Vec::new();
    text::at_close(&session, &mut told)?;
    // Nobody is left to tell when stderr is gone.
    let _ = io::stderr().write_all(&told);
    conversation.close(&ending, refusal(&session, child.fail).as_deref());
    Ok(History::of_child(session))
}

/// What the go command is to fail with.
fn refusal(session: &session::Session, fail: Option<Fail>) -> Option<String> {
    let fail = fail.unwrap_or(match session.mode {
        Mode::Audit => Fail::Found,
        Mode::Record | Mode::Serve => Fail::Never,
    });
    let fails = match (session.verdict, fail) {
        (_, Fail::Never) | (Verdict::Clean, _) | (Verdict::Incomplete, Fail::Found) => false,
        (Verdict::Found, _) | (Verdict::Incomplete, Fail::Incomplete) => true,
    };
    fails.then(|| {
        format!(
            "this is not a failure to trim, but verify-build cacheprog {}'s answer: {}",
            session.mode.as_str(),
            session.summary
        )
    })
}
