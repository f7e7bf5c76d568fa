//! Serving over HTTP.

pub mod tls;
