//! The `verify-build` comparer: whether builds of a Go program are the same,
//! and if not, why, and what to change.
//!
//! A file goes up through these layers; none knows the ones above it:
//!
//! ```text
//! input      bytes and their SHA-256, read once
//! container  folders, archives, packages and images, listed and unpacked within limits
//! image      format, regions, and where build ID, notes and signature lie
//! goinfo     build ID, self-check, build information, functions, source paths
//! recipe     how a file was built: what to run so as to get its bytes again
//! diff       two files side by side: A/B/C/D, fields, regions, functions, bytes
//! cause      explainers: each turns a difference into causes with a fix
//! linkflags  the linker's flags of a file that does not record them, by its build ID
//! fix        the other file, where one is given: what to run so that it becomes equal
//! report     one value; every format is a way to print it
//! ```
//!
//! Each command has its folder beside them: `gocache` (the build cache), `cacheprog`
//! (a cache that keeps a record), `rebuild`, `toolchain` and `lint`. All of them give a
//! [`report::printed::Printed`], which [`output`] writes. What commands share has a file
//! of its own here: [`opening`] and [`durable`] (files read and written), [`search_path`],
//! [`quantity`] (numbers in words), [`progress`]; hashing is [`proto::digest`].

pub mod args;
pub mod cacheprog;
pub mod cause;
pub mod cluster;
pub mod compare;
pub mod config;
pub mod container;
pub mod diff;
pub mod durable;
pub mod dwarf;
pub mod exit;
pub mod fix;
pub mod gocache;
pub mod goinfo;
pub mod hashlog;
pub mod host;
pub mod image;
pub mod input;
pub mod linkflags;
pub mod lint;
pub mod manual;
pub mod mask;
pub mod opening;
pub mod output;
pub mod progress;
pub mod quantity;
pub mod rebuild;
pub mod recipe;
pub mod report;
pub mod schemas;
pub mod search_path;
pub mod toolchain;
