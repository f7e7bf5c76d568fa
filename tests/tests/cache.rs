//! `verify-build cache` on caches that the real go command fills: sound ones,
//! and ones that were changed in every way a cache can be.

#[cfg(test)]
#[path = "cache/audit.rs"]
mod audit;
#[cfg(test)]
#[path = "cache/compare.rs"]
mod compare;
#[cfg(test)]
#[path = "cache/desk.rs"]
mod desk;
#[cfg(test)]
#[path = "cache/hostile.rs"]
mod hostile;
