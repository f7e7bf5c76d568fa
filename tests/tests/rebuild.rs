//! `verify-build rebuild` with the real go command: what matters is found by
//! building, what can't be told is said, nothing is left behind.

#[cfg(test)]
#[path = "rebuild/bench.rs"]
mod bench;
#[cfg(test)]
#[path = "rebuild/culprits.rs"]
mod culprits;
#[cfg(test)]
#[path = "rebuild/endings.rs"]
mod endings;
#[cfg(test)]
#[path = "rebuild/variations.rs"]
mod variations;
