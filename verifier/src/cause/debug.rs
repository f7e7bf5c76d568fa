//! What debug information tells, for differences that nothing else explains.

use super::debug_units::Units;
use super::{
    Cause, Confidence, Pair, Reach, c_source, cgo_temp_path, debug_compression, debug_paths,
    debug_text, prefix_map_flag, producers, seeds,
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
    let files = debug_paths::FILES.as_ref();
    let patterns = [
        cgo_temp_path::FOLDERS.as_ref(),
        prefix_map_flag::FLAGS.as_ref(),
        files.filter(|_| debug_paths::may_be_named(pair)),
    ];
    let [folders, flags, files] = debug_text::differing(pair, patterns);
    causes.extend(cgo_temp_path::explain(&folders));
    causes.extend(prefix_map_flag::explain(flags));
    causes.extend(debug_paths::explain(&files));
    causes
}
