//! What `verify-build` must not say: for each kind of change, the sentences whose
//! evidence is not there, beside what it must say instead.

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
