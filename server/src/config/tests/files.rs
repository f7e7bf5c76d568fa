//! Layers of files: which lies over which, what a feature file may say, and files that are
//! none.

use proto::manifest::Role;

use super::*;
use crate::config::kind::Part as _;
use crate::config::partial::Partial;
use crate::config::place::LayerKind;
use crate::config::sources::FEATURE_KEYS;

/// A folder with the files of a configuration.
struct Folder(tempfile::TempDir);

impl Folder {
    fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    fn path(&self, name: &str) -> String {
        self.0.path().join(name).display().to_string()
    }

    fn write(&self, name: &str, bytes: impl AsRef<[u8]>) -> String {
        let path = self.0.path().join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(&path, bytes).unwrap();
        self.path(name)
    }

    fn load(&self, line: &[&str]) -> Result<Loaded, Problems> {
        let environment = Environment::of([("HOME", "/home/u")]);
        Config::load(&flags(line), &environment)
    }

    /// The problems, each without the path of the folder.
    fn bad(&self, line: &[&str]) -> Vec<String> {
        let problems = self.load(line).unwrap_err().0;
        let text = |problem: &dyn ToString| problem.to_string().replace(&self.path(""), "");
        problems.iter().map(|problem| text(problem)).collect()
    }
}

#[test]
fn features_lie_over_stages_and_stages_over_the_base() {
    let folder = Folder::new();
    let base = folder.write(
        "base.yaml",
        "listen: 127.0.0.1:1\nlimits: {fetches_max: 1, waiting_max: 1, text_fetches_max: 1}\n",
    );
    let stage = folder.write(
        "stage.yaml",
        "limits:\n  fetches_max: 2\n  waiting_max: 2\n",
    );
    folder.write("conf.d/20.yaml", "limits:\n  fetches_max: 4\n");
    folder.write(
        "conf.d/10.yaml",
        "limits:\n  fetches_max: 3\nlog: {level: debug}\n",
    );
    folder.write("conf.d/.10.yaml", "not: read\n");
    folder.write("conf.d/30.yml", "not: read\n");
    let conf_d = folder.path("conf.d");
    // Whatever the order of the flags.
    let line = ["--feature", &conf_d, "--stage", &stage, "--config", &base];
    let loaded = folder.load(&line).unwrap();
    let limits = &loaded.config.limits;
    let got = (
        limits.fetches_max,
        limits.waiting_max,
        limits.text_fetches_max,
    );
    assert_eq!(got, (4, 2, 1));
    let places = [
        (
            "limits.fetches_max",
            LayerKind::Feature,
            "conf.d/20.yaml",
            2,
        ),
        ("limits.waiting_max", LayerKind::Stage, "stage.yaml", 3),
        ("limits.text_fetches_max", LayerKind::Base, "base.yaml", 2),
        ("log.level", LayerKind::Feature, "conf.d/10.yaml", 3),
    ];
    for (key, layer, file, line) in places {
        let place = &loaded.origins[key];
        assert_eq!((place.layer, place.line), (layer, Some(line)), "{key}");
        assert_eq!(place.file, Some(folder.path(file)), "{key}");
    }
    let shown = loaded.show_origins();
    let want = format!(
        "fetches_max: 4  # {}:2 (feature)\n",
        folder.path("conf.d/20.yaml")
    );
    assert!(shown.contains(&want), "{shown}");
    assert!(
        shown.contains(&format!("text_fetches_max: 1  # {base}:2\n")),
        "{shown}"
    );
    let json: serde_json::Value = serde_json::from_str(&loaded.show_json(true)).unwrap();
    assert_eq!(json["settings"]["limits"]["fetches_max"], 4);
    let origins = &json["origins"];
    assert_eq!(origins["limits.waiting_max"]["layer"], "stage");
    assert_eq!(origins["limits.waiting_max"]["line"], 3);
    assert_eq!(origins["cache.list_fresh"]["layer"], "default");
    let plain: serde_json::Value = serde_json::from_str(&loaded.show_json(false)).unwrap();
    assert_eq!(plain, json["settings"]);
    // Variables and flags lie over all of them.
    let set = ["--set=limits.fetches_max=9"];
    let loaded = folder.load(&[&line[..], &set].concat()).unwrap();
    assert_eq!(loaded.config.limits.fetches_max, 9);
}

#[test]
fn variables_name_the_layers_where_no_flag_does() {
    let folder = Folder::new();
    let base = folder.write("base.yaml", "limits: {fetches_max: 1, waiting_max: 1}\n");
    let stage = folder.write("stage.yaml", "limits: {fetches_max: 2}\n");
    let feature = folder.write("feature.yaml", "limits: {waiting_max: 3}\n");
    let environment = Environment::of([
        ("HOME", "/home/u"),
        ("SUMWARD_CONFIG", &base),
        ("SUMWARD_STAGE", &stage),
        ("SUMWARD_FEATURE", &feature),
    ]);
    let loaded = Config::load(&flags(&[]), &environment).unwrap();
    assert_eq!(loaded.config.limits.fetches_max, 2);
    assert_eq!(loaded.config.limits.waiting_max, 3);
    assert_eq!(loaded.warnings, [""; 0]);
}

