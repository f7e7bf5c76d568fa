//! The HTML page in a real browser: that it says the answer without scripts,
//! fetches nothing, fits every screen and draws what differs.

use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;

use tempfile::TempDir;
use testkit::browser::{Browser, Scheme};

use crate::workshop::{Workshop, verify_build};

/// One page of each kind, made once for all tests.
struct Pages {
    folder: TempDir,
}

const KINDS: [(&str, &str); 4] = [
    ("different", "DIFFERENT"),
    ("one-byte", "DIFFERENT"),
    ("identical", "IDENTICAL"),
    ("three", "DIFFERENT"),
];

impl Pages {
    fn get() -> &'static Self {
        static PAGES: OnceLock<Pages> = OnceLock::new();
        PAGES.get_or_init(Self::make)
    }

    fn make() -> Self {
        let pages = Self {
            folder: tempfile::tempdir().unwrap(),
        };
        let mut shop = Workshop::new();
        let one = shop.build(&[], &[]);
        let other = shop.build_plain(
            &[],
            &["-tags=extra", "-ldflags=-X main.stamp=</title><img>"],
        );
        let copy = shop.output();
        std::fs::copy(&one, &copy).unwrap();
        let changed = shop.output();
        let mut bytes = std::fs::read(&one).unwrap();
        let middle = bytes.len() / 2;
        bytes[middle] ^= 1;
        std::fs::write(&changed, bytes).unwrap();
        pages.write("different", &[&one, &other]);
        pages.write("one-byte", &[&one, &changed]);
        pages.write("identical", &[&one, &copy]);
        pages.write("three", &[&one, &other, &copy]);
        pages
    }

    fn write(&self, name: &str, files: &[&Path]) {
        let output = verify_build()
            .arg("--quiet")
            .arg("--output")
            .arg(self.page(name))
            .args(files)
            .output()
            .unwrap();
        assert_ne!(output.status.code(), Some(2), "{output:?}");
    }

    fn page(&self, name: &str) -> PathBuf {
        self.folder.path().join(format!("{name}.html"))
    }

    /// Returns a page's text without the rule that forbids it everything.
    fn unguarded(&self, name: &str) -> String {
        let page = std::fs::read_to_string(self.page(name)).unwrap();
        let (before, rest) = page
            .split_once("<meta http-equiv=\"Content-Security-Policy\"")
            .unwrap();
        let (_, after) = rest.split_once('>').unwrap();
        format!("{before}{after}")
    }
}

#[test]
fn the_page_says_the_answer_and_the_browser_has_no_complaints() {
    let browser = Browser::find();
    for (name, verdict) in KINDS {
        let page = Pages::get().page(name);
        let (document, said) = browser.document(&page, &[]);
        let (_, banner) = document
            .split_once("<h1>")
            .unwrap_or_else(|| panic!("{document}"));
        let (banner, _) = banner.split_once("</h1>").unwrap();
        assert!(banner.ends_with(verdict), "{name}: {banner}");
        assert!(document.contains("<svg "), "{name}");
        assert!(!said.contains("CONSOLE"), "{name}: {said}");
    }
    // The value of -X that would be markup is words.
    let (document, _) = browser.document(&Pages::get().page("different"), &[]);
    assert!(document.contains("&lt;/title&gt;&lt;img&gt;"));
    assert!(!document.contains("<img"));
}

