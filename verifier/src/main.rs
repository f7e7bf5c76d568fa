//! `verify-build`: are these builds the same, and if not, why?

fn main() {}
