//! `sumward`: a caching GOPROXY and GOSUMDB server.

fn main() {}
