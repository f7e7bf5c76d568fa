//! What is blamed for a difference, and when that is proven.
//!
//! A step that now and then gives something else looks like any variation for once.
//! So what is blamed is built again, and the first build a third time at the end: it
//! is proven where each of its builds differs from each of at least three that are
//! like the first, made before and after them.

use std::path::Path;

use proto::finding::Confidence;

use super::{Culprit, Kind, Session, Stop};
use crate::rebuild::build::Build;
use crate::rebuild::cache::Mode;

/// How many builds like the first one it takes to prove that something else, and
/// no chance, makes a difference.
const ALIKE_MIN: usize = 3;

impl Session<'_> {
    /// Blames caches with which the program differed, and builds with them again.
    /// Returns `false` where chance is to blame.
    pub(super) fn try_caches(
        &mut self,
        warm: usize,
        given: Option<usize>,
        cache: &Path,
    ) -> Result<bool, Stop> {
        if self.differs(warm) {
            self.blame(Kind::Warm, warm, 0);
            let again = self.build(&[], Mode::Warm, cache)?;
            if !self.see_again(warm, again) {
                return Ok(false);
            }
        }
        if let (Some(folder), Some(given)) = (&self.plan.given, given)
            && self.differs(given)
        {
            // What two cold builds compiled alike says what the keys stand for.
            let conflicts = match self.packages.conflicts_with(cache) {
                0 => self.packages.conflicts_with(folder),
                _ => 0,
            };
            self.blame(Kind::Given, given, conflicts);
            let again = self.build(&[], Mode::Given, folder)?;
            return Ok(self.see_again(given, again));
        }
        Ok(true)
    }

    /// Looks whether what was blamed makes a difference again. Where it does not,
    /// two equal builds differ, and nothing else can be told from such builds.
    pub(super) fn see_again(&mut self, build: usize, again: usize) -> bool {
        if self.differs(again) {
            self.seen_again.insert(build);
            return true;
        }
        if self.found.builds[again].result.is_err() {
            // Nothing was seen, so it stays likely.
            return true;
        }
        self.found.culprits.retain(|one| one.build != build);
        self.blame(Kind::Nothing, build, 0);
        false
    }

    /// Builds like the first a third time, and says what is proven.
    pub(super) fn close(&mut self) -> Result<(), Stop> {
        if self.found.culprits.is_empty() {
            return Ok(());
        }
        let cache = self.new_cache()?;
        let third = self.build(&[], Mode::Cold, &cache)?;
        self.clear(&cache);
        if self.differs(third) {
            self.blame(Kind::Nothing, third, 0);
            return Ok(());
        }
        let first = self.found.builds.first().and_then(Build::sha256);
        let is_like_first = |build: &&Build| {
            build.cache == Mode::Cold && build.varied.is_empty() && build.sha256() == first
        };
        if self.found.builds.iter().filter(is_like_first).count() < ALIKE_MIN {
            return Ok(());
        }
        let has_cgo = self.plan.setting.ground.project.has_cgo;
        for culprit in &mut self.found.culprits {
            let is_shown = match culprit.kind {
                Kind::Nothing | Kind::Varied(_) => true,
                // That a cache is to blame, and no step that comes after it, shows
                // in what it holds. With C code in the program it stays open
                // whether a header changed or somebody wrote to the cache.
                Kind::Warm | Kind::Given => culprit.conflicts > 0 && !has_cgo,
            };
            if is_shown && self.seen_again.contains(&culprit.build) {
                culprit.confidence = Confidence::Proven;
            }
        }
        Ok(())
    }

    /// Blames something; what was seen once is likely. Two equal builds that differ
    /// need no more.
    pub(super) fn blame(&mut self, kind: Kind, build: usize, conflicts: usize) {
        self.wanted.insert(build);
        let confidence = match kind {
            Kind::Nothing => Confidence::Proven,
            Kind::Warm | Kind::Given | Kind::Varied(_) => Confidence::Likely,
        };
        let label = self.label(&kind, build);
        self.found.culprits.push(Culprit {
            kind,
            build,
            label,
            confidence,
            conflicts,
        });
    }

    fn label(&self, kind: &Kind, build: usize) -> String {
        let build = &self.found.builds[build];
        let seen = match (build.cache, build.varied.as_slice()) {
            (Mode::Warm, _) => "warm cache".to_owned(),
            (Mode::Given, _) => "the cache named".to_owned(),
            (Mode::Cold, []) => return "cold cache again".to_owned(),
            (Mode::Cold, names) => format!("cold cache, {} varied", names.join(" and ")),
        };
        match kind {
            Kind::Nothing => format!("{seen}, once"),
            Kind::Warm | Kind::Given | Kind::Varied(_) => seen,
        }
    }
}
