//! Connections: accepting them, TLS, and clients that are too slow.

pub(crate) mod clients;
pub(crate) mod connection;
pub(crate) mod descriptors;
pub(crate) mod inherited;
pub(crate) mod listener;
pub(crate) mod peer;
pub(crate) mod per_address;
mod proxy_protocol;
pub(crate) mod pulse;
pub(crate) mod slow;
pub(crate) mod tls;
pub(crate) mod unreadable;
