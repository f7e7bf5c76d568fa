//! Paths of members and names of files, as containers write them.

/// Returns a path without what tar writers put before or after it.
pub fn key(name: &str) -> &str {
    let mut name = name;
    while let Some(rest) = name.strip_prefix("./").or_else(|| name.strip_prefix('/')) {
        name = rest;
    }
    name.trim_end_matches('/')
}

/// Returns a path as reports show it.
pub fn display(name: &str) -> &str {
    match key(name) {
        "" => ".",
        key => key,
    }
}

/// Returns the name that a file has without its compressor's ending.
pub fn stem(name: &str) -> String {
    let base = base(name);
    let endings = [".gz", ".xz", ".zst", ".zstd", ".bz2", ".lzma"];
    let stem = endings.iter().find_map(|ending| base.strip_suffix(ending));
    match stem {
        Some(stem) if !stem.is_empty() => stem.into(),
        _ => base.into(),
    }
}

/// Returns the last part of a path.
pub fn base(name: &str) -> &str {
    name.rsplit(['/', '\\']).next().unwrap_or(name)
}
