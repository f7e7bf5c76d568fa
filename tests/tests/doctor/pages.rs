//! The report as a page, in a real browser.

use testkit::browser::{Browser, Scheme};

use super::house::House;

#[test]
fn the_page_says_the_answer_in_light_and_dark_and_fits_a_telephone() {
    let mut house = House::fit();
    house.set("GOSUMDB", "off");
    house.set("GOFLAGS", "-modcacherw");
    let page = house.path("home/report.html");
    let target = format!("html={}", page.display());
    let output = house.run(&["--quiet", "--output", &target]);
    assert_eq!(output.status.code(), Some(1), "{output:?}");
    let browser = Browser::find();
    let (document, said) = browser.document(&page, &[]);
    assert!(!said.contains("CONSOLE"), "{said}");
    for words in [
        "FINDINGS",
        "sumdb-off",
        "trimpath-missing",
        "Rocky Linux 9.4",
        "What the go command is told",
        "go1.27.3",
    ] {
        assert!(document.contains(words), "{words}");
    }
    let light = browser.picture(&page, [1280, 2000], Scheme::Light);
    assert!(light.count("#f6f7f9") >= 100_000);
    let dark = browser.picture(&page, [390, 2000], Scheme::Dark);
    assert!(dark.count("#0f1318") >= 50_000);
    // Nothing sticks out: what is beyond a telephone's width is the page's own colour.
    assert!(width(&browser, &house, &page) <= 390);
}

/// Loads the page in a frame as wide as a telephone, and returns how wide it has become.
fn width(browser: &Browser, house: &House, page: &std::path::Path) -> u32 {
    let text = std::fs::read_to_string(page).unwrap();
    let (before, rest) = text
        .split_once("<meta http-equiv=\"Content-Security-Policy\"")
        .unwrap();
    let (_, after) = rest.split_once('>').unwrap();
    let report = "<script>onload = () => parent.postMessage(document.documentElement.scrollWidth, '*')</script></body>";
    let text = format!("{before}{after}").replace("</body>", report);
    std::fs::write(house.path("home/framed.html"), text).unwrap();
    let frame = "<p id=\"said\"></p><script>onmessage = event => { document.getElementById('said').textContent = event.data }</script>\
        <iframe src=\"framed.html\" width=\"390\" height=\"900\" style=\"border:0\"></iframe>";
    let place = house.path("home/frame.html");
    std::fs::write(&place, frame).unwrap();
    let (document, _) = browser.document(&place, &["--virtual-time-budget=20000"]);
    let (_, said) = document.split_once("<p id=\"said\">").unwrap();
    said.split_once("</p>").unwrap().0.parse().unwrap()
}
