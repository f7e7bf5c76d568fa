//! Work on a data folder that no server has open: checking it, and making its
//! index anew.

pub(crate) mod examine;
pub(crate) mod fsck;
pub(crate) mod rebuild;
