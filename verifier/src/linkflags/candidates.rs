//! Flags as people write them, the likeliest first.
//!
//! A flag that shows in the file is in every candidate: `-s` where there are no symbols, -X
//! where a variable has a value. Others leave no trace, or one that something else leaves as
//! well; they are put beside, first one, then two.

use std::collections::HashSet;
use std::collections::hash_map::DefaultHasher;
use std::hash::{Hash as _, Hasher as _};
use std::ops::ControlFlow;

use super::arrangement::{Choice, Take, Words, arrange, combinations, permutations};
use super::shown::{Facts, Shown, Stripped};

/// More variables than these are tried in a few orders only, and not in all.
const PERMUTED_MAX: usize = 6;

/// More flags than these are not tried one by one, but only those of a kind together.
const ONE_BY_ONE_MAX: usize = 7;

/// The most variables put in.
const VARIABLES_MAX: usize = 40;

/// The most candidates remembered so as not to try them twice.
const SEEN_MAX: usize = 1_000_000;

/// Candidates that were tried.
#[derive(Debug, Default)]
pub struct Seen(HashSet<u64>);

impl Seen {
    /// Says whether a candidate is tried for the first time.
    pub fn is_new(&mut self, words: &[String]) -> bool {
        let mut hash = DefaultHasher::new();
        words.hash(&mut hash);
        let hash = hash.finish();
        if self.0.len() >= SEEN_MAX {
            return !self.0.contains(&hash);
        }
        self.0.insert(hash)
    }
}

/// Goes through candidates. `own` are the flags of the build whose log is there.
pub fn visit(shown: &Shown, own: &[String], take: Take<'_>) -> ControlFlow<()> {
    like_own(shown, own, take)?;
    let variables = variables(shown, own);
    let extras = extras(shown);
    let strips = strips(shown);
    // None of the others, then one, then two.
    for count in 0..=2_usize {
        for beside in combinations(extras.len(), count) {
            let beside: Vec<&Choice> = beside.iter().filter_map(|at| extras.get(*at)).collect();
            if count < 2 {
                one_by_one(shown, &strips, &beside, take)?;
            }
            for strip in &strips {
                for variables in &variables {
                    let mut parts: Vec<&Choice> = strip.iter().collect();
                    parts.extend(variables);
                    parts.extend(beside.iter().copied());
                    arrange(&parts, take)?;
                }
            }
        }
    }
    releases(shown, &strips, take)
}

/// Every flag for itself: others may stand between two variables, and each may be spelled in
/// its own way.
fn one_by_one(
    shown: &Shown,
    strips: &[Vec<Choice>],
    beside: &[&Choice],
    take: Take<'_>,
) -> ControlFlow<()> {
    let name = |flag: &str| flag.split('=').next().map(str::to_owned);
    let is_there = |choice: &&Choice| {
        let mut others = shown.others.iter();
        others.any(|other| name(other) == name(&choice[0][0]))
    };
    if beside.iter().any(is_there) {
        return ControlFlow::Continue(());
    }
    let variables = shown.variables.iter();
    let mut flags: Vec<Choice> = variables
        .map(|variable| orders(std::slice::from_ref(variable)))
        .collect();
    flags.extend(shown.others.iter().map(|flag| match flag.split_once('=') {
        Some((name, value)) => valued(name, &[value]),
        None => choice(&[&[flag]]),
    }));
    for strip in strips {
        let parts = strip.iter().chain(&flags).chain(beside.iter().copied());
        let parts: Vec<&Choice> = parts.collect();
        if parts.len() <= ONE_BY_ONE_MAX {
            arrange(&parts, take)?;
        }
    }
    ControlFlow::Continue(())
}

/// The build's own flags with the file's values, also with -s and -w in another way: how a
/// project spells and orders them.
fn like_own(shown: &Shown, own: &[String], take: Take<'_>) -> ControlFlow<()> {
    let valued = with_values(shown, own);
    let is_strip = |word: &String| matches!(word.as_str(), "-s" | "-w");
    let bare: Words = valued
        .iter()
        .filter(|word| !is_strip(word))
        .cloned()
        .collect();
    let strip = |words: &[&str]| -> Words { words.iter().map(|word| (*word).to_owned()).collect() };
    take(&valued)?;
    take(&bare)?;
    for alternative in [&["-s", "-w"][..], &["-w", "-s"], &["-s"], &["-w"]] {
        let alternative = strip(alternative);
        for base in [&bare, &valued] {
            take(&[alternative.clone(), base.clone()].concat())?;
            take(&[base.clone(), alternative.clone()].concat())?;
        }
    }
    ControlFlow::Continue(())
}

