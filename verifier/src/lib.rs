//! The `verify-build` comparer: whether builds of a Go program are the same,
//! and if not, why, and what to change.
//!
//! Each of these knows those above it and none below:
//!
//! ```text
//! durable, exit, opening, progress, schemas
//!            what every part may use: files read and written, exit codes
//! host       the machine: environment, programs on the PATH, child processes, what may be told
//! input      bytes and their SHA-256, read once
//! image      format, regions, and where build ID, notes and signature lie
//! container  folders, archives, packages and images, listed and unpacked within limits
//! dwarf      debug information
//! goinfo     build ID, self-check, build information, functions, source paths
//! artifact   one file taken in whole: input, image and goinfo together
//! recipe     how a file was built: what to run so as to get its bytes again
//! diff       two files side by side: A/B/C/D, fields, regions, functions, bytes
//! hashlog    logs of the go command, given to the files they are of
//! mask       what may be left out of a second verdict
//! members    two containers side by side, and all that one holds
//! cause      explainers: each turns a difference into causes with a fix
//! linkflags  the linker's flags of a file that does not record them, by its build ID
//! fix        the other file, where one is given: what to run so that it becomes equal
//! cluster    three and more files, grouped by what they share
//! compare    the verdict on two files
//! args       the command line
//! report     one value; every format is a way to print it; output writes it
//! lint, toolchain, gocache, cacheprog, rebuild, key, observe, matrix, reproduce, attest, doctor
//!            the commands
//! config     the environment and the command line, made into a task
//! ```
//!
//! Checks and findings, which all commands share, are [`proto::finding`]; a command gives
//! a [`report::printed::Printed`], which [`output`] writes.

pub mod durable;
pub mod exit;
pub mod opening;
pub mod progress;
pub mod schemas;

pub mod host;
pub mod input;

pub mod image;

pub mod container;
pub mod dwarf;
pub mod goinfo;

pub mod artifact;

pub mod recipe;

pub mod diff;
pub mod hashlog;
pub mod mask;

pub mod members;

pub mod cause;

pub mod linkflags;

pub mod fix;

pub mod cluster;
pub mod compare;

pub mod args;

pub mod report;

pub mod manual;
pub mod output;

pub mod lint;
pub mod toolchain;

pub mod gocache;

pub mod cacheprog;
pub mod rebuild;

pub mod key;
pub mod observe;

pub mod matrix;

pub mod reproduce;

pub mod attest;
pub mod doctor;

pub mod config;
