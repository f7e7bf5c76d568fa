//! What `verify-build` must not say: for each kind of change, the sentences whose
//! evidence is not there, beside what it must say instead.
#![expect(clippy::unwrap_used, reason = "helpers of tests fail as tests do")]

#[path = "claims/caches.rs"]
mod caches;
#[path = "claims/causes.rs"]
mod causes;
#[path = "claims/files.rs"]
mod files;
#[cfg(test)]
#[path = "claims/lint.rs"]
mod lint;
#[cfg(test)]
#[path = "claims/negative.rs"]
mod negative;
#[path = "claims/records.rs"]
mod records;
#[cfg(test)]
#[path = "claims/settings.rs"]
mod settings;
#[path = "verify_build/workshop.rs"]
#[expect(dead_code, reason = "the tests of verify-build use all of it")]
mod workshop;