/// Even a picture that made its way into the page would not be asked for. The
/// same page without its rule shows that this would be noticed.
#[test]
fn the_page_lets_nothing_be_fetched() {
    let browser = Browser::find();
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    listener.set_nonblocking(true).unwrap();
    let address = listener.local_addr().unwrap();
    let folder = tempfile::tempdir().unwrap();
    let load = |page: &str| {
        let place = folder.path().join("page.html");
        let picture = format!(
            "<main><img src=\"http://{address}/x.png\"><script>document.title = 'run'</script>"
        );
        std::fs::write(&place, page.replacen("<main>", &picture, 1)).unwrap();
        // Time of the page's own stands still while something is fetched.
        let (document, said) = browser.document(&place, &["--timeout=2000"]);
        (listener.accept().is_ok(), document, said)
    };
    let guarded = std::fs::read_to_string(Pages::get().page("different")).unwrap();
    let (asked, document, said) = load(&guarded);
    assert!(!asked);
    assert!(!document.contains("<title>run</title>"));
    assert!(
        said.contains("CONSOLE") && said.contains("Content Security Policy"),
        "{said}"
    );
    let (asked, document, _) = load(&Pages::get().unguarded("different"));
    assert!(asked);
    assert!(document.contains("<title>run</title>"));
}

/// Each page in frames of several widths says how wide it has become.
#[test]
fn no_page_is_wider_than_its_window() {
    const WIDTHS: [u32; 4] = [320, 390, 800, 1280];
    let folder = tempfile::tempdir().unwrap();
    let report = "<script>onload = () => parent.postMessage([document.documentElement.scrollWidth, innerWidth, \
                  getComputedStyle(document.querySelector('.narrow')).display], '*')</script></body>";
    let mut frames = String::new();
    for (name, _) in KINDS {
        let page = Pages::get().unguarded(name).replace("</body>", report);
        std::fs::write(folder.path().join(format!("{name}.html")), page).unwrap();
        for width in WIDTHS {
            frames.push_str(&format!("<iframe src=\"{name}.html\" width=\"{width}\" height=\"900\" style=\"border:0\"></iframe>"));
        }
    }
    let place = folder.path().join("frames.html");
    let script = "<script>onmessage = event => { document.getElementById('said').textContent += event.data + ';' }</script>";
    std::fs::write(&place, format!("<p id=\"said\"></p>{script}{frames}")).unwrap();
    let (document, _) = Browser::find().document(&place, &["--virtual-time-budget=20000"]);
    let (_, said) = document.split_once("<p id=\"said\">").unwrap();
    let (said, _) = said.split_once("</p>").unwrap();
    let said: Vec<&str> = said.split(';').filter(|one| !one.is_empty()).collect();
    assert_eq!(said.len(), KINDS.len() * WIDTHS.len(), "{said:?}");
    for one in said {
        let [is, may, narrow] = one.split(',').collect::<Vec<_>>()[..] else {
            panic!("{one}");
        };
        let [is, may] = [is, may].map(|width| width.parse::<u32>().unwrap());
        assert!(is <= may, "{is} wide in a window of {may}");
        assert_eq!(narrow == "block", may < 704, "{one}");
    }
}

#[test]
fn the_picture_shows_what_differs_in_light_and_in_dark() {
    let browser = Browser::find();
    let see = |name: &str, width: u32, scheme| {
        browser.picture(&Pages::get().page(name), [width, 2600], scheme)
    };
    let light = see("different", 1280, Scheme::Light);
    // The page, code, data, symbols, what differs: as the style sheet has them.
    for (colour, least) in [
        ("#f6f7f9", 100_000),
        ("#9ec5f4", 2000),
        ("#a5dcc0", 2000),
        ("#d0bcf0", 500),
        ("#d1242f", 300),
    ] {
        assert!(
            light.count(colour) >= least,
            "{colour}: {}",
            light.count(colour)
        );
    }
    let dark = see("one-byte", 390, Scheme::Dark);
    for (colour, least) in [("#0f1318", 50_000), ("#ff6a61", 20)] {
        assert!(
            dark.count(colour) >= least,
            "{colour}: {}",
            dark.count(colour)
        );
    }
    // Where nothing differs nothing is red.
    let same = see("identical", 1280, Scheme::Light);
    assert_eq!(same.count("#d1242f"), 0);
    assert!(same.count("#dafbe1") >= 10_000);
}
