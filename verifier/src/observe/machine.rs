//! What is said of the host beside what every record of a build says: no more than tells
//! two hosts apart that build differently, and no name of a person or a machine unless
//! it was given to be published.

use std::collections::BTreeMap;
use std::fs;
use std::io::Read as _;
use std::path::Path;

use crate::host::Environment;
use crate::host::public;
use crate::opening::{self, Links};

/// The longest system file read, in bytes.
const FILE_BYTES_MAX: u64 = 1 << 20;

/// The longest value said, in bytes.
const VALUE_LEN_MAX: usize = 200;

/// Returns what the operating system calls itself: `debian 13`.
pub fn image() -> Option<String> {
    let text = read("/etc/os-release").or_else(|| read("/usr/lib/os-release"))?;
    release(&text)
}

/// Returns facts by name, those that were given among them.
pub fn facts(environment: &Environment, given: &[(String, String)]) -> BTreeMap<String, String> {
    let mut facts = BTreeMap::new();
    let variable = |name: &str| {
        let value = environment.var(name)?.to_string_lossy().into_owned();
        let shown = public::variable(name, &value);
        shown.is_whole.then_some(shown.text)
    };
    let locale = ["LC_ALL", "LC_CTYPE", "LANG"]
        .into_iter()
        .find_map(variable);
    let cpu = read("/proc/cpuinfo").as_deref().and_then(processor);
    let found = [
        ("cpu", cpu),
        ("locale", locale),
        ("time-zone", variable("TZ")),
        ("user-id", user_id()),
    ];
    for (name, value) in found {
        if let Some(value) = value {
            facts.insert(name.to_owned(), value);
        }
    }
    facts.extend(given.iter().cloned());
    facts
}

/// The first `model name`.
fn processor(text: &str) -> Option<String> {
    let mut lines = text.lines();
    let value = lines
        .find_map(|line| line.strip_prefix("model name")?.split_once(':'))?
        .1;
    plain(value.trim())
}

/// ID and VERSION_ID of an os-release file.
///
/// Source: os-release(5)
fn release(text: &str) -> Option<String> {
    let field = |name: &str| {
        let value = text
            .lines()
            .find_map(|line| line.strip_prefix(name)?.strip_prefix('='))?;
        plain(value.trim().trim_matches(['"', '\'']))
    };
    let id = field("ID")?;
    Some(match field("VERSION_ID") {
        Some(version) => format!("{id} {version}"),
        None => id,
    })
}

#[cfg(unix)]
fn user_id() -> Option<String> {
    Some(rustix::process::getuid().as_raw().to_string())
}

#[cfg(not(unix))]
fn user_id() -> Option<String> {
    None
}

fn plain(value: &str) -> Option<String> {
    let is_fine =
        !value.is_empty() && value.len() <= VALUE_LEN_MAX && !value.contains(char::is_control);
    is_fine.then(|| value.to_owned())
}

fn read(path: &str) -> Option<String> {
    let mut text = String::new();
    let path = fs::canonicalize(Path::new(path)).ok()?;
    let file = opening::regular(&path, Links::Followed).ok()?;
    file.take(FILE_BYTES_MAX).read_to_string(&mut text).ok()?;
    Some(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_image_is_named_by_id_and_version() {
        let text = "PRETTY_NAME=\"Debian GNU/Linux 13\"\nVERSION_ID=\"13\"\nID=debian\nID_LIKE=x\n";
        assert_eq!(release(text).as_deref(), Some("debian 13"));
        assert_eq!(release("ID=arch\n").as_deref(), Some("arch"));
        assert_eq!(release("NAME=x\n"), None);
        assert_eq!(release("ID=\"a\u{1b}b\"\n"), None);
    }

    #[test]
    fn facts_hold_no_value_that_may_not_be_published() {
        let environment = Environment::new([
            ("TZ", "UTC"),
            ("LANG", "c4nary-locale"),
            ("USER", "c4nary-user"),
            ("HOSTNAME", "c4nary-host"),
        ]);
        let given = [("name".to_owned(), "host 1".to_owned())];
        let facts = facts(&environment, &given);
        assert_eq!(facts["time-zone"], "UTC");
        assert_eq!(facts["name"], "host 1");
        let text = format!("{facts:?}");
        assert!(!text.contains("c4nary"), "{text}");
    }

    #[test]
    fn the_processor_is_that_of_the_first_core() {
        let text = "processor\t: 0\nmodel name\t: Some CPU @ 2.00GHz\n\nmodel name\t: Other\n";
        assert_eq!(processor(text).as_deref(), Some("Some CPU @ 2.00GHz"));
    }
}
