//! The `sumward` server: a caching GOPROXY and GOSUMDB server that proves
//! modules before it serves them.

pub(crate) mod app;
pub mod args;
pub mod command;
pub mod config;
pub(crate) mod evidence;
pub(crate) mod fsck;
pub mod http;
pub(crate) mod index;
pub mod metrics;
pub(crate) mod progress;
pub(crate) mod proxy;
pub(crate) mod store;
pub(crate) mod sumdb;
pub mod systemd;
pub mod telemetry;
pub(crate) mod upstream;
