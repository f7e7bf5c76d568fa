//! Databases behind an upstream that the tests hold in their hands.
