//! The command line of a build, wrapped in the programs that change what
//! surrounds it: each replaces itself by the next, so that one process remains.

use std::ffi::OsString;
use std::path::{Path, PathBuf};

use super::scene::Scene;
use crate::host::machine::{Becoming, Machine, map_user, switch_user};

/// A copy that is mounted where its original is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mount {
    /// The copy.
    pub from: PathBuf,
    /// The original.
    pub at: PathBuf,
}

/// Returns the command that runs `build` in a scene. What the host does not
/// allow is left out: variations that need it are not possible there.
pub fn wrap(
    scene: &Scene,
    machine: &Machine,
    mounts: &[Mount],
    folder: &Path,
    build: Vec<OsString>,
) -> Vec<OsString> {
    let mut argv: Vec<OsString> = Vec::new();
    let words = |words: &[&str]| -> Vec<OsString> { words.iter().map(OsString::from).collect() };
    let is_apart = !mounts.is_empty() || scene.hostname.is_some();
    if let (true, Ok(namespaces)) = (is_apart, &machine.namespaces) {
        argv.extend_from_slice(namespaces);
        let count = mounts.len().to_string();
        let hostname = scene.hostname.unwrap_or_default();
        argv.extend(words(&["sh", "-ec", PREPARE, "sh", hostname, &count]));
        for mount in mounts {
            argv.extend([mount.from.clone().into(), mount.at.clone().into()]);
        }
        // The folder that the process stands in is the one under the mount.
        argv.push(folder.into());
    }
    match &scene.user {
        Some(Becoming::Mapped(unshare)) => {
            argv.push(unshare.clone());
            argv.extend(map_user());
        }
        Some(Becoming::Switched(setpriv)) => {
            argv.push(setpriv.clone());
            argv.extend(switch_user());
        }
        None => {}
    }
    if let Some(processor) = scene.processor {
        argv.extend(words(&["taskset", "-c", &processor.to_string()]));
    }
    if let Some(umask) = scene.umask {
        argv.extend(words(&["sh", "-ec", "umask \"$0\"; exec \"$@\"", umask]));
    }
    argv.extend(build);
    argv
}

const PREPARE: &str = "\
name=$1; count=$2; shift 2
if [ -n \"$name\" ]; then
  hostname \"$name\" 2>/dev/null || echo \"$name\" > /proc/sys/kernel/hostname
fi
while [ \"$count\" -gt 0 ]; do
  mount --bind \"$1\" \"$2\"; shift 2; count=$((count - 1))
done
cd \"$1\"; shift
exec \"$@\"";
