//! Requests to a checksum database, as they come through a proxy under
//! `/sumdb/<name>/`.
//!
//! Source: go.dev/ref/mod#checksum-database, golang.org/x/mod/sumdb.
