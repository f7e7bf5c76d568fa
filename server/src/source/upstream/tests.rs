//! The rules of this module against real servers on loopback.
//!
//! The servers speak HTTP/1.1 by hand, so that they can break it.

mod health;
pub(crate) mod kit;
mod lists;
mod redirects;
mod retries;
mod secrets;
mod transfers;
mod trees;