/// Puts the file's values into -X flags; what has none in the file stays.
fn with_values(shown: &Shown, own: &[String]) -> Words {
    let value = |assigned: &str| {
        let (name, _) = assigned.split_once('=')?;
        let known = shown.variables.iter().find(|(known, _)| known == name)?;
        Some(format!("{name}={}", known.1))
    };
    let mut words = Words::new();
    let mut is_variable = false;
    for word in own {
        let bare = word.strip_prefix("--").or_else(|| word.strip_prefix('-'));
        let joined = bare.and_then(|bare| bare.strip_prefix("X="));
        let put = match joined {
            _ if is_variable => value(word),
            Some(assigned) => value(assigned).map(|assigned| {
                let flag = &word[..word.len() - assigned_len(word)];
                format!("{flag}{assigned}")
            }),
            None => None,
        };
        is_variable = !is_variable && bare == Some("X");
        words.push(put.unwrap_or_else(|| word.clone()));
    }
    words
}

/// How long the part behind `-X=` is.
fn assigned_len(word: &str) -> usize {
    word.split_once('=')
        .map_or(0, |(_, assigned)| assigned.len())
}

/// A flag with each of some values, which is a word of its own or joined by `=`.
fn valued(flag: &str, values: &[&str]) -> Choice {
    let spell = |value: &&str| {
        [
            vec![flag.to_owned(), (*value).to_owned()],
            vec![format!("{flag}={value}")],
        ]
    };
    values.iter().flat_map(spell).collect()
}

fn choice(spellings: &[&[&str]]) -> Choice {
    spellings.iter().map(|words| owned(words)).collect()
}

/// The ways to leave symbols out; each is flags that stand together, or one by one.
fn strips(shown: &Shown) -> Vec<Vec<Choice>> {
    let all = || {
        vec![
            vec![choice(&[&["-s", "-w"], &["-w", "-s"], &["-s"]])],
            // With others between them.
            vec![choice(&[&["-s"]]), choice(&[&["-w"]])],
        ]
    };
    let debug = || vec![vec![choice(&[&["-w"], &["-s=false", "-w"]])]];
    match shown.stripped {
        Some(Stripped::All) => all(),
        Some(Stripped::Debug) => debug(),
        Some(Stripped::Nothing) => vec![Vec::new()],
        None => [vec![Vec::new()], all(), debug()].concat(),
    }
}

/// The ways to give the variables their values: none, all of them in each order and
/// spelling, some of them.
fn variables(shown: &Shown, own: &[String]) -> Vec<Option<Choice>> {
    let all = &shown.variables[..shown.variables.len().min(VARIABLES_MAX)];
    if all.is_empty() {
        return vec![None];
    }
    let mut ways = vec![Some(orders(&in_own_order(all, own)))];
    // Some values may be the source's.
    if all.len() > 1 {
        for left_out in 0..all.len() {
            let mut some = all.to_vec();
            some.remove(left_out);
            ways.push(Some(orders(&some)));
        }
        if all.len() > 2 {
            ways.extend(
                all.iter()
                    .map(|one| Some(orders(std::slice::from_ref(one)))),
            );
        }
    }
    ways.push(None);
    ways
}

/// Sorts variables as the build's own flags name them.
fn in_own_order(all: &[(String, String)], own: &[String]) -> Vec<(String, String)> {
    let place = |name: &str| {
        let names = |word: &String| {
            let assigned = word.trim_start_matches('-');
            let assigned = assigned.strip_prefix("X=").unwrap_or(assigned);
            assigned
                .split_once('=')
                .is_some_and(|(known, _)| known == name)
        };
        own.iter().position(names).unwrap_or(usize::MAX)
    };
    let mut sorted = all.to_vec();
    sorted.sort_by_key(|(name, _)| place(name));
    sorted
}

