//! Files that carry others: opened, listed, and their members made readable. Nothing
//! is unpacked to the disk by name.

pub mod ar;
pub mod aside;
pub mod codec;
pub mod cpio;
pub mod fat;
pub mod fault;
pub mod folder;
pub mod kind;
pub mod limits;
pub mod list;
pub mod listing;
pub mod oci;
pub mod open;
pub mod path;
pub mod rpm;
pub mod source;
pub mod tar;
mod unowned;
pub mod visit;
pub mod zip;
