//! Two files and one log: the flags of the file that has none.

use std::ops::ControlFlow;
use std::sync::Arc;

use proto::hashlog::Log;
use proto::hashlog::linkflags::Open;

use super::shown::{Shown, Stripped};
use super::{Limits, Searched, search};
use crate::artifact::Artifact;
use crate::cause::{Pair, set_string_name, set_string_text};
use crate::goinfo::selfcheck::SelfCheck;
use crate::recipe::{Recipe, shell};

/// What a search between two files gave.
pub struct Between {
    /// A log of the link action with the flags that fit, for the file without a log.
    pub log: Option<Arc<Log>>,
    /// What is said of it.
    pub searched: Searched,
}

/// Looks for the flags of the file that has no log, where the other one has, and both link
/// the same package main. `None` where there is nothing to look for.
pub fn between(pair: &Pair<'_>, limits: Limits, progress: &dyn Fn(u64)) -> Option<Between> {
    let pattern = pair.diff.pattern?.0;
    // Another package main is no matter of flags.
    if pattern[0] || !pattern[1] || !pattern[2] {
        return None;
    }
    let (side, log) = match &pair.logs {
        [None, Some(log)] => (0, log),
        [Some(log), None] => (1, log),
        [None, None] | [Some(_), Some(_)] => return None,
    };
    let files = [pair.a, pair.b];
    let wanted = &files[side].go.program()?.link_action;
    let own = &files[1 - side].go.program()?.link_action;
    let open = Open::of(log.action(own)?)?;
    let shown = Shown::of(files[side]);
    let shown = Shown {
        stripped: stripped(files[side], &shown),
        variables: variables(pair, side),
        ..shown
    };
    let search = search(&open, wanted, &shown, limits, &|count| {
        progress(count);
        ControlFlow::Continue(())
    });
    let (words, block) = search.found.unzip();
    Some(Between {
        log: block.and_then(Log::of).map(Arc::new),
        searched: Searched {
            file: side,
            found: words.and_then(shell::join),
            tried: search.tried,
            is_exhausted: search.is_exhausted,
        },
    })
}

fn stripped(artifact: &Artifact, shown: &Shown) -> Option<Stripped> {
    if matches!(artifact.go.self_check, SelfCheck::Changed { .. }) {
        return None;
    }
    let recipe = Recipe::of(artifact)?;
    let has = |name: &str| recipe.linker.flags.iter().any(|flag| flag.name == name);
    shown.stripped_by(has("-s"), has("-w"))
}

/// Variables and values: by symbols, else those that code shows and the other file names.
fn variables(pair: &Pair<'_>, side: usize) -> Vec<(String, String)> {
    let artifact = [pair.a, pair.b][side];
    if let Some(variables) = &artifact.go.variables {
        let all = variables
            .iter()
            .map(|variable| (variable.name.clone(), variable.value.clone()));
        return all.collect();
    }
    let mut named: Vec<(String, String)> = Vec::new();
    for one in pair.set_strings().iter().filter(|one| one.is_set[side]) {
        let found = set_string_name(pair, one).zip(set_string_text(pair, one, side));
        if let Some((name, text)) = found
            && named.iter().all(|(known, _)| known != name)
        {
            named.push((name.to_owned(), text.to_owned()));
        }
    }
    // What the other build gives the same value, shows no difference.
    let others = [pair.a, pair.b][1 - side].go.variables.iter().flatten();
    for other in others {
        if named.iter().all(|(known, _)| *known != other.name) {
            named.push((other.name.clone(), other.value.clone()));
        }
    }
    named
}
