//! What lies on disk: the module tree and the ways to write it.

pub(crate) mod durable;
