//! The system calls that a file causes, as strace sees them.

use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use rustix::process::{Pid, Signal, kill_process};
use testkit::module::Module;
use testkit::sumward::Sumward;
use testkit::world::{target, wait_until};

use crate::get;

/// How often one file caused a kind of calls, before its answer was there and
/// afterwards.
#[derive(Clone, Copy, Default)]
pub(crate) struct Calls {
    pub(crate) syncs: [f64; 2],
    pub(crate) directories: [f64; 2],
    pub(crate) names: [f64; 2],
}

/// Longer than anything written later is put off.
const TRACED_PAUSE: Duration = Duration::from_millis(1500);

/// Asks for files one after another under strace.
pub(crate) fn traced(server: &Sumward, modules: &[&Module], ending: &str) -> Calls {
    let folder = tempfile::tempdir().expect("make a folder for the trace");
    let file = folder.path().join("trace");
    let mut strace = Strace::attach(server.id(), &file);
    let mut spans = Vec::new();
    for module in modules {
        let begin = now();
        get(server.address(), &target(module, ending));
        spans.push((begin, now()));
        // What is done afterwards is not to fall into the next one's time.
        std::thread::sleep(TRACED_PAUSE);
    }
    strace.detach();
    let trace = std::fs::read_to_string(&file).expect("read the trace");
    let mut calls = Calls::default();
    for line in trace.lines() {
        let mut words = line.split_whitespace();
        let (Some(_thread), Some(time), Some(call)) = (words.next(), words.next(), words.next())
        else {
            continue;
        };
        let Ok(time) = time.parse::<f64>() else {
            continue;
        };
        let answered = !spans
            .iter()
            .any(|(begin, end)| (*begin..*end).contains(&time));
        let counter = match call.split('(').next() {
            Some("fsync" | "fdatasync" | "syncfs" | "sync_file_range" | "msync") => {
                &mut calls.syncs
            }
            Some("getdents64") => &mut calls.directories,
            Some("rename" | "renameat" | "renameat2" | "link" | "linkat") => &mut calls.names,
            // The second half of a call that others came between.
            _ => continue,
        };
        counter[usize::from(answered)] += 1.0 / modules.len() as f64;
    }
    calls
}

/// strace on a running process.
struct Strace(Child);

impl Strace {
    fn attach(process: u32, file: &Path) -> Self {
        let strace = Command::new("strace")
            .args([
                "-f",
                "-qq",
                "-ttt",
                "-e",
                CALLS,
                "-p",
                &process.to_string(),
                "-o",
            ])
            .arg(file)
            .stdin(Stdio::null())
            .spawn()
            .expect("start strace");
        let threads = format!("/proc/{process}/task");
        wait_until("strace is attached to each thread", || {
            let mut threads = std::fs::read_dir(&threads).into_iter().flatten().flatten();
            threads.all(|thread| {
                let status = std::fs::read_to_string(thread.path().join("status"));
                status.is_ok_and(|status| !status.contains("TracerPid:\t0\n"))
            })
        });
        Self(strace)
    }

    /// Lets go of the process; the trace is whole then.
    fn detach(&mut self) {
        let id = i32::try_from(self.0.id()).expect("a process id");
        let id = Pid::from_raw(id).expect("not zero");
        kill_process(id, Signal::INT).expect("signal strace");
        self.0.wait().expect("wait for strace");
    }
}

/// What is counted of the system's calls. Those of other systems are ignored.
const CALLS: &str = "trace=?fsync,?fdatasync,?syncfs,?sync_file_range,?msync,?rename,?renameat,\
                     ?renameat2,?link,?linkat,?getdents64";

/// Seconds since 1970, as strace writes them.
fn now() -> f64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH);
    since.expect("the clock is past 1970").as_secs_f64()
}
