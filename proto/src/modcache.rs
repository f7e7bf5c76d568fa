//! Where the files of module versions lie in module caches and on the disks of other
//! proxies.
//!
//! Two layouts are known: the tree of a GOPROXY, which `GOMODCACHE/cache/download` and the
//! cache of goproxy have, `golang.org/x/text/@v/v0.3.0.zip`; and that of Athens,
//! `golang.org/x/text/v0.3.0/{go.mod,source.zip,v0.3.0.info}`, in which upper-case letters
//! stand as they are.
//!
//! ```
//! use proto::modcache::{Found, find};
//!
//! let Found::File(request) = find("github.com/BurntSushi/toml/v1.5.0/source.zip") else {
//!     panic!("it is a file of a version");
//! };
//! assert_eq!(request.path(), "github.com/!burnt!sushi/toml/@v/v1.5.0.zip");
//! assert_eq!(find("github.com/!burnt!sushi/toml/@v/list"), Found::Aside);
//! ```
//!
//! Source: cmd/go/internal/modfetch/cache.go; github.com/gomods/athens, pkg/storage/fs;
//! github.com/goproxy/goproxy.

use crate::goproxy::Request;
use crate::goproxy::query::Query;
use crate::module::{ModulePath, ModuleVersion, Version};

/// What a file of such a folder is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Found {
    /// A file of a version: the request that it answers.
    File(Request),
    /// Something that such folders hold beside those: lists, answers about branches,
    /// locks, hashes, answers of checksum databases.
    Aside,
    /// Nothing that such folders hold.
    Odd,
}

/// Tells what a file is by its path below the folder, with slashes between the elements.
pub fn find(path: &str) -> Found {
    if path.contains("/@v/") || path.ends_with("/@latest") {
        return in_tree(path);
    }
    if is_aside(path) {
        return Found::Aside;
    }
    in_athens(path).map_or(Found::Odd, Found::File)
}

fn in_tree(path: &str) -> Found {
    match Request::parse(path) {
        // A path of another spelling leads to no request.
        Ok(request) if request.path() == path => match request.version() {
            Some(_) => Found::File(request),
            None => Found::Aside,
        },
        Ok(_) | Err(_) if is_aside(path) => Found::Aside,
        Ok(_) | Err(_) => Found::Odd,
    }
}

/// The go command's `v1.0.0.lock`, `.ziphash`, `.partial`, `list.lock`, its temporary
/// files, and what checksum databases answered.
fn is_aside(path: &str) -> bool {
    let name = path.rsplit_once('/').map_or(path, |(_, name)| name);
    let ending = name.rsplit_once('.').map_or("", |(_, ending)| ending);
    path.starts_with("sumdb/")
        || ["lock", "ziphash", "partial", "tmp"].contains(&ending)
        || name == "list"
        || name == "lock"
}

fn in_athens(path: &str) -> Option<Request> {
    let (folder, file) = path.rsplit_once('/')?;
    let (module, name) = folder.rsplit_once('/')?;
    let module = match module.contains('!') {
        true => ModulePath::from_escaped(module).ok()?,
        false => ModulePath::parse(module).ok()?,
    };
    let version = match name.contains('!') {
        true => Version::from_escaped(name).ok()?,
        false => Version::parse(name).ok()?,
    };
    let version = ModuleVersion::new(module, version).ok()?;
    match file {
        "go.mod" => Some(Request::Mod(version)),
        "source.zip" => Some(Request::Zip(version)),
        _ if file.strip_suffix(".info") == Some(name) => Some(Request::Info {
            query: Query::from_escaped(&version.version.escaped()).ok()?,
            path: version.path,
        }),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn place(path: &str) -> Option<String> {
        match find(path) {
            Found::File(request) => Some(request.path()),
            Found::Aside | Found::Odd => None,
        }
    }

    #[test]
    fn both_layouts_lead_to_the_same_places() {
        let at = "github.com/!burnt!sushi/toml/@v/v1.5.0";
        for ending in ["info", "mod", "zip"] {
            let tree = format!("{at}.{ending}");
            assert_eq!(place(&tree), Some(tree.clone()));
        }
        for folder in ["github.com/BurntSushi/toml", "github.com/!burnt!sushi/toml"] {
            for (name, ending) in [
                ("v1.5.0.info", "info"),
                ("go.mod", "mod"),
                ("source.zip", "zip"),
            ] {
                let path = format!("{folder}/v1.5.0/{name}");
                assert_eq!(place(&path), Some(format!("{at}.{ending}")), "{path}");
            }
        }
        let pre = "m.example/x/v1.0.0-RC1/v1.0.0-RC1.info";
        let want = "m.example/x/@v/v1.0.0-!r!c1.info";
        assert_eq!(place(pre).as_deref(), Some(want));
    }

    #[test]
    fn what_caches_hold_beside_files_of_versions_is_passed_over() {
        for path in [
            "m.example/x/@v/list",
            "m.example/x/@v/list.lock",
            "m.example/x/@v/v1.0.0.lock",
            "m.example/x/@v/v1.0.0.ziphash",
            "m.example/x/@v/v1.0.0.partial",
            "m.example/x/@v/master.info",
            "m.example/x/@latest",
            "sumdb/sum.golang.org/latest",
            "sumdb/sum.golang.org/lookup/m.example/x@v1.0.0",
            "lock",
        ] {
            assert_eq!(find(path), Found::Aside, "{path}");
        }
    }

    #[test]
    fn odd_names_are_no_files() {
        for path in [
            "",
            "go.mod",
            "m.example/x/@v/",
            "m.example/X/@v/v1.0.0.zip",
            "m.example/x/@v/v1.0.zip",
            "m.example/x/@v/../v1.0.0.zip",
            "m.example/../x/v1.0.0/go.mod",
            "/etc/x/v1.0.0/go.mod",
            "m.example/x/v1.0.0/v1.0.1.info",
            "m.example/x/v1.0.0/other.zip",
            "m.example/x/master/go.mod",
            "m.example/x/v2.0.0/go.mod",
        ] {
            assert_eq!(find(path), Found::Odd, "{path}");
        }
    }

    proptest! {
        #[test]
        fn no_path_leads_out_of_the_tree(path in "[a-zA-Z0-9./@!\\-]{0,40}") {
            if let Found::File(request) = find(&path) {
                let place = request.path();
                prop_assert!(!place.starts_with('/'));
                prop_assert!(place.split('/').all(|it| !it.is_empty() && it != ".."));
                prop_assert_eq!(find(&place), Found::File(request));
            }
        }

        #[test]
        fn any_text_is_judged_without_a_panic(path in ".{0,80}") {
            let _ = find(&path);
        }
    }
}
