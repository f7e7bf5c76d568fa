//! Several databases beside each other.

use proto::module::pattern::Patterns;

use super::*;
use crate::sumdb::databases::check_folders;
use crate::sumdb::{Database, Databases, Parts};

fn configured(name: &str, modules: Option<&str>) -> config::Database {
    let key = SignerKey::from_seed(name, [3; 32]).unwrap().verifier();
    config::Database {
        modules: modules.map(|modules| Patterns::parse(modules).unwrap()),
        ..settings(key)
    }
}

fn databases(
    configured: &[config::Database],
    upstream: &config::Upstream,
    data: &TempDir,
) -> Databases {
    let staging = Staging::open(data.path()).unwrap();
    let parts = Parts {
        evidence: Evidence::open(data.path(), staging.clone()).unwrap(),
        heads: Arc::new(HeadFiles::new(data.path().to_owned(), staging.clone())),
        staging,
        fetch: Arc::new(Fake::default()),
    };
    Databases::open(configured, upstream, data.path(), parts).unwrap()
}

#[test]
fn the_longest_name_that_fits_is_meant() {
    let data = tempfile::tempdir().unwrap();
    let configured =
        ["example.com", "example.com/db", "other.example/db"].map(|name| configured(name, None));
    let databases = databases(&configured, &upstream(), &data);
    let resolve = |path: &'static str| {
        let (database, rest) = databases.resolve(path)?;
        Some((database.name().to_owned(), rest))
    };
    for (path, name, rest) in [
        ("example.com/latest", "example.com", "latest"),
        ("example.com/db/latest", "example.com/db", "latest"),
        ("example.com/dbx/latest", "example.com", "dbx/latest"),
        (
            "other.example/db/tile/8/0/000",
            "other.example/db",
            "tile/8/0/000",
        ),
    ] {
        assert_eq!(resolve(path), Some((name.to_owned(), rest)), "{path}");
    }
    for path in [
        "",
        "example.com",
        "example.comx/latest",
        "other.example/latest",
    ] {
        assert_eq!(resolve(path), None, "{path}");
    }
}

#[test]
fn the_first_that_covers_a_module_proves_it() {
    let data = tempfile::tempdir().unwrap();
    let configured = [
        configured("private.example", Some("corp.example/*,*.corp.example")),
        configured("public.example", None),
    ];
    let databases = databases(&configured, &upstream(), &data);
    let covering = |module| databases.covering(module).unwrap().name();
    assert_eq!(covering("corp.example/m/v2"), "private.example");
    assert_eq!(covering("git.corp.example/m"), "private.example");
    assert_eq!(covering("rsc.io/quote"), "public.example");
}

#[test]
fn folders_do_not_lie_in_each_other() {
    let check = |names: [&str; 2]| check_folders(&names.map(|name| configured(name, None)));
    assert!(check(["example.com", "example.com/db"]).is_ok());
    assert!(check(["example.com", "example.comtile"]).is_ok());
    assert!(check(["example.com/tile", "example.com"]).is_err());
    assert!(check(["example.com", "example.com/fork.seen-1"]).is_err());
}

#[tokio::test]
async fn a_private_module_is_told_only_to_a_database_that_is_named_for_it() {
    let data = tempfile::tempdir().unwrap();
    let private = config::Private {
        modules: Patterns::parse("corp.example/*,golang.org/*").unwrap(),
        list: None,
    };
    let upstream = config::Upstream {
        private: vec![private],
        ..upstream()
    };
    let configured = [
        configured("public.example", None),
        configured("team.example", Some("corp.example/team")),
    ];
    let databases = databases(&configured, &upstream, &data);
    let covering = |module| databases.covering(module).map(Database::name);
    assert_eq!(covering("rsc.io/quote"), Some("public.example"));
    assert_eq!(covering("corp.example/team/m"), Some("team.example"));
    assert_eq!(covering("corp.example/other"), None);
    assert_eq!(covering("golang.org/x/mod"), None);
    // Go toolchains are never private.
    assert_eq!(covering("golang.org/toolchain"), Some("public.example"));

    let lookup = async |name: &str, module: &str| {
        let name = format!("{name}/latest");
        let (database, _) = databases.resolve(&name).unwrap();
        let module = ModuleVersion::parse(module).unwrap();
        database
            .lookup(&module, &Hops::default())
            .await
            .unwrap_err()
    };
    for (name, module, private) in [
        ("public.example", "corp.example/team/m@v1.0.0", true),
        ("public.example", "corp.example/other@v1.0.0", true),
        ("team.example", "corp.example/other@v1.0.0", true),
        ("team.example", "corp.example/team/m@v1.0.0", false),
        ("public.example", "rsc.io/quote@v1.5.2", false),
        ("team.example", "rsc.io/quote@v1.5.2", false),
        (
            "public.example",
            "golang.org/toolchain@v0.0.1-go1.21.13.linux-amd64",
            false,
        ),
    ] {
        let error = lookup(name, module).await;
        let refused = matches!(error, LookupError::Private);
        assert_eq!(refused, private, "{name} {module}: {error}");
    }
}
