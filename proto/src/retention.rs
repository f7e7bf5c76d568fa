//! Which stored module files go when they take too much room, and which stay.
//!
//! Files go in the order of their last use, the oldest first, until what is left fits
//! the budget. What is pinned or held for another reason stays, however old, and
//! counts: so a budget may be missed, and the plan says by how much.
//!
//! ```
//! use proto::retention::Pins;
//!
//! let mut pins = Pins::default();
//! pins.add("rsc.io/*")?;
//! pins.add("golang.org/x/text@v0.3.0")?;
//! assert!(pins.hold("rsc.io/quote", "rsc.io/quote/@v/v1.5.2.zip"));
//! assert!(pins.hold("golang.org/x/text", "golang.org/x/text/@v/v0.3.0.mod"));
//! assert!(!pins.hold("golang.org/x/text", "golang.org/x/text/@v/v0.3.1.mod"));
//! # Ok::<(), proto::retention::Error>(())
//! ```

use std::collections::HashSet;

use crate::gosum;
use crate::module::pattern::Patterns;
use crate::module::{self, ModuleVersion};

/// Why a pin was refused.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The version or the pattern is malformed.
    #[error(transparent)]
    Module(#[from] module::Error),
    /// A pin without a letter pins nothing.
    #[error("an empty pin; write a pattern such as rsc.io/*, or MODULE@VERSION")]
    Empty,
}

/// What stays, whatever the budget.
#[derive(Clone, Debug, Default)]
pub struct Pins {
    patterns: Vec<Patterns>,
    /// Places of files: `golang.org/x/text/@v/v0.3.0.zip`.
    files: HashSet<String>,
}

impl Pins {
    /// Adds a pattern in the syntax of GOPRIVATE, or `MODULE@VERSION`.
    ///
    /// # Errors
    /// [`Error`].
    pub fn add(&mut self, pin: &str) -> Result<(), Error> {
        if pin.contains('@') {
            let version = ModuleVersion::parse(pin)?;
            self.add_version(&version, &["info", "mod", "zip"]);
            return Ok(());
        }
        let patterns = Patterns::parse(pin)?;
        if patterns.is_empty() {
            return Err(Error::Empty);
        }
        self.patterns.push(patterns);
        Ok(())
    }

    /// Adds what a go.sum names: of a line for a zip all files of the version, of a line
    /// for a go.mod its `.mod` and `.info`. Returns how many lines it has.
    ///
    /// # Errors
    /// Those of [`gosum::parse`].
    pub fn add_go_sum(&mut self, text: &str) -> Result<usize, gosum::Error> {
        let lines = gosum::parse(text)?;
        for line in &lines {
            let endings: &[&str] = match line.is_go_mod {
                true => &["info", "mod"],
                false => &["info", "mod", "zip"],
            };
            self.add_version(&line.module, endings);
        }
        Ok(lines.len())
    }

    /// Adds places of files: `golang.org/x/text/@v/v0.3.0.zip`.
    pub fn add_places(&mut self, places: impl IntoIterator<Item = String>) {
        self.files.extend(places);
    }

    fn add_version(&mut self, version: &ModuleVersion, endings: &[&str]) {
        let (path, name) = (version.path.escaped(), version.version.escaped());
        for ending in endings {
            self.files.insert(format!("{path}/@v/{name}.{ending}"));
        }
    }

    /// Tells whether a file is pinned: by its module's path, or by its place.
    pub fn hold(&self, module: &str, place: &str) -> bool {
        self.files.contains(place) || self.patterns.iter().any(|it| it.matches(module))
    }
}

/// Why a file stays.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Held {
    /// A pin names it.
    Pinned,
    /// A log of our own has promised these bytes, and nobody else need have them.
    Logged,
    /// No upstream may be asked for it, so it could not be fetched again.
    OnlyCopy,
    /// Nothing is recorded of it yet.
    Unrecorded,
    /// A version list or the like, from which the answers without an upstream are made.
    List,
}

impl Held {
    /// All reasons.
    pub const ALL: [Self; 5] = [
        Self::Pinned,
        Self::Logged,
        Self::OnlyCopy,
        Self::Unrecorded,
        Self::List,
    ];

    /// Returns its name, as JSON has it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Pinned => "pinned",
            Self::Logged => "logged",
            Self::OnlyCopy => "only-copy",
            Self::Unrecorded => "unrecorded",
            Self::List => "list",
        }
    }
}

/// A stored file, as far as it counts here.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct File {
    /// Its bytes.
    pub size: u64,
    /// When it was last used, in seconds since 1970.
    pub last_used: u64,
    /// Why it stays; `None` where it may go.
    pub held: Option<Held>,
}

/// What is to go.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Plan {
    /// The files to remove, by their place among those that were given, in the order in
    /// which they go.
    pub remove: Vec<usize>,
    /// Their bytes.
    pub bytes: u64,
    /// By how many bytes the budget is missed all the same.
    pub over: u64,
}

