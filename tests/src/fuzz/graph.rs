//! go.mod and go.work files, and the graphs that they make.

use proto::mvs::Graph;
use proto::mvs::gomod::GoMod;
use proto::mvs::gowork::GoWork;

/// Any text is read or refused, a dependency's at least as well as a main module's, and
/// selecting ends with each module once.
pub fn graph(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else {
        return;
    };
    let _ = GoWork::parse(text);
    let Ok(main) = GoMod::parse(text) else {
        return;
    };
    let dependency = GoMod::parse_dependency(text).expect("less is read of a dependency");
    assert_eq!(dependency.require, main.require);
    let Ok(mut graph) = Graph::of_module(&main) else {
        return;
    };
    // Every module requires what the main one does: the graph is full of circles.
    while let Some(version) = graph.needed().first().cloned() {
        graph.give(&version, &dependency).expect("it is small");
    }
    let list: Vec<_> = graph.build_list().collect();
    for pair in list.windows(2) {
        assert!(pair[0].path < pair[1].path, "each module once");
    }
    let is_listed = |version| list.contains(&version);
    assert!(graph.direct().all(is_listed));
}