#[test]
fn a_feature_file_sets_what_cannot_weaken_anything() {
    let folder = Folder::new();
    let feature = folder.write(
        "conf.d/a.yaml",
        "log: {level: debug}\nproof:\n  mode: off\ndatabases: off\nlisten: :80\nupstream: {read_timeout: 1s, private: []}\n",
    );
    let want = |place: &str, key: &str| {
        format!(
            "conf.d/a.yaml:{place}: {key}: a feature file may not set it: it can weaken the server; put `{key}` into the base file (--config) or the stage file (--stage)"
        )
    };
    assert_eq!(
        folder.bad(&["--feature", &feature]),
        [
            want("3", "proof.mode"),
            want("4", "databases"),
            want("5", "listen"),
            want("6", "upstream.private"),
        ]
    );
    assert!(folder.load(&["--stage", &feature]).is_ok());
}

#[test]
fn every_key_of_features_is_one_and_no_unsafe_one_is_among_them() {
    let schema = Partial::schema();
    for key in FEATURE_KEYS {
        assert!(schema.at(key).is_ok(), "{key}");
    }
    for section in [
        "data",
        "listen",
        "admin",
        "clients",
        "tls",
        "databases",
        "own",
        "proof",
        "bundle",
        "usage",
    ] {
        let is_in = |key: &&str| key.split('.').next() == Some(section);
        assert!(!FEATURE_KEYS.iter().any(is_in), "{section}");
    }
    for key in [
        "upstream",
        "upstream.list",
        "upstream.private",
        "upstream.ca_file",
        "gc",
        "gc.pins",
    ] {
        assert!(!FEATURE_KEYS.contains(&key), "{key}");
    }
}

#[test]
fn a_file_that_is_none_is_refused_in_words_and_does_not_keep_the_start() {
    let folder = Folder::new();
    let fifo = folder.path("fifo.yaml");
    rustix::fs::mknodat(
        rustix::fs::CWD,
        &fifo,
        rustix::fs::FileType::Fifo,
        rustix::fs::Mode::RUSR,
        0,
    )
    .unwrap();
    fs::create_dir(folder.0.path().join("empty")).unwrap();
    fs::create_dir_all(folder.0.path().join("in/folder.yaml")).unwrap();
    let many = " ".repeat(1 << 20) + "\n";
    for (flag, path, want) in [
        (
            "--config",
            fifo,
            "fifo.yaml: is a device, pipe or socket; name a regular file",
        ),
        (
            "--config",
            "/dev/zero".to_owned(),
            "/dev/zero: is a device, pipe or socket; name a regular file",
        ),
        (
            "--config",
            folder.path("empty"),
            "empty: is a folder without a file *.yaml",
        ),
        (
            "--feature",
            folder.path("in"),
            "in/folder.yaml: is a folder; name a file",
        ),
        (
            "--config",
            folder.write("large.yaml", many),
            "large.yaml: is larger than 1 MiB, the most that is read",
        ),
        (
            "--config",
            folder.write("utf8.yaml", b"data: /d\nlisten: \xff\n"),
            "utf8.yaml:2: is not UTF-8; save the file as UTF-8",
        ),
        (
            "--config",
            folder.write("two.yaml", "data: /d\n---\ndata: /e\n"),
            "two.yaml: deserializing from YAML containing more than one document is not supported",
        ),
    ] {
        assert_eq!(folder.bad(&[flag, &path]), [want]);
    }
    // An empty folder of features is how a server without any has it.
    assert!(folder.load(&["--feature", &folder.path("empty")]).is_ok());
    let absent = folder.bad(&["--stage", &folder.path("absent.yaml")]);
    assert!(
        absent[0].starts_with("absent.yaml: cannot be read: "),
        "{absent:?}"
    );
}

#[test]
fn a_short_file_that_stands_for_much_is_refused() {
    let folder = Folder::new();
    let bomb: String = (1..9).fold(
        "a0: &a0 [x, x, x, x, x, x, x, x, x]\n".to_owned(),
        |text, level| {
            let items = format!("*a{},", level - 1).repeat(9);
            format!("{text}a{level}: &a{level} [{items}]\n")
        },
    );
    let bombed = folder.bad(&["--config", &folder.write("bomb.yaml", bomb)]);
    assert_eq!(bombed.len(), 1);
    assert!(
        bombed[0].starts_with("bomb.yaml:6:") && bombed[0].contains("aliases"),
        "{bombed:?}"
    );
}

#[test]
fn an_alias_is_as_good_as_what_it_stands_for() {
    let config = good(
        &[],
        "cache: {list_fresh: &long 7m}\nproof: {pause: *long}\n",
        [],
    );
    assert_eq!(config.proof.pause, Duration::from_secs(420));
}

#[test]
fn credentials_of_systemd_stand_in_for_bare_names() {
    let folder = Folder::new();
    let credential = folder.write("tls.key", "k");
    let directory = folder.path("");
    let file = "tls: {certificate: /c.pem, key: tls.key}\n";
    let variables = [("CREDENTIALS_DIRECTORY", &*directory)];
    let config = good(&[], file, variables);
    assert_eq!(config.tls.unwrap().key, PathBuf::from(credential));
    let problems = bad(&[], &file.replace("tls.key", "other.key"), variables);
    assert_eq!(problems.len(), 1);
    let want = "sumward.yaml:1: tls.key: there is no credential `other.key` in ";
    assert!(problems[0].starts_with(want), "{problems:?}");
    assert!(
        problems[0].contains("LoadCredential=other.key:/PATH"),
        "{problems:?}"
    );
}

#[test]
fn roles_are_read_in_the_order_of_the_layers() {
    assert!(Role::ALL.is_sorted());
}
