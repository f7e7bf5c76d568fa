//! Whether two line tables describe the same functions alike.

use crate::artifact::Artifact;
use crate::goinfo::functions::Functions;
use crate::goinfo::pclntab::Found;

/// Says whether both line tables name the same functions in the same order and
/// the same source files, and say the same of each function but for where it lies.
pub fn are_alike(a: &Artifact, b: &Artifact) -> bool {
    let found = [a, b].map(|side| Found::in_image(side.bytes(), &side.image));
    let [Some(found_a), Some(found_b)] = &found else {
        return false;
    };
    let functions = (
        Functions::read(a.bytes(), &a.image, found_a),
        Functions::read(b.bytes(), &b.image, found_b),
    );
    let (Some(a), Some(b)) = functions else {
        return false;
    };
    let mut pairs = a.all.iter().zip(&b.all);
    a.all.len() == b.all.len()
        && a.table.file_names() == b.table.file_names()
        && pairs.all(|(one, other)| {
            one.name == other.name && a.table.describes_alike(one.record, &b.table, other.record)
        })
}
