//! Folders that a build reads from: the Go installation, the module cache, the home.

use std::ffi::OsStr;
use std::path::Path;

use super::Ground;
use crate::rebuild::scene::Scene;

pub(super) fn goroot_can_be_copied(ground: &Ground<'_>) -> Result<(), String> {
    let goroot = Path::new(ground.project.env("GOROOT"));
    if goroot.join("pkg/tool").is_dir() && goroot.join("src").is_dir() {
        Ok(())
    } else {
        Err(format!(
            "{} has no src and pkg/tool below it, so it can't be copied",
            goroot.display()
        ))
    }
}

/// Gives a new GOMODCACHE, filled from the downloads in the one there is, so that
/// nothing is fetched and nothing else carried over.
pub(super) fn other_module_cache(ground: &Ground<'_>, scene: &mut Scene) -> String {
    let cache = Path::new(ground.project.env("GOMODCACHE"));
    scene.fresh_modules = true;
    let before = ground.project.env("GOPROXY");
    // A comma lets go ask the next one for what is not there.
    let list = match (address(&cache.join("cache/download")), before) {
        (Some(downloads), "") => downloads,
        (Some(downloads), before) => format!("{downloads},{before}"),
        (None, before) => before.to_owned(),
    };
    scene.variables.insert("GOPROXY".into(), list.into());
    "a new one, filled from the downloads in the one there is".into()
}

/// Returns a folder as an entry of GOPROXY, which is cut at commas and bars;
/// `None` where there is no such folder.
fn address(folder: &Path) -> Option<String> {
    if !folder.is_dir() {
        return None;
    }
    let url = url::Url::from_file_path(folder).ok()?;
    Some(url.as_str().replace(',', "%2C").replace('|', "%7C"))
}

/// Gives a new, empty home.
pub(super) fn other_home(_: &Ground<'_>, scene: &mut Scene) -> String {
    scene.fresh_home = true;
    // Git keeps its settings, or it may trust the repository no longer.
    let home = scene.variables.get(OsStr::new("HOME"));
    let config = home.map(|home| Path::new(home).join(".gitconfig"));
    if let Some(config) = config.filter(|config| config.is_file()) {
        let name = "GIT_CONFIG_GLOBAL".into();
        scene.variables.entry(name).or_insert_with(|| config.into());
    }
    "a new one, in place of what it is".into()
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;

    #[test]
    fn an_address_survives_commas_spaces_and_letters() {
        let folder = tempfile::tempdir().unwrap();
        let odd = folder.path().join("a b,c|d é");
        std::fs::create_dir(&odd).unwrap();
        let found = address(&odd).unwrap();
        assert!(found.ends_with("/a%20b%2Cc%7Cd%20%C3%A9"), "{found}");
        assert_eq!(address(&odd.join("none")), None);
    }
}
