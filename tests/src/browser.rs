//! A real browser without a window, for pages that must hold what they promise.

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use crate::environment;

/// Names of programs that do, the one that run.sh installs first.
const PROGRAMS: [&str; 4] = [
    "chromium",
    "chromium-browser",
    "google-chrome",
    "google-chrome-stable",
];

/// The browser, and a folder of its own that goes away with it.
#[derive(Debug)]
pub struct Browser {
    program: PathBuf,
    folder: tempfile::TempDir,
}

/// Light or dark, as a reader's system asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Scheme {
    /// Dark on light.
    Light,
    /// Light on dark.
    Dark,
}

/// The colours of a picture, by how many of its points have each.
#[derive(Debug)]
pub struct Colours(std::collections::HashMap<[u8; 3], usize>);

impl Browser {
    /// Finds the browser.
    ///
    /// # Panics
    /// When there is none: `tests/run.sh` installs one.
    #[must_use]
    pub fn find() -> Self {
        let path = environment::path();
        let program = PROGRAMS
            .iter()
            .flat_map(|name| std::env::split_paths(&path).map(move |folder| folder.join(name)))
            .find(|program| program.is_file())
            .expect("a browser: tests/run.sh installs Debian's chromium");
        Self {
            program,
            folder: tempfile::tempdir().expect("a folder for the browser"),
        }
    }

    /// Loads a page and returns what the document has become, and what the
    /// browser had to say about it.
    #[must_use]
    pub fn document(&self, page: &Path, flags: &[&str]) -> (String, String) {
        let output = self.run(page, &[&["--dump-dom"], flags].concat());
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        (text(&output.stdout), text(&output.stderr))
    }

    /// Takes a picture of a page.
    ///
    /// # Panics
    /// When no picture comes out.
    #[must_use]
    pub fn picture(&self, page: &Path, size: [u32; 2], scheme: Scheme) -> Colours {
        let place = self.folder.path().join("picture.png");
        let [width, height] = size;
        let wanted = match scheme {
            Scheme::Light => "--blink-settings=preferredColorScheme=1",
            Scheme::Dark => "--blink-settings=preferredColorScheme=0",
        };
        let screenshot = format!("--screenshot={}", place.display());
        let window = format!("--window-size={width},{height}");
        let output = self.run(page, &[&screenshot, &window, wanted, "--hide-scrollbars"]);
        let bytes = std::fs::read(&place).unwrap_or_else(|error| {
            panic!("{error}: {}", String::from_utf8_lossy(&output.stderr));
        });
        Colours::of(&bytes)
    }

    fn run(&self, page: &Path, flags: &[&str]) -> Output {
        let profile = self.folder.path().join("profile");
        let output = Command::new(&self.program)
            .env_clear()
            .env("PATH", environment::path())
            .env("HOME", self.folder.path())
            .args([
                "--headless",
                "--no-sandbox",
                "--disable-gpu",
                "--disable-dev-shm-usage",
                "--disable-quic",
                "--no-first-run",
                "--disable-background-networking",
                "--disable-component-update",
                "--disable-sync",
                "--enable-logging=stderr",
            ])
            .arg(format!("--user-data-dir={}", profile.display()))
            .args(flags)
            .arg(format!("file://{}", page.display()))
            .output()
            .expect("start the browser");
        assert!(
            output.status.success(),
            "{}",
            String::from_utf8_lossy(&output.stderr)
        );
        output
    }
}

impl Colours {
    fn of(png: &[u8]) -> Self {
        let mut reader = png::Decoder::new(std::io::Cursor::new(png))
            .read_info()
            .expect("a picture");
        let size = reader.output_buffer_size().expect("a picture that fits");
        let mut points = vec![0; size];
        let info = reader.next_frame(&mut points).expect("a whole picture");
        let mut counts = std::collections::HashMap::new();
        for point in points[..info.buffer_size()].chunks_exact(info.color_type.samples()) {
            *counts.entry([point[0], point[1], point[2]]).or_default() += 1;
        }
        Self(counts)
    }

    /// Returns how many points have a colour, written as in style sheets, give or
    /// take what smoothing does.
    ///
    /// # Panics
    /// When it is not `#rrggbb`.
    #[must_use]
    pub fn count(&self, colour: &str) -> usize {
        let wanted = hex::decode(colour.trim_start_matches('#')).expect("#rrggbb");
        let near = |point: &[u8; 3]| {
            point
                .iter()
                .zip(&wanted)
                .all(|(is, want)| is.abs_diff(*want) <= 2)
        };
        self.0
            .iter()
            .filter(|(point, _)| near(point))
            .map(|(_, count)| count)
            .sum()
    }
}
