//! What debug information tells, for differences that nothing else explains.

use super::debug_units::Units;
use super::{
    Cause, Confidence, Pair, Reach, c_source, cgo_temp_path, debug_compression, debug_paths,
    prefix_map_flag, producers, seeds,
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
    causes.extend(cgo_temp_path::explain(pair));
    causes.extend(prefix_map_flag::explain(pair));
    causes.extend(debug_paths::explain(pair));
    causes
}
