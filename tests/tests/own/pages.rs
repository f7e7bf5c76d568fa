//! The pages of the databases: what they tell, to whom, and a proof that is checked by hand;
//! in a real browser, light and dark, and as wide as a telephone.

use std::fs;
use std::path::{Path, PathBuf};

use proto::note::VerifierKey;
use proto::tlog_proof::TlogProof;
use sha2::{Digest as _, Sha256};
use testkit::browser::{Browser, Scheme};
use testkit::client::{self, Reply};
use testkit::module::Module;
use testkit::sumward::Sumward;

use super::{Corp, NAME, lookup};

/// A server with some records, and its admin address.
fn serve(corp: &Corp) -> (Sumward, std::net::SocketAddr) {
    let free = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let admin = free.local_addr().unwrap();
    drop(free);
    for number in 0..5 {
        let path = format!("corp.example/m{number}");
        Module::library(&path, "v1.0.0").write(corp.private_tree.path());
    }
    let server = corp
        .setup()
        .with_arguments(&["--admin", &admin.to_string()])
        .start();
    for module in ["tools", "m0", "m1", "m2", "m3", "m4"] {
        let module = format!("corp.example/{module}@v1.0.0");
        assert_eq!(lookup(&server, &module).status, 200);
    }
    let public = lookup(&server, "example.com/public@v1.0.0");
    assert_eq!(public.status, 200, "{}", public.text());
    (server, admin)
}

fn record(address: std::net::SocketAddr, ending: &str, module: &str) -> Reply {
    client::get(address, &format!("/record{ending}?module={module}"))
}

/// The texts between `<code>` and `</code>`, without other elements in them.
fn codes(page: &str) -> Vec<String> {
    let parts = page.split("<code>").skip(1);
    let texts = parts.map(|part| part.split("</code>").next().unwrap());
    texts
        .map(|text| text.replace("<b>", "").replace("</b>", ""))
        .collect()
}

#[test]
fn a_proof_on_the_page_is_checked_by_hand_and_as_a_file() {
    let corp = Corp::of(&[&Module::library("example.com/public", "v1.0.0")]);
    let (server, admin) = serve(&corp);
    let reply = record(admin, "", "corp.example/m2@v1.0.0");
    assert_eq!(reply.status, 200, "{}", reply.text());
    let page = reply.text();
    let lookup_text = lookup(&server, "corp.example/m2@v1.0.0").text();
    let (number, rest) = lookup_text.split_once('\n').unwrap();
    let (text, _) = rest.split_once("\n\n").unwrap();
    let text = format!("{text}\n");
    assert!(
        page.contains(&format!("Record {number} of {NAME}")),
        "{page}"
    );
    assert!(page.contains(&text), "{page}");

    // As a person would with sha256sum.
    let codes = codes(&page);
    let bytes = |text: &String| hex::decode(text).unwrap();
    let mut below = Sha256::digest([&[0][..], text.as_bytes()].concat()).to_vec();
    assert_eq!(bytes(&codes[0]), below);
    let steps = codes[1..]
        .chunks(3)
        .take_while(|step| step.len() == 3 && step[2].len() == 64);
    let steps: Vec<_> = steps.collect();
    assert_eq!(steps.len(), 3, "seven records");
    for step in steps {
        let [left, right, hash] = [0, 1, 2].map(|at| bytes(&step[at]));
        assert!(left == below || right == below);
        below = Sha256::digest([&[1][..], &left, &right].concat()).to_vec();
        assert_eq!(hash, below);
    }
    let checkpoint = server.get(&format!("/sumdb/{NAME}/checkpoint")).text();
    let root = checkpoint.lines().nth(2).unwrap();
    assert!(codes.iter().any(|code| code == root), "{root} {codes:?}");
    let tree: proto::tlog::Hash = proto::tlog::Hash::parse(root).unwrap();
    assert_eq!(tree.0.to_vec(), below);

    let file = record(admin, ".tlog-proof", "corp.example/m2@v1.0.0");
    assert_eq!(file.status, 200);
    let disposition = file.header("content-disposition").unwrap();
    assert!(
        disposition.contains("m2@v1.0.0.tlog-proof"),
        "{disposition}"
    );
    let proof = TlogProof::parse(&file.body).unwrap();
    let key = VerifierKey::parse(&corp.key).unwrap();
    let none = proto::witness::Policy::new(Vec::new(), 0, None).unwrap();
    let leaf = proto::tlog::record_hash(text.as_bytes());
    let proved = proof.verify(leaf, NAME, &[key], &none, 0).unwrap();
    assert_eq!(proved.checkpoint.tree.size, 7);
}

