//! What was asked for and could not be had: a list for the next transfer, on the page and
//! as a file, kept over a restart.
#![expect(clippy::unwrap_used, reason = "helpers of tests fail as tests do")]

use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::time::Duration;

use testkit::client;
use testkit::module::Module;
use testkit::world::{World, target};

fn versions(text: &str) -> Vec<&str> {
    let lines = text.lines().filter(|line| !line.starts_with('#'));
    lines.collect()
}

#[test]
fn what_was_asked_for_in_vain_is_listed_until_it_is_here() {
    let modules = [
        Module::library("example.com/Thing", "v1.0.0"),
        Module::library("example.com/other", "v1.2.3"),
    ];
    let world = World::with(&[&modules[0], &modules[1]]);
    let off = world.setup().with_env("GOPROXY", "off");
    let server = off.start();
    assert_eq!(server.get("/missing.txt").text(), "");
    for module in &modules {
        for ending in ["info", "mod", "zip"] {
            assert_ne!(server.get(&target(module, ending)).status, 200);
        }
    }
    assert_ne!(server.get("/example.com/%3Cb%3E/@latest").status, 200);
    assert_ne!(server.get("/example.com/third/@v/list").status, 200);
    // Whoever wants stored things alone misses nothing.
    let cached = "/cached-only/example.com/fourth/@v/v1.0.0.zip";
    assert_eq!(server.get(cached).status, 404);
    let text = server.get("/missing.txt").text();
    let mut names = versions(&text);
    names.sort_unstable();
    assert_eq!(
        names,
        ["example.com/Thing@v1.0.0", "example.com/other@v1.2.3"]
    );
    assert!(text.contains("# example.com/third@latest"), "{text}");
    let page = server.get("/").text();
    assert!(page.contains("example.com/Thing@v1.0.0"), "{page}");
    assert!(page.contains("href=\"/missing.txt\""), "{page}");
    assert!(!page.contains("fourth"), "{page}");
    let (status, said) = server.terminate(Duration::from_secs(60));
    assert!(status.success(), "{said}");

    let server = world.serve();
    for ending in ["info", "mod", "zip"] {
        assert_eq!(server.get(&target(&modules[0], ending)).status, 200);
    }
    let text = server.get("/missing.txt").text();
    assert_eq!(versions(&text), ["example.com/other@v1.2.3"]);
}

#[test]
fn the_list_makes_a_bundle_also_where_no_such_version_exists() {
    let module = Module::library("example.com/thing", "v1.0.0");
    let world = World::with(&[&module]);
    let server = world.setup().with_env("GOPROXY", "off").start();
    for path in ["example.com/thing", "example.com", "example.com/mistyped"] {
        let _ = server.get(&format!("/{path}/@v/v1.0.0.info"));
    }
    let text = server.get("/missing.txt").text();
    assert_eq!(versions(&text).len(), 3, "{text}");
    drop(server);
    let path = |name: &str| world.data().with_file_name(name).display().to_string();
    let (list, strict) = (path("missing.txt"), path("strict.txt"));
    std::fs::write(&list, &text).unwrap();
    std::fs::write(&strict, versions(&text).join("\n")).unwrap();
    let dry_run = |list| {
        let create = ["bundle", "create", "--dry-run", "--from", list];
        world.setup().tool(&create)
    };
    let (made, said) = dry_run(&list);
    assert!(made && said.contains("1 module version,"), "{said}");
    assert!(
        said.contains("example.com/mistyped@v1.0.0 is left out"),
        "{said}"
    );
    let (made, said) = dry_run(&strict);
    assert!(!made && said.contains("example.com"), "{said}");
}

#[test]
fn names_of_private_modules_are_told_on_the_admin_address_alone() {
    let world = World::with(&[]);
    let admin = free_address();
    let yaml = format!(
        "admin: {admin}\nupstream:\n  list: off\n  private:\n    - modules: corp.example\n      list: off\n"
    );
    let server = world.setup().with_config(&yaml).start();
    for target in [
        "/corp.example/secret/@v/v1.0.0.zip",
        "/example.com/public/@v/v1.0.0.zip",
    ] {
        assert_ne!(server.get(target).status, 200);
    }
    assert_ne!(
        server.get("/missing.txt").status,
        200,
        "not on this address"
    );
    let page = server.get("/").text();
    assert!(page.contains("example.com/public@v1.0.0"), "{page}");
    assert!(!page.contains("secret"), "{page}");
    let admin = admin.parse().unwrap();
    for target in ["/", "/missing.txt"] {
        let text = client::get(admin, target).text();
        assert!(
            text.contains("corp.example/secret@v1.0.0"),
            "{target}: {text}"
        );
        let text = under_a_name(admin, target);
        assert!(!text.contains("secret"), "{target}: {text}");
        assert!(
            text.contains("example.com/public@v1.0.0"),
            "{target}: {text}"
        );
    }
}

/// Asks as a page in a browser does that has a name of its own resolve to the address.
fn under_a_name(address: SocketAddr, target: &str) -> String {
    let mut stream = TcpStream::connect(address).unwrap();
    let request =
        format!("GET {target} HTTP/1.1\r\nHost: evil.example\r\nConnection: close\r\n\r\n");
    stream.write_all(request.as_bytes()).unwrap();
    let mut text = String::new();
    stream.read_to_string(&mut text).unwrap();
    text
}

/// A port that was free just now.
fn free_address() -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    listener.local_addr().unwrap().to_string()
}
