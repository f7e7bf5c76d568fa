//! The module cache: a new GOMODCACHE, filled from the downloads in the one
//! there is, so that nothing is fetched and nothing else carried over.

use std::path::Path;

use super::{Ground, Variation};
use crate::rebuild::scene::Scene;

/// See the module.
#[derive(Debug)]
pub(super) struct ModuleCache;

impl Variation for ModuleCache {
    fn name(&self) -> &'static str {
        "module-cache"
    }

    fn what(&self) -> &'static str {
        "a new module cache"
    }

    fn fix(&self) -> &'static str {
        "build with -trimpath; where the version stamp differs, go took the version from what the module cache remembers: keep a copy of the cache's .info file of this module as evidence, then build with an empty GOMODCACHE or with -buildvcs=false"
    }

    fn possible(&self, ground: &Ground<'_>) -> Result<(), String> {
        if ground.project.env("GOMODCACHE").is_empty() {
            return Err("go env says no GOMODCACHE".into());
        }
        Ok(())
    }

    fn apply(&self, ground: &Ground<'_>, scene: &mut Scene) -> String {
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
