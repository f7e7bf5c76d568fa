//! Connections: accepting them, TLS, and clients that are too slow.

pub(crate) mod connection;
pub(crate) mod peer;
pub(crate) mod slow;
pub(crate) mod tls;
pub(crate) mod unreadable;
