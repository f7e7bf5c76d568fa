//! The bodies of the fuzz targets, shared with the tests' own crate, which would
//! bring the whole server into every fuzzing build.

#[path = "../../src/fuzz.rs"]
pub mod fuzz;
