//! Claims: a real program, build cache or Go installation is changed where that
//! decides what it does, and no answer may say that nothing happened.
//!
//! The first byte of the input says which of them, the rest how it is changed.
//! Behind the last byte zeros follow, so that every input is a change.

#[path = "claims/base.rs"]
mod base;
#[path = "claims/cache.rs"]
mod cache;
#[path = "claims/installation.rs"]
mod installation;
#[path = "claims/program.rs"]
mod program;
#[path = "claims/seal.rs"]
mod seal;

pub use program::entry_place;
pub use seal::{disowned, resealed};

/// A change to a program, a cache or an installation.
pub fn claims(data: &[u8]) {
    changes(data);
}

/// The same; says whether anything was changed. Some inputs ask for what there is not: a
/// byte of a package's name, a flag that can still be set.
pub fn changes(data: &[u8]) -> bool {
    let mut script = Script(data);
    match script.below(4) {
        0 => cache::check(&mut script),
        1 => {
            installation::check(&mut script);
            true
        }
        // What is most to be said about.
        _ => program::check(&mut script),
    }
}

/// An input, read as choices.
struct Script<'a>(&'a [u8]);

impl Script<'_> {
    fn byte(&mut self) -> u8 {
        let Some((first, rest)) = self.0.split_first() else {
            return 0;
        };
        self.0 = rest;
        *first
    }

    /// A number below a bound.
    fn below(&mut self, bound: usize) -> usize {
        if bound <= 256 {
            return usize::from(self.byte()) % bound.max(1);
        }
        let word = [(); 4].map(|()| self.byte());
        u32::from_le_bytes(word) as usize % bound
    }

    /// A byte that changes the one it is combined with.
    fn flip(&mut self) -> u8 {
        match self.byte() {
            0 => 1,
            flip => flip,
        }
    }

    /// What is left, cut to a length.
    fn rest(&mut self, len_max: usize) -> Vec<u8> {
        let rest = &self.0[..self.0.len().min(len_max)];
        self.0 = &[];
        rest.to_vec()
    }
}