/// Chooses what is to go so that the rest fits `budget` bytes. Of files last used at the
/// same time the larger goes first, so that fewer do.
pub fn plan(files: &[File], budget: u64) -> Plan {
    let stored = sum(files.iter().map(|file| file.size));
    let mut excess = stored.saturating_sub(budget);
    let mut may_go: Vec<usize> = (0..files.len())
        .filter(|at| files[*at].held.is_none() && files[*at].size > 0)
        .collect();
    may_go.sort_by_key(|at| (files[*at].last_used, u64::MAX - files[*at].size, *at));
    let mut plan = Plan::default();
    for at in may_go {
        if excess == 0 {
            break;
        }
        plan.bytes = plan.bytes.saturating_add(files[at].size);
        excess = excess.saturating_sub(files[at].size);
        plan.remove.push(at);
    }
    plan.over = excess;
    plan
}

fn sum(sizes: impl Iterator<Item = u64>) -> u64 {
    sizes.fold(0, u64::saturating_add)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn file(size: u64, last_used: u64) -> File {
        File {
            size,
            last_used,
            held: None,
        }
    }

    fn held(size: u64, why: Held) -> File {
        File {
            held: Some(why),
            ..file(size, 0)
        }
    }

    #[test]
    fn the_oldest_use_goes_first_and_no_more_than_needed() {
        let files = [file(10, 30), file(10, 10), file(10, 20)];
        assert_eq!(plan(&files, 30), Plan::default());
        assert_eq!(plan(&files, 29).remove, [1]);
        assert_eq!(plan(&files, 15).remove, [1, 2]);
        assert_eq!(plan(&files, 0).remove, [1, 2, 0]);
    }

    #[test]
    fn of_files_of_one_time_the_larger_goes_first() {
        let files = [file(1, 5), file(100, 5), file(7, 5)];
        assert_eq!(plan(&files, 50).remove, [1]);
    }

    #[test]
    fn what_is_held_stays_and_counts() {
        for why in Held::ALL {
            let files = [held(100, why), file(10, 7)];
            let got = plan(&files, 50);
            assert_eq!((got.remove, got.bytes, got.over), (vec![1], 10, 50));
        }
    }

    #[test]
    fn a_go_sum_pins_what_its_lines_name_and_nothing_else() {
        let text = "\
github.com/BurntSushi/toml v1.5.0 h1:w5fcysjrx7yqtD/aO+QwRjYZOKnaM9Uh2b40tElTs3Y=
rsc.io/quote v1.5.2/go.mod h1:LzX7hefJvL54yjefDEDHNONDjII0t9xZLPXsUe+TKr0=
";
        let mut pins = Pins::default();
        assert_eq!(pins.add_go_sum(text).unwrap(), 2);
        let toml = "github.com/!burnt!sushi/toml/@v/v1.5.0";
        for (module, place, want) in [
            ("github.com/BurntSushi/toml", format!("{toml}.zip"), true),
            ("github.com/BurntSushi/toml", format!("{toml}.info"), true),
            ("rsc.io/quote", "rsc.io/quote/@v/v1.5.2.mod".into(), true),
            // The build loads its requirements and not its code.
            ("rsc.io/quote", "rsc.io/quote/@v/v1.5.2.zip".into(), false),
            ("rsc.io/quote", "rsc.io/quote/@v/v1.5.1.mod".into(), false),
        ] {
            assert_eq!(pins.hold(module, &place), want, "{place}");
        }
        assert!(pins.add_go_sum("rsc.io/quote v1.5.2").is_err());
    }

    #[test]
    fn a_pin_that_would_hold_nothing_is_refused() {
        for pin in ["", ",", "rsc.io/quote@", "rsc.io/quote@1.5", "a@b@c", "[a"] {
            assert!(Pins::default().add(pin).is_err(), "{pin}");
        }
    }

    proptest! {
        #[test]
        fn a_plan_fits_the_budget_or_removes_all_that_may_go(
            sizes in prop::collection::vec((0..1000u64, 0..20u64, any::<bool>()), 0..50),
            budget in 0..20_000u64,
        ) {
            let files: Vec<File> = sizes
                .iter()
                .map(|(size, last_used, may_go)| File {
                    size: *size,
                    last_used: *last_used,
                    held: (!may_go).then_some(Held::Pinned),
                })
                .collect();
            let plan = plan(&files, budget);
            let stored: u64 = files.iter().map(|file| file.size).sum();
            let left = stored - plan.bytes;
            prop_assert!(plan.remove.iter().all(|at| files[*at].held.is_none()));
            prop_assert_eq!(plan.over, left.saturating_sub(budget));
            let may_go = files.iter().filter(|file| file.held.is_none() && file.size > 0);
            if plan.over > 0 {
                prop_assert_eq!(plan.remove.len(), may_go.clone().count());
            }
            // Nothing that stays and may go was used before what goes.
            let newest_gone = plan.remove.iter().map(|at| files[*at].last_used).max();
            for (at, file) in files.iter().enumerate() {
                if file.held.is_none() && file.size > 0 && !plan.remove.contains(&at) {
                    prop_assert!(newest_gone.is_none_or(|newest| file.last_used >= newest));
                }
            }
        }
    }
}
