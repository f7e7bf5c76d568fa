//! Two files and their difference, and what explainers ask of both.

use std::cell::OnceCell;
use std::ops::Range;
use std::sync::Arc;

use proto::hashlog::Log;

use super::{Evidence, Reach, keys};
use crate::artifact::Artifact;
use crate::diff::functions::described;
use crate::diff::set_strings::{self, SetString};
use crate::diff::{Diff, FunctionsDiff, fields, layout};
use crate::goinfo::stamped;
use crate::goinfo::symbols::Symbols;
use crate::image::Content;

/// Two files and their difference, as explainers see them.
pub struct Pair<'a> {
    /// The first file.
    pub a: &'a Artifact,
    /// The second file.
    pub b: &'a Artifact,
    /// In what they differ.
    pub diff: &'a Diff,
    /// What sentences call them: `a` and `b`, or `a` and `c`.
    pub names: [String; 2],
    /// Logs of both builds; one that was found to fit beside those that were given.
    pub logs: [Option<Arc<Log>>; 2],
    known: Known<'a>,
}

/// What several explainers ask and none of them always: read when first asked for.
#[derive(Default)]
struct Known<'a> {
    symbols: [OnceCell<Symbols<'a>>; 2],
    set_strings: OnceCell<Vec<SetString>>,
    headers_follow: OnceCell<bool>,
    functions_described_alike: OnceCell<bool>,
}

impl<'a> Pair<'a> {
    /// Sets two files side by side.
    pub fn new(a: &'a Artifact, b: &'a Artifact, diff: &'a Diff, names: [String; 2]) -> Self {
        Self {
            a,
            b,
            diff,
            names,
            logs: [a.log.clone(), b.log.clone()],
            known: Known::default(),
        }
    }

