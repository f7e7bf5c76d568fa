//! What one compilation left in debug information.

/// What one compilation left.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unit {
    /// What it was written in.
    pub language: Language,
    /// The compiler, with the flags that it records.
    pub producer: String,
    /// The source file, or for Go the package.
    pub name: String,
    /// The folder it was compiled in.
    pub folder: String,
    /// Where the unit begins in the unpacked `.debug_info`.
    pub offset: usize,
}

/// Languages told apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Language {
    /// Go.
    Go,
    /// C, C++ and whatever else a C compiler knows.
    C,
    /// Assembly.
    Assembly,
}

/// What `-frandom-seed=` is given: Go derives it from the action ID of the
/// package and the path of the C file.
const SEED: &str = "-frandom-seed=";

impl Unit {
    /// Returns the producer without the random seed, and the seed.
    pub fn split_seed(&self) -> (String, Option<&str>) {
        let Some(start) = self.producer.find(SEED) else {
            return (self.producer.clone(), None);
        };
        let value = &self.producer[start + SEED.len()..];
        let end = value.find(' ').unwrap_or(value.len());
        let (before, after) = (self.producer[..start].trim_end(), &value[end..]);
        (format!("{before}{after}"), Some(&value[..end]))
    }

    /// Returns the random seed that the go command gave to the compiler.
    pub fn seed(&self) -> Option<&str> {
        self.split_seed().1
    }

    /// Returns the compiler without the flags behind it, and the flags.
    pub fn split_flags(&self) -> (String, String) {
        let (producer, _) = self.split_seed();
        match producer.find(" -") {
            Some(at) => (producer[..at].to_owned(), producer[at + 1..].to_owned()),
            None => (producer, String::new()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn producers_fall_into_compiler_flags_and_seed() {
        let unit = |producer: &str| Unit {
            language: Language::C,
            producer: producer.into(),
            name: "a.c".into(),
            folder: "/".into(),
            offset: 0,
        };
        let gcc = unit("GNU C17 12.2.0 -m64 -O2 -frandom-seed=abc -fPIC");
        assert_eq!(
            gcc.split_seed(),
            ("GNU C17 12.2.0 -m64 -O2 -fPIC".into(), Some("abc"))
        );
        assert_eq!(
            gcc.split_flags(),
            ("GNU C17 12.2.0".into(), "-m64 -O2 -fPIC".into())
        );
        let clang = unit("Debian clang version 14.0.6");
        assert_eq!(
            clang.split_flags(),
            ("Debian clang version 14.0.6".into(), String::new())
        );
        assert_eq!(clang.split_seed().1, None);
    }
}
