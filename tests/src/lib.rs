//! What the end-to-end tests are built from: the real `sumward`, the real `go`,
//! an upstream that can be told to misbehave, and a checksum database and
//! modules of our own making.
//!
//! Nothing here but [`fuzz`] is built on `proto`: hashes, tiles, signed notes and zips are
//! made a second time, in the plainest way, so that a mistake in `proto` cannot
//! agree with itself. The `go` command judges both.
//!
//! The kit panics where a test would: a set-up that cannot be made is a failure
//! of that test, told with what was being tried.

pub mod browser;
pub mod client;
pub mod database;
pub mod environment;
pub mod fuzz;
pub mod git;
pub mod go;
pub mod hook;
pub mod module;
pub mod origin;
pub mod records;
pub mod schema;
pub mod signing;
pub mod sumward;
pub mod world;
pub mod zip;
