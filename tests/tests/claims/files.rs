//! Masks, images and containers.
