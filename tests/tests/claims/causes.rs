//! Causes of pairs.
