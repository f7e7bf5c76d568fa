//! `sumward`: a caching GOPROXY and GOSUMDB server.

use std::process::ExitCode;

fn main() -> ExitCode {
    server::command::run()
}
