//! What is at hand: answers in memory, and refusals that are remembered.

pub(crate) mod answer;
pub(crate) mod hot;
pub(crate) mod negative;
