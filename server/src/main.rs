//! `sumward`: a caching GOPROXY and GOSUMDB server.

use std::process::ExitCode;

use tikv_jemallocator::Jemalloc;

/// glibc's malloc gives little back of what many threads have used.
#[global_allocator]
static ALLOCATOR: Jemalloc = Jemalloc;

fn main() -> ExitCode {
    server::command::run()
}
