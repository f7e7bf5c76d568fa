//! Containers compared member by member, and gone through.
//!
//! A first pass hashes every member; where two containers differ, a second one lays
//! the differing members aside, and they are looked at one pair at a time: programs as
//! builds, containers in turn, anything else byte by byte.
//!
//! ```text
//! root            a file or a container, as named on the command line
//! pair            which member of one is which of the other
//! metadata        what containers say of equal members
//! difference      what two containers differ in
//! compare         the comparison itself
//! survey          all that one container holds
//! ```

pub mod compare;
pub mod difference;
pub mod metadata;
pub mod pair;
pub mod root;
pub mod survey;

#[cfg(test)]
mod tests;
