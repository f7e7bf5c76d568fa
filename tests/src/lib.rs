//! What the end-to-end tests are built from.
