//! The flags of go build, those of GOFLAGS and of the command line, in one order.

use proto::goflags;

use super::Unstated;
use crate::host::public::{self, WITHHELD};
use crate::rebuild::project::Project;

/// Flags that change no byte of a program: what is printed and kept, how many
/// steps at a time, whether to build anew.
const WITHOUT_EFFECT: &[&str] = &[
    "a",
    "debug-actiongraph",
    "debug-runtime-trace",
    "debug-trace",
    "json",
    "modcacherw",
    "p",
    "v",
    "x",
];

/// Returns the flags that shape the program. They are sorted by name, the last of
/// equal names last: that is the one that counts.
pub(super) fn of(project: &Project, commit: Option<&str>, unstated: &mut Unstated) -> Vec<String> {
    let set = goflags::split(project.env("GOFLAGS"));
    let given = project.build.flags.iter();
    let given = given.map(|word| word.to_string_lossy().into_owned());
    shown(set.into_iter().chain(given), commit, unstated)
}

fn shown(
    words: impl Iterator<Item = String>,
    commit: Option<&str>,
    unstated: &mut Unstated,
) -> Vec<String> {
    let mut flags = Vec::new();
    for word in words {
        let bare = word.trim_start_matches('-');
        let name = bare.split_once('=').map_or(bare, |(name, _)| name);
        if WITHOUT_EFFECT.contains(&name) {
            continue;
        }
        let shown = public::flag(&word, commit);
        // The name of a flag that nobody knows is not repeated either.
        let name = match shown.text.as_str() {
            WITHHELD => "flags",
            text => text.split_once('=').map_or(text, |(name, _)| name),
        };
        unstated.unless(shown.is_whole, name);
        flags.push(shown.text);
    }
    flags.sort_by(|a, b| name(a).cmp(name(b)));
    flags.dedup();
    flags
}

fn name(flag: &str) -> &str {
    flag.split_once('=').map_or(flag, |(name, _)| name)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(words: &[&str]) -> (Vec<String>, Vec<String>) {
        let mut unstated = Unstated::default();
        let words = words.iter().map(|word| (*word).to_owned());
        let flags = shown(words, None, &mut unstated);
        (flags, unstated.0.into_iter().collect())
    }

    #[test]
    fn where_and_in_which_order_flags_were_given_leaves_no_trace() {
        let want = ["-ldflags=-s -w", "-tags=netgo", "-trimpath"];
        for words in [
            &["-trimpath", "-tags=netgo", "-ldflags=-s -w"][..],
            &["--tags=netgo", "-v", "-ldflags=-s -w", "-trimpath=true"],
            &[
                "-p=2",
                "-x",
                "-trimpath",
                "-trimpath",
                "-ldflags=-s -w",
                "-tags=netgo",
            ],
        ] {
            assert_eq!(of(words).0, want, "{words:?}");
        }
        // The last one counts, so their order is kept.
        assert_eq!(of(&["-tags=b", "-tags=a"]).0, ["-tags=b", "-tags=a"]);
    }

    #[test]
    fn what_is_not_shown_is_named() {
        let (flags, unstated) = of(&["-ldflags=-X main.key=secret", "-overlay=/x", "-secret"]);
        assert_eq!(flags, ["-ldflags=-X main.key=…", "-overlay=…", "…"]);
        assert_eq!(unstated, ["-ldflags", "-overlay", "flags"]);
        assert!(of(&["-trimpath", "-pgo=off"]).1.is_empty());
    }
}
