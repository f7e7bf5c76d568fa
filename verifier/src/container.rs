//! Files that carry others: opened, listed, and compared member by member.
//!
//! Nothing is unpacked to the disk by name. A first pass hashes every member;
//! where two containers differ, a second one lays the differing members aside,
//! and they are looked at one pair at a time: programs as builds, containers in
//! turn, anything else byte by byte.

pub mod ar;
pub mod aside;
pub mod codec;
pub mod compare;
pub mod cpio;
pub mod difference;
pub mod fat;
pub mod fault;
pub mod folder;
pub mod kind;
pub mod limits;
pub mod list;
pub mod listing;
pub mod metadata;
pub mod oci;
pub mod open;
pub mod pair;
pub mod root;
pub mod rpm;
pub mod source;
pub mod survey;
pub mod tar;
mod unowned;
pub mod visit;
pub mod zip;

#[cfg(test)]
mod tests;
