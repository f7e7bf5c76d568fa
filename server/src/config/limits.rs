//! What nobody may exceed.

use std::time::Duration;

/// What nobody may exceed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Limits {
    /// Open client connections; more wait to be accepted.
    pub connections_max: usize,
    /// Open connections of one client address. Behind trusted proxies it is the
    /// clients' addresses that count.
    pub connections_per_address_max: usize,
    /// Bytes of one request's head.
    pub header_bytes_max: usize,
    /// How long a client may take to send a request's head.
    pub header_read_timeout: Duration,
    /// How long a connection may stay open without a request.
    pub idle_timeout: Duration,
    /// How long a client may take nothing of an answer.
    pub write_stall_timeout: Duration,
    /// Upstream transfers of zips at once.
    pub fetches_max: usize,
    /// Upstream transfers of lists, `.info`, `.mod` and answers of checksum databases
    /// at once.
    pub text_fetches_max: usize,
    /// Requests waiting for transfers at once.
    pub waiting_max: usize,
    /// Requests of one client address waiting for transfers at once.
    pub waiting_per_address_max: usize,
    /// How long a transfer goes on that no client waits for any more.
    pub unwatched_max: Duration,
    /// Bytes of one module zip; Go's own limit.
    pub zip_bytes_max: u64,
    /// Bytes of one go.mod; Go's own limit.
    pub mod_bytes_max: u64,
    /// Bytes of one `.info`, list or latest answer.
    pub text_bytes_max: u64,
    /// How long open requests may go on after SIGTERM.
    pub drain_timeout: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            connections_max: 4096,
            connections_per_address_max: 1024,
            header_bytes_max: 32 << 10,
            header_read_timeout: Duration::from_secs(10),
            idle_timeout: Duration::from_secs(120),
            write_stall_timeout: Duration::from_secs(30),
            fetches_max: 64,
            text_fetches_max: 128,
            waiting_max: 4096,
            waiting_per_address_max: 1024,
            unwatched_max: Duration::from_secs(120),
            zip_bytes_max: 500 << 20,
            mod_bytes_max: 16 << 20,
            text_bytes_max: 16 << 20,
            drain_timeout: Duration::from_secs(30),
        }
    }
}

impl Limits {
    /// Returns the connections that one client address may hold of all that there may
    /// be: as set, and never so many that nobody else has any.
    pub fn connections_of_one(&self, all: usize) -> usize {
        share_of_one(self.connections_per_address_max, all)
    }

    /// Returns the requests of one client address that may wait for transfers; the
    /// same.
    pub fn waiting_of_one(&self) -> usize {
        share_of_one(self.waiting_per_address_max, self.waiting_max)
    }
}

/// A quarter, one at the least, is left to others.
fn share_of_one(set: usize, all: usize) -> usize {
    let others = (all / 4).max(1);
    set.min(all.saturating_sub(others)).max(1)
}
