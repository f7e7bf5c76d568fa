//! What kind of build setting a key is.

use proto::buildinfo::keys::CPU_LEVELS;

use crate::diff::Field;

/// Says whether a setting chooses among processors of one architecture.
pub(super) fn is_cpu_level(key: &str) -> bool {
    CPU_LEVELS.contains(&key)
}

/// Says whether a C flag differs only in that one build does not record it: the go
/// command writes no `CGO_*FLAGS` under -trimpath or without cgo, and empty ones
/// elsewhere.
pub(super) fn is_unrecorded_c_flag(key: &str, field: &Field) -> bool {
    let is_empty = |side: &Option<String>| side.as_deref().is_none_or(str::is_empty);
    is_c_flags(key) && is_empty(&field.a) && is_empty(&field.b)
}

/// Says whether a setting holds flags of a C compiler or for its linking.
pub(super) fn is_c_flags(key: &str) -> bool {
    key.starts_with("CGO_") && key.ends_with("FLAGS")
}
