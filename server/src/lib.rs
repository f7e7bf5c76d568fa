//! The `sumward` server.

pub mod args;
pub mod config;
