//! `verify-build rebuild` with the real go command: what matters is found by
//! building, what can't be told is said, nothing is left behind.

#[cfg(test)]
#[path = "rebuild/answers.rs"]
mod answers;
#[cfg(test)]
#[path = "rebuild/bench.rs"]
mod bench;
