//! The `sumward` server: a caching GOPROXY and GOSUMDB server that proves
//! modules before it serves them.

pub mod args;
pub mod config;
pub(crate) mod evidence;
pub mod http;
pub mod metrics;
pub(crate) mod store;
pub mod systemd;
pub mod telemetry;
pub(crate) mod upstream;