    /// Returns the symbols of the first file (0) or the second (1).
    pub(super) fn symbols(&self, side: usize) -> &Symbols<'a> {
        let artifact = [self.a, self.b][side];
        self.known.symbols[side].get_or_init(|| Symbols::read(artifact.bytes(), &artifact.image))
    }

    /// Returns string variables that the linker set in one build and not, or otherwise, in
    /// the other; none where symbols or records tell of them, or all inputs are equal.
    pub(crate) fn set_strings(&self) -> &[SetString] {
        let is_trimmed = |artifact: &Artifact| artifact.go.setting("-trimpath") == Some("true");
        let is_hidden = is_trimmed(self.a) && is_trimmed(self.b);
        let has_names = self.a.go.variables.is_some() && self.b.go.variables.is_some();
        let same_inputs = self.diff.pattern.is_none_or(|pattern| pattern.0[0]);
        let found = || {
            if same_inputs || has_names || !is_hidden || !self.same_go() {
                return Vec::new();
            }
            set_strings::find(self.a, self.b)
        };
        self.known.set_strings.get_or_init(found)
    }

    /// Says whether headers differ in offsets, sizes and addresses alone, and both
    /// programs begin at the same place.
    pub(super) fn headers_follow(&self) -> bool {
        let is_entry_same = || match &self.diff.functions {
            Some(functions) => functions.is_entry_same,
            None => {
                let entry = layout::entry(self.a);
                entry.is_some() && entry == layout::entry(self.b)
            }
        };
        let follow = || is_entry_same() && layout::is_alike(self.a, self.b);
        *self.known.headers_follow.get_or_init(follow)
    }

    /// Says whether the line tables say the same of each function but for where it
    /// lies.
    pub(super) fn functions_described_alike(&self) -> bool {
        let alike = || described::are_alike(self.a, self.b);
        *self.known.functions_described_alike.get_or_init(alike)
    }

    /// Says whether both files tell that they were built by the same Go version:
    /// without that, other code says nothing of the source.
    pub(crate) fn same_go(&self) -> bool {
        let (a, b) = (self.a.go.version(), self.b.go.version());
        a.is_some() && a == b
    }

    /// Says whether both files tell that they were built by different ones.
    pub(super) fn other_go(&self) -> bool {
        let versions = self.a.go.version().zip(self.b.go.version());
        versions.is_some_and(|(a, b)| a != b)
    }

    /// Says whether the go command gave both files the same parts A, B and C of the
    /// build ID, or nobody knows: then one build, changed afterwards, can be all.
    pub(super) fn may_be_one_build(&self) -> bool {
        let pattern = self.diff.pattern;
        pattern.is_none_or(|pattern| pattern.0[..3] == [true; 3])
    }

    /// Says whether nothing in the build information differs, where both have it.
    pub(super) fn same_build_info(&self) -> bool {
        self.a.go.build_info.is_some()
            && self.b.go.build_info.is_some()
            && self.diff.fields.is_empty()
    }

    /// The reach of a cause that changes a line of build information and no code.
    /// A line of another length moves what follows its copy in read-only data.
    pub(super) fn reach_of_a_stamp(&self) -> Reach {
        if self.has_stamps_of_one_length() {
            Reach::Stamps
        } else {
            self.reach_of_what_moves()
        }
    }

    pub(super) fn has_stamps_of_one_length(&self) -> bool {
        let len = |artifact: &Artifact| artifact.go.info().map(|info| info.to_string().len());
        len(self.a) == len(self.b)
    }

    /// The reach of a cause that moves code and data and changes none: functions
    /// with other code have another cause.
    pub(super) fn reach_of_what_moves(&self) -> Reach {
        let functions = self.diff.functions.as_ref();
        let changed = |functions: &FunctionsDiff| functions.counts.differing() > 0;
        if !self.other_go() && functions.is_some_and(changed) {
            Reach::Stamps
        } else {
            Reach::Anything
        }
    }

    /// The reach of a cause that changes code or data of C. C data of another length
    /// moves what lies behind it. Names of cgo's functions are made from the source, and
    /// debug information describes it.
    pub(super) fn reach_of_c(
        &self,
        functions: &FunctionsDiff,
        mut places: Vec<Range<usize>>,
    ) -> Reach {
        if functions.is_in_place {
            let regions = self.diff.regions.iter();
            let names = regions.filter(|region| region.content == Content::Symbols);
            places.extend(names.filter_map(|region| region.a.clone()));
            Reach::Places(places)
        } else if functions.counts.differing() + functions.counts.lines == 0 {
            Reach::Code
        } else {
            Reach::Stamps
        }
    }

    /// Says whether a setting differs on which it depends who links, and what is
    /// linked in: then how a file is linked follows, and is no cause of its own.
    pub(super) fn links_otherwise(&self) -> bool {
        let settings = [
            "CGO_ENABLED",
            "-buildmode",
            "GOARCH",
            "GOOS",
            "-race",
            "-msan",
            "-asan",
            "-tags",
        ];
        self.a.image.format != self.b.image.format
            || settings.iter().any(|key| self.diff.setting(key).is_some())
    }

    /// Says whether the build information names other C flags; builds with
    /// -trimpath do not record any.
    pub(super) fn has_other_c_flags(&self) -> bool {
        self.diff.fields.iter().any(|field| match &field.name {
            fields::Name::Setting(key) => {
                keys::is_c_flags(key) && !keys::is_unrecorded_c_flag(key, field)
            }
            _ => false,
        })
    }

    /// Says whether the host's linker made both files.
    pub(super) fn both_externally_linked(&self) -> bool {
        let external = |artifact: &Artifact| artifact.image.is_externally_linked() == Some(true);
        external(self.a) && external(self.b)
    }

    /// Shows both build IDs, after what they say.
    pub(super) fn build_ids(&self, what: impl Into<String>) -> Evidence {
        let id = |artifact: &Artifact| artifact.go.program().map(ToString::to_string);
        Evidence::sides(what, id(self.a), id(self.b))
    }

    /// Shows which parts of both build IDs agree, and what that means.
    pub(super) fn pattern(&self, meaning: &str) -> Evidence {
        let pattern = self.diff.pattern.map(|pattern| pattern.to_string());
        let pattern = pattern.unwrap_or_default();
        self.build_ids(format!("build ID, pattern {pattern}: {meaning}"))
    }

    /// Names the sides for which something holds: "a", "b" or "a and b".
    pub(super) fn which(&self, holds: impl Fn(&Artifact) -> bool) -> Option<String> {
        let [a, b] = &self.names;
        match (holds(self.a), holds(self.b)) {
            (true, true) => Some(format!("{a} and {b}")),
            (true, false) => Some(a.clone()),
            (false, true) => Some(b.clone()),
            (false, false) => None,
        }
    }
}

/// Says whether a file has the build information that Go's linker makes, and not
/// only what else tells of its build.
pub(crate) fn has_blob(artifact: &Artifact) -> bool {
    let found = artifact.go.build_info.as_ref();
    found.is_some_and(|found| stamped::has_blob(found, artifact.bytes()))
}
