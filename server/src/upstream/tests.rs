//! The rules of this module against real servers on loopback.