#[test]
fn private_names_are_on_the_admin_address_alone() {
    let corp = Corp::of(&[&Module::library("example.com/public", "v1.0.0")]);
    let (server, admin) = serve(&corp);
    let main = server.address();
    for ending in ["", ".tlog-proof"] {
        assert_eq!(record(main, ending, "corp.example/m2@v1.0.0").status, 403);
        assert_eq!(record(admin, ending, "corp.example/m2@v1.0.0").status, 200);
        for address in [main, admin] {
            let public = record(address, ending, "example.com/public@v1.0.0");
            assert_eq!(public.status, 200, "{}", public.text());
            assert_eq!(record(address, ending, "example.com/public").status, 400);
            let absent = record(address, ending, "example.com/absent@v1.0.0");
            assert!([403, 404].contains(&absent.status), "{}", absent.status);
        }
    }
}

#[test]
fn the_pages_are_read_in_light_and_dark_and_fit_a_telephone() {
    let corp = Corp::of(&[&Module::library("example.com/public", "v1.0.0")]);
    let (_server, admin) = serve(&corp);
    let folder = tempfile::tempdir().unwrap();
    let browser = Browser::find();
    let pages = [
        (
            client::get(admin, "/").text(),
            ["kept and signed here", "Look a version up"],
        ),
        (
            record(admin, "", "corp.example/m2@v1.0.0").text(),
            ["by hand", "Download the proof"],
        ),
    ];
    for (number, (text, words)) in pages.iter().enumerate() {
        let page = folder.path().join(format!("{number}.html"));
        fs::write(&page, text).unwrap();
        let (document, said) = browser.document(&page, &[]);
        assert!(!said.contains("CONSOLE"), "{said}");
        for words in words {
            assert!(document.contains(words), "{words}: {document}");
        }
        let light = browser.picture(&page, [1280, 1200], Scheme::Light);
        assert!(light.count("#ffffff") >= 100_000);
        assert!(light.count("#1b1f24") > 20, "its text");
        let dark = browser.picture(&page, [390, 1600], Scheme::Dark);
        assert!(dark.count("#14171b") >= 50_000);
        assert!(dark.count("#dfe3e8") > 20, "its text");
        let width = width(&browser, folder.path(), text);
        assert!(width <= 390, "page {number} is {width} wide");
    }
    assert!(pages[0].0.contains("<polyline points="), "how it has grown");
}

/// Loads a page in a frame as wide as a telephone, and returns how wide it has become.
fn width(browser: &Browser, folder: &Path, text: &str) -> u32 {
    let report = "<script>onload = () => parent.postMessage(document.documentElement.scrollWidth, '*')</script></body>";
    fs::write(folder.join("framed.html"), text.replace("</body>", report)).unwrap();
    let frame = "<p id=\"said\"></p><script>onmessage = event => { document.getElementById('said').textContent = event.data }</script>\
        <iframe src=\"framed.html\" width=\"390\" height=\"900\" style=\"border:0\"></iframe>";
    let place: PathBuf = folder.join("frame.html");
    fs::write(&place, frame).unwrap();
    let (document, _) = browser.document(&place, &["--virtual-time-budget=20000"]);
    let (_, said) = document.split_once("<p id=\"said\">").unwrap();
    said.split_once("</p>").unwrap().0.parse().unwrap()
}
