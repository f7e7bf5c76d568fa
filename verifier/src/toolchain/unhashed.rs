//! What lies in a tree and can't be hashed as a file of the module: links that lead
//! nowhere, pipes, names that no module can hold.
//!
//! The recorded hash says nothing of these, and the go command may read them, so a
//! tree that has any is not the release. All of them are judged; what is shown is
//! cut off.

use std::ffi::OsStr;
use std::path::Path;

use proto::toolchain::{Place, Purpose, Release, place};

/// The most of one sort that are remembered by name.
pub const NAMES_MAX: usize = 1000;

/// The folders at the root of which a release knows every file that matters.
const FOLDERS: [&str; 5] = ["src", "bin", "pkg", "lib", "test"];

/// Something in a tree that was not hashed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Odd {
    /// Its name below the root; bytes that are not printable ASCII are escaped where
    /// no module can hold it.
    pub name: String,
    /// Why.
    pub reason: &'static str,
}

/// All that was not hashed.
#[derive(Debug, Clone, Default)]
pub struct Unhashed {
    /// What can change a build, as far as can be told: whatever lies below src, bin,
    /// pkg, lib or test, and settings at the root. At most `NAMES_MAX`.
    pub mattering: Vec<Odd>,
    /// The rest. At most `NAMES_MAX`.
    pub others: Vec<Odd>,
    /// How many there are of both.
    count: usize,
}

impl Unhashed {
    /// Takes one in, by its path below the root.
    pub fn add(&mut self, relative: &Path, release: &Release, reason: &'static str) {
        self.count += 1;
        let (name, matters) = match name_in_module(relative) {
            Ok(name) => {
                let matters = is_in_folders(relative) || is_setting(&name, release);
                (name, matters)
            }
            Err(_) => (escaped(relative), is_in_folders(relative)),
        };
        let list = if matters {
            &mut self.mattering
        } else {
            &mut self.others
        };
        if list.len() < NAMES_MAX {
            list.push(Odd { name, reason });
        }
    }

    /// Whether everything in the tree was hashed.
    pub fn is_empty(&self) -> bool {
        self.count == 0
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.count
    }

    /// Those that are remembered, the ones that matter first.
    pub fn shown(&self) -> impl Iterator<Item = &Odd> {
        self.mattering.iter().chain(&self.others)
    }

    /// How many more there are than are remembered.
    pub fn omitted(&self) -> usize {
        let remembered = self.mattering.len() + self.others.len();
        self.count.saturating_sub(remembered)
    }
}

/// Returns the name with slashes of a file below the root, if a module can hold a
/// file of that name.
///
/// The module's hash is that of a text with one name a line: a name with a newline
/// could pass for several files.
///
/// # Errors
/// Why no module can.
pub fn name_in_module(relative: &Path) -> Result<String, &'static str> {
    let parts: Option<Vec<&str>> = relative.iter().map(OsStr::to_str).collect();
    let name = parts.ok_or("its name is not UTF-8")?.join("/");
    if name.contains(char::is_control) {
        return Err("its name holds a control character");
    }
    Ok(name)
}

fn is_in_folders(relative: &Path) -> bool {
    let first = relative.iter().next();
    first.is_some_and(|first| FOLDERS.iter().any(|folder| first == *folder))
}

/// Whether a file of this name would be read by every build: `go.env`, `VERSION`.
fn is_setting(name: &str, release: &Release) -> bool {
    match place(name, release) {
        Place::Module(inside) => Purpose::of(&inside).matters(),
        Place::Outside(_) => false,
    }
}

fn escaped(relative: &Path) -> String {
    let bytes = relative.as_os_str().as_encoded_bytes();
    bytes.escape_ascii().to_string()
}

#[cfg(test)]
#[cfg(unix)]
mod tests {
    use std::os::unix::ffi::OsStrExt as _;

    use proto::toolchain::Target;

    use super::*;

    fn release() -> Release {
        Release::new("go1.27.3", Target::parse("linux/amd64").unwrap()).unwrap()
    }

    fn path(bytes: &[u8]) -> &Path {
        Path::new(OsStr::from_bytes(bytes))
    }

    #[test]
    fn whatever_lies_where_builds_read_matters() {
        for (name, want) in [
            (&b"src/runtime/zz\xff.go"[..], true),
            (b"src\xff/zz.go", false),
            (b"bin/\xff", true),
            (b"pkg", true),
            (b"lib/time/\xff\xfe", true),
            (b"test/\xff.go", true),
            // Tests and documents too: whether it is one can't be told.
            (b"src/fmt/a_test.go", true),
            (b"src/runtime/\nx_test.go", true),
            (b"go.env", true),
            (b"go.mod", true),
            (b"VERSION", true),
            (b"notes\xff.txt", false),
            (b"LICENSE", false),
            (b"doc/\xff", false),
        ] {
            let mut unhashed = Unhashed::default();
            unhashed.add(path(name), &release(), "why");
            let shown = name.escape_ascii();
            assert_eq!(unhashed.mattering.len() == 1, want, "{shown}");
            assert_eq!(unhashed.others.len() == 1, !want, "{shown}");
        }
    }

    #[test]
    fn what_matters_is_not_forgotten_behind_a_thousand_others() {
        let mut unhashed = Unhashed::default();
        for number in 0..1001 {
            let name = format!("notes-{number}");
            unhashed.add(Path::new(&name), &release(), "a link that leads nowhere");
        }
        unhashed.add(path(b"src/zz\xff.go"), &release(), "its name is not UTF-8");
        assert_eq!((unhashed.len(), unhashed.omitted()), (1002, 1));
        assert_eq!(unhashed.shown().next().unwrap().name, "src/zz\\xff.go");
    }

    #[test]
    fn names_that_could_pass_for_several_are_none() {
        assert_eq!(name_in_module(path(b"src/a b.go")), Ok("src/a b.go".into()));
        assert_eq!(
            name_in_module(path("src/é.go".as_bytes())),
            Ok("src/é.go".into())
        );
        for bad in [&b"src/a\nb.go"[..], b"src/a\rb", b"\x1b[31m", b"a\xff"] {
            assert!(name_in_module(path(bad)).is_err(), "{}", bad.escape_ascii());
        }
    }
}
