//! `verify-build observe` and `verify-build matrix` with the real go command: what one
//! host signs, what it never signs, and what several hosts' observations show.

#[cfg(test)]
#[path = "observe/caches.rs"]
mod caches;
#[cfg(test)]
#[path = "observe/certified.rs"]
mod certified;
#[cfg(test)]
#[path = "observe/chain.rs"]
mod chain;
#[cfg(test)]
#[path = "observe/keys.rs"]
mod keys;
#[cfg(test)]
#[path = "observe/matrix.rs"]
mod matrix;
#[cfg(test)]
#[path = "observe/published.rs"]
mod published;
#[cfg(test)]
#[path = "observe/secrets.rs"]
mod secrets;
#[cfg(test)]
#[path = "observe/yard.rs"]
mod yard;