/// Variables in every order and in both spellings.
fn orders(variables: &[(String, String)]) -> Choice {
    let mut orders: Vec<Vec<usize>> = Vec::new();
    let straight: Vec<usize> = (0..variables.len()).collect();
    if variables.len() <= PERMUTED_MAX {
        permutations(&straight, &mut |order| orders.push(order.to_vec()));
    } else {
        orders.push(straight.clone());
        orders.push(straight.iter().rev().copied().collect());
        let mut by_name = straight;
        by_name.sort_by_key(|at| &variables[*at].0);
        orders.push(by_name);
    }
    let spelled = |order: &Vec<usize>, is_joined: bool| -> Words {
        let words = order
            .iter()
            .filter_map(|at| variables.get(*at))
            .flat_map(|(name, value)| {
                let assigned = format!("{name}={value}");
                match is_joined {
                    true => vec![format!("-X={assigned}")],
                    false => vec!["-X".to_owned(), assigned],
                }
            });
        words.collect()
    };
    let both = orders
        .iter()
        .flat_map(|order| [spelled(order, false), spelled(order, true)]);
    both.collect()
}

/// Flags that the file does not show for sure, likelier ones first.
fn extras(shown: &Shown) -> Vec<Choice> {
    let mut statics = valued(
        "-extldflags",
        &["-static", "-static-pie", "-static -s", "-static -w"],
    );
    // Quotation marks in the middle of a word are its own.
    statics.extend(choice(&[
        &["-extldflags=\"-static\""],
        &["-extldflags='-static'"],
        &["--extldflags=-static"],
    ]));
    let relro = valued(
        "-extldflags",
        &[
            "-Wl,-z,relro,-z,now",
            "-Wl,-z,relro",
            "-Wl,-z,now",
            "-static -Wl,-z,relro,-z,now",
            "-static-pie -Wl,-z,relro,-z,now",
        ],
    );
    let mode = match shown.is_external {
        true => valued("-linkmode", &["external"]),
        false => valued("-linkmode", &["internal"]),
    };
    let mut extras = Vec::new();
    if shown.is_windows {
        extras.push(valued("-H", &["windowsgui"]));
    }
    let both = if shown.is_static {
        [statics, mode]
    } else {
        [mode, statics]
    };
    extras.extend(both);
    extras.push(choice(&[&["-checklinkname=0"]]));
    extras.push(valued("-B", &["none", "gobuildid"]));
    extras.push(choice(&[&["-buildid="], &["-buildid", ""]]));
    extras.push(choice(&[
        &["-compressdwarf=false"],
        &["-compressdwarf=true"],
    ]));
    extras.push(relro);
    extras
}

/// What a well-known release tool passes unless told otherwise: version, commit, date and who
/// built it, also where the program has no such variables.
fn releases(shown: &Shown, strips: &[Vec<Choice>], take: Take<'_>) -> ControlFlow<()> {
    let Facts {
        commit: Some(commit),
        time: Some(time),
        version: Some(version),
    } = &shown.facts
    else {
        return ControlFlow::Continue(());
    };
    let versions = [version.trim_start_matches('v'), version.as_str()];
    let commits = [
        commit.as_str(),
        commit.get(..7).unwrap_or(commit),
        commit.get(..8).unwrap_or(commit),
    ];
    for version in versions {
        for commit in commits {
            for by in [Some("goreleaser"), None] {
                let mut variables = vec![
                    ("main.version".to_owned(), version.to_owned()),
                    ("main.commit".to_owned(), commit.to_owned()),
                    ("main.date".to_owned(), time.clone()),
                ];
                variables.extend(by.map(|by| ("main.builtBy".to_owned(), by.to_owned())));
                let variables = orders(&variables);
                for strip in strips {
                    let mut parts: Vec<&Choice> = strip.iter().collect();
                    parts.push(&variables);
                    arrange(&parts, take)?;
                }
            }
        }
    }
    ControlFlow::Continue(())
}

fn owned(words: &[&str]) -> Words {
    words.iter().map(|word| (*word).to_owned()).collect()
}
