//! Go installations and build caches.
