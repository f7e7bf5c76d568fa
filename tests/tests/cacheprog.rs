//! `verify-build cacheprog` between a real go command and its record: outputs
//! made again, a compiler that is not deterministic, a poisoned file, two go
//! commands at once, and go commands that talk nonsense.

#[cfg(test)]
#[path = "cacheprog/builds.rs"]
mod builds;
#[cfg(test)]
#[path = "cacheprog/child.rs"]
mod child;
#[cfg(test)]
#[path = "cacheprog/desk.rs"]
mod desk;
#[cfg(test)]
#[path = "cacheprog/taken.rs"]
mod taken;
#[cfg(test)]
#[path = "cacheprog/talk.rs"]
mod talk;
