//! The `verify-build` comparer.
