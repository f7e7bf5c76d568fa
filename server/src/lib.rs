//! The `sumward` server: a caching GOPROXY and GOSUMDB server that proves
//! modules before it serves them.
//!
//! Modules are listed in the order of their layers: each one knows those above
//! it in this list and none below (`tests/tests/layers.rs`).

pub mod args;
pub mod config;
pub(crate) mod flight;
pub mod standing;

pub mod metrics;
pub(crate) mod output;
pub(crate) mod progress;
pub(crate) mod step;
pub mod systemd;
pub mod telemetry;

pub(crate) mod blocking;

pub(crate) mod serve;
pub(crate) mod store;

pub(crate) mod evidence;
pub(crate) mod ledger;

pub(crate) mod journal;

pub(crate) mod data;

pub(crate) mod shelf;

pub(crate) mod source;

pub(crate) mod ask;
pub(crate) mod own;
pub(crate) mod sumdb;
pub(crate) mod witness;

pub(crate) mod modules;

pub(crate) mod maintain;

pub(crate) mod bundle;

pub mod http;

pub(crate) mod app;

pub mod command;
