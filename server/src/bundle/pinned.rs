//! What stays because a bundle names it.

use std::path::Path;

use proto::bundle::Place;

use super::archive::peek;
use super::open;

/// Returns the places of the module files that a bundle lists. Who signed it is not asked:
/// it can only make more stay. Blocks.
///
/// # Errors
/// It cannot be read, or is none.
pub(crate) fn places(file: &Path) -> Result<Vec<String>, String> {
    let read = open(file)
        .and_then(peek)
        .map_err(|error| error.to_string())?;
    let manifest = read.manifest;
    let is_modules = |place: &str| {
        let names = manifest.databases.iter().map(|it| it.name());
        matches!(Place::parse(place, names), Ok(Place::Module(_)))
    };
    let places = manifest.members.iter().map(|member| &member.place);
    Ok(places.filter(|place| is_modules(place)).cloned().collect())
}
