//! What debug information tells, for differences that nothing else explains.

use super::debug_units::Units;
use super::{
    Cause, Confidence, Pair, Reach, c_source, debug_compression, debug_paths, debug_text,
    producers, seeds,
};

pub(super) fn explain(pair: &Pair<'_>) -> Vec<Cause> {
    let both_go = pair.a.go.is_go() && pair.b.go.is_go();
    if !both_go || pair.a.image.format != pair.b.image.format {
        return Vec::new();
    }
    let units = Units::read(pair);
    let mut causes = debug_compression::explain(pair);
    if let Some(units) = &units {
        causes.extend(producers::explain(pair, units));
        causes.extend(seeds::explain(pair, units));
    }
    // With the compiler or its flags proven to differ, other code follows.
    let is_enough =
        |cause: &Cause| cause.confidence == Confidence::Proven && cause.reach == Reach::Anything;
    if !causes.iter().any(is_enough) {
        causes.extend(c_source::explain(pair));
    }
    let files = debug_paths::MODULE_FILES.as_ref();
    let patterns = [
        debug_paths::TEMP_FOLDERS.as_ref(),
        debug_paths::MAP_FLAGS.as_ref(),
        files.filter(|_| debug_paths::may_name_module_files(pair)),
    ];
    let [folders, flags, files] = debug_text::differing(pair, patterns);
    causes.extend(debug_paths::temp_folders(&folders));
    causes.extend(debug_paths::prefix_maps(flags));
    causes.extend(debug_paths::module_files(&files));
    causes
}
