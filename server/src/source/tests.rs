//! How files are asked for, against real servers on loopback.

mod asking;
mod kit;
mod lists;
