//! Build lists of small graphs, and files as the go command reads them.

use proptest::prelude::*;

use super::gomod::With;
use super::gowork::GoWork;
use super::*;

/// go.mod files by module version.
const WORLD: &[(&str, &str)] = &[
    (
        "example.com/a@v1.0.0",
        "go 1.21\nrequire example.com/c v1.1.0\n",
    ),
    (
        "example.com/b@v1.0.0",
        "go 1.21\nrequire (\n example.com/c v1.2.0 // indirect\n)\n",
    ),
    (
        "example.com/c@v1.1.0",
        "go 1.21\nrequire example.com/deep v1.9.0\n",
    ),
    (
        "example.com/c@v1.2.0",
        "go 1.21\nrequire example.com/deep v1.0.0\n",
    ),
    ("example.com/old@v1.0.0", "require example.com/c v1.1.0\n"),
    ("example.com/deep@v1.0.0", ""),
    ("example.com/deep@v1.9.0", ""),
];

fn load(mut graph: Graph) -> Graph {
    loop {
        let needed = graph.needed();
        let Some(version) = needed.first() else {
            return graph;
        };
        let name = version.to_string();
        let found = WORLD.iter().find(|(of, _)| *of == name);
        let (_, text) = found.unwrap_or_else(|| panic!("{name} is not to be read"));
        let file = GoMod::parse_dependency(text).unwrap();
        graph.give(version, &file).unwrap();
    }
}

fn list(main: &str) -> Vec<String> {
    let main = GoMod::parse(&format!("module example.com/main\n{main}")).unwrap();
    let graph = load(Graph::of_module(&main).unwrap());
    graph.build_list().map(ToString::to_string).collect()
}

#[test]
fn the_highest_required_version_is_selected() {
    let both = "go 1.21\nrequire (\nexample.com/a v1.0.0\nexample.com/b v1.0.0\n)\n";
    let want = [
        "example.com/a@v1.0.0",
        "example.com/b@v1.0.0",
        "example.com/c@v1.2.0",
    ];
    assert_eq!(list(both), want, "c's own requirements are pruned");
}

#[test]
fn modules_of_before_go_1_17_are_followed_to_the_end() {
    let old = "go 1.21\nrequire example.com/old v1.0.0\n";
    let want = [
        "example.com/c@v1.1.0",
        "example.com/deep@v1.9.0",
        "example.com/old@v1.0.0",
    ];
    assert_eq!(list(old), want);
    let main_is_old = "go 1.16\nrequire example.com/b v1.0.0\n";
    let want = [
        "example.com/b@v1.0.0",
        "example.com/c@v1.2.0",
        "example.com/deep@v1.0.0",
    ];
    assert_eq!(list(main_is_old), want);
}

#[test]
fn old_main_modules_do_not_list_what_is_built() {
    for (go, want) in [
        ("1.16", false),
        ("1.17", true),
        ("1.21.0", true),
        ("1.9", false),
    ] {
        let main = GoMod::parse(&format!("module a.b/c\ngo {go}\n")).unwrap();
        let graph = Graph::of_module(&main).unwrap();
        assert_eq!(graph.lists_what_is_built(), want, "{go}");
    }
}

#[test]
fn what_is_excluded_is_as_if_nobody_required_it() {
    let text = "go 1.21\nrequire example.com/b v1.0.0\nexclude example.com/c v1.2.0\n";
    assert_eq!(list(text), ["example.com/b@v1.0.0"]);
}

#[test]
fn a_workspace_follows_what_another_main_module_raises() {
    let one = GoMod::parse("module example.com/one\ngo 1.21\nrequire example.com/c v1.1.0\n");
    let two = GoMod::parse("module example.com/two\ngo 1.21\nrequire example.com/b v1.0.0\n");
    let graph = Graph::of_workspace(&[one.unwrap(), two.unwrap()], Vec::new()).unwrap();
    let graph = load(graph);
    let list: Vec<_> = graph.build_list().map(ToString::to_string).collect();
    // c is followed again at v1.2.0, which requires less than v1.1.0 did.
    let want = [
        "example.com/b@v1.0.0",
        "example.com/c@v1.2.0",
        "example.com/deep@v1.9.0",
    ];
    assert_eq!(list, want);
    let direct: Vec<_> = graph.direct().map(ToString::to_string).collect();
    assert_eq!(direct, ["example.com/b@v1.0.0", "example.com/c@v1.2.0"]);
}

#[test]
fn main_modules_and_replacements_are_known() {
    let text = "module \"example.com/main\" // here\n\ngo 1.21.0\ntoolchain go1.27.3\n\
        require example.com/a v1.0.0 // indirect\n\
        replace example.com/a => ../a\n\
        replace (\n\texample.com/b v1.0.0 => example.com/c v1.2.0\n)\n\
        retract [v1.0.0, v1.1.0]\ntool example.com/a/cmd\ngodebug x=1\n";
    let file = GoMod::parse(text).unwrap();
    assert_eq!(file.module.as_deref(), Some("example.com/main"));
    assert_eq!(file.toolchain.as_deref(), Some("go1.27.3"));
    assert_eq!(file.replace[0].with, With::Folder("../a".to_owned()));
    let graph = Graph::of_module(&file).unwrap();
    let b = ModuleVersion::parse("example.com/b@v1.0.0").unwrap();
    let with = &graph.replacement(&b).unwrap().with;
    assert!(matches!(with, With::Module(it) if it.to_string() == "example.com/c@v1.2.0"));
    let other = ModuleVersion::parse("example.com/b@v1.1.0").unwrap();
    assert_eq!(graph.replacement(&other), None);
    // In a dependency they do not count.
    assert_eq!(GoMod::parse_dependency(text).unwrap().replace, []);
}

#[test]
fn go_work_files_name_folders() {
    let work = GoWork::parse("go 1.21\n\nuse (\n\t./a\n\t\"./b c\"\n)\nuse ./d\n").unwrap();
    assert_eq!(work.folders, ["./a", "./b c", "./d"]);
    assert!(GoWork::parse("use ./a ./b\n").is_err());
}

#[test]
fn malformed_files_are_refused_with_the_line() {
    for (text, line) in [
        ("module a.b/c\nrequire (\n", 2),
        ("require example.com/a\n", 1),
        ("\nrequire example.com/a v1\n", 2),
        ("require example.com/A! v1.0.0\n", 1),
        ("replace a.b/c\n", 1),
        ("module \"a.b\n", 1),
        (")\n", 1),
        ("require ( example.com/a v1.0.0 )\n", 1),
    ] {
        match GoMod::parse(text) {
            Err(Error::Line { line: got, .. }) => assert_eq!(got, line, "{text}"),
            other => panic!("{text}: {other:?}"),
        }
    }
}

proptest! {
    #[test]
    fn any_text_is_read_or_refused(text in "[a-z0-9./ \"`()=>\n,v-]{0,200}") {
        let _ = GoMod::parse(&text);
        let _ = GoWork::parse(&text);
    }
}
