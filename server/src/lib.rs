//! The `sumward` server.
