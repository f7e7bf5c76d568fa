//! What C compilers call architectures: triplets such as `aarch64-linux-gnu`.

/// What triplets begin with, by architecture in Go's words; the usual one first.
const STARTS: [(&str, &[&str]); 8] = [
    ("amd64", &["x86_64"]),
    ("386", &["i686", "i386", "i486", "i586"]),
    ("arm64", &["aarch64", "arm64"]),
    ("arm", &["arm-", "armv", "arm_"]),
    ("riscv64", &["riscv64"]),
    ("ppc64le", &["powerpc64le", "ppc64le"]),
    ("s390x", &["s390x"]),
    ("loong64", &["loongarch64"]),
];

/// Says whether a compiler's target is of an architecture; `None` where one of them is not
/// known.
pub fn is_of(target: &str, goarch: &str) -> Option<bool> {
    let (_, starts) = STARTS.iter().find(|(name, _)| *name == goarch)?;
    all().find(|start| target.starts_with(start))?;
    Some(starts.iter().any(|start| target.starts_with(start)))
}

/// Says whether this is an architecture in Go's words.
pub fn is_goarch(text: &str) -> bool {
    STARTS.iter().any(|(name, _)| *name == text)
}

/// Returns how triplets of an architecture mostly begin.
pub fn start_of(goarch: &str) -> Option<&'static str> {
    let (_, starts) = STARTS.iter().find(|(name, _)| *name == goarch)?;
    starts.first().copied()
}

/// Returns every known beginning.
pub fn all() -> impl Iterator<Item = &'static str> + Clone {
    STARTS.iter().flat_map(|(_, starts)| starts.iter().copied())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_target_is_of_one_architecture() {
        assert_eq!(is_of("x86_64-linux-gnu", "amd64"), Some(true));
        assert_eq!(is_of("aarch64-redhat-linux", "amd64"), Some(false));
        assert_eq!(is_of("i586-linux-musl", "386"), Some(true));
        assert_eq!(is_of("arm-linux-gnueabihf", "arm64"), Some(false));
        // What is not known is not judged.
        assert_eq!(is_of("sparc64-linux-gnu", "amd64"), None);
        assert_eq!(is_of("x86_64-linux-gnu", "sparc64"), None);
    }
}
