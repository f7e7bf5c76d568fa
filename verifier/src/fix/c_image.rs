//! The image of a system that has the C compiler which a file names in `.comment`.
//!
//! Compilers of distributions name their package's version, and that tells the release.

use super::Sides;
use crate::image::elf::is_linker;

pub(super) fn fix(sides: &Sides<'_>) -> Option<String> {
    let texts = &sides.model_file().image.producers;
    let compilers = texts.iter().filter(|text| !is_linker(text));
    let (text, image) = compilers
        .filter_map(|text| Some((text, image(text)?)))
        .next()?;
    Some(format!(
        "build {} in an image that has {}'s C compiler: {} ({text})",
        sides.target(),
        sides.model(),
        image.said()
    ))
}

/// An image with a compiler.
#[derive(Debug, PartialEq, Eq)]
struct Image {
    /// Its name with its tag: `ubuntu:24.04`.
    name: String,
    /// Whether the compiler's version tells the release, and not only makes it likely.
    is_sure: bool,
}

impl Image {
    fn said(&self) -> String {
        match self.is_sure {
            true => self.name.clone(),
            false => format!("{}, by its version", self.name),
        }
    }

    fn of(repository: &str, tag: &str, is_sure: bool) -> Self {
        Self {
            name: format!("{repository}:{tag}"),
            is_sure,
        }
    }
}

/// Versions of gcc as they begin, and the release whose default they are.
type Releases = &'static [(&'static str, &'static str)];

/// Where a package's version does not name the release: packages.ubuntu.com.
const UBUNTU: Releases = &[
    ("5.4.", "16.04"),
    ("7.5.", "18.04"),
    ("9.3.", "20.04"),
    ("9.4.", "20.04"),
    ("11.2.", "22.04"),
    ("11.4.", "22.04"),
    ("13.2.0-23ubuntu", "24.04"),
    ("13.3.", "24.04"),
    ("14.2.0-4ubuntu", "24.10"),
    ("14.2.0-19ubuntu", "25.04"),
    ("15.2.0-4ubuntu", "25.10"),
];

/// packages.debian.org
const DEBIAN: Releases = &[
    ("6.3.0", "9"),
    ("8.3.0", "10"),
    ("10.2.1", "11"),
    ("12.2.0", "12"),
    ("14.2.0", "13"),
];

/// pkgs.alpinelinux.org
const ALPINE: Releases = &[
    ("9.3.0", "3.12"),
    ("10.2.1_pre1", "3.13"),
    ("10.3.1_git20210424", "3.14"),
    ("10.3.1_git20211027", "3.15"),
    ("11.2.1_git20220219", "3.16"),
    ("12.2.1_git20220924-r4", "3.17"),
    ("12.2.1_git20220924-r10", "3.18"),
    ("13.2.1_git20231014", "3.19"),
    ("13.2.1_git20240309", "3.20"),
    ("14.2.0", "3.21"),
    ("15.2.0", "3.23"),
];

/// Red Hat's releases and Fedora name the same vendor; the compiler tells them apart.
const RED_HAT: [(&str, &str, &str); 12] = [
    ("4.8.5", "centos", "7"),
    ("8.5.0", "almalinux", "8"),
    ("11.4.1", "almalinux", "9"),
    ("11.5.0", "almalinux", "9"),
    ("11.3.1", "fedora", "35"),
    ("12.2.1", "fedora", "37"),
    ("12.3.1", "fedora", "37"),
    ("13.2.1", "fedora", "39"),
    ("13.3.1", "fedora", "39"),
    ("14.1.1", "fedora", "40"),
    ("14.2.1", "fedora", "41"),
    ("15.2.1", "fedora", "43"),
];

/// Says which image has the compiler of a text such as
/// `GCC: (Ubuntu 13.3.0-6ubuntu2~24.04.1) 13.3.0`.
fn image(text: &str) -> Option<Image> {
    if let Some(package) = within(text, "(Ubuntu ") {
        // Updates of a release name it.
        let named = package.split('~').nth(1).map(release);
        if let Some(named) = named.filter(|named| is_release(named)) {
            return Some(Image::of("ubuntu", &named, true));
        }
        return known(UBUNTU, package).map(|tag| Image::of("ubuntu", tag, false));
    }
    if let Some(package) = within(text, "(Debian ") {
        return known(DEBIAN, package).map(|tag| Image::of("debian", tag, true));
    }
    if let Some(package) = within(text, "(Alpine ") {
        return known(ALPINE, package).map(|tag| Image::of("alpine", tag, false));
    }
    let package = within(text, "(Red Hat ")?;
    let fitting = RED_HAT
        .iter()
        .find(|(version, ..)| package.starts_with(version))?;
    Some(Image::of(fitting.1, fitting.2, false))
}

/// What stands behind an opening text, up to the next parenthesis.
fn within<'a>(text: &'a str, opening: &str) -> Option<&'a str> {
    let (_, rest) = text.split_once(opening)?;
    rest.split_once(')').map(|(package, _)| package)
}

/// `24.04.1` names the release 24.04.
fn release(text: &str) -> String {
    let parts: Vec<&str> = text.split('.').take(2).collect();
    parts.join(".")
}

fn is_release(text: &str) -> bool {
    let is_number = |part: &str| part.len() == 2 && part.bytes().all(|byte| byte.is_ascii_digit());
    text.split('.').count() == 2 && text.split('.').all(is_number)
}

/// The longest beginning that fits counts.
fn known(releases: Releases, package: &str) -> Option<&'static str> {
    let fitting = releases
        .iter()
        .filter(|(version, _)| package.starts_with(version));
    fitting
        .max_by_key(|(version, _)| version.len())
        .map(|(_, tag)| *tag)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn compilers_of_distributions_name_their_release() {
        let table = [
            (
                "GCC: (Ubuntu 13.3.0-6ubuntu2~24.04.1) 13.3.0",
                "ubuntu:24.04",
                true,
            ),
            (
                "GCC: (Ubuntu 9.4.0-1ubuntu1~20.04.2) 9.4.0",
                "ubuntu:20.04",
                true,
            ),
            (
                "GCC: (Ubuntu 13.2.0-23ubuntu4) 13.2.0",
                "ubuntu:24.04",
                false,
            ),
            ("GCC: (Debian 12.2.0-14+deb12u1) 12.2.0", "debian:12", true),
            (
                "GCC: (Alpine 13.2.1_git20240309) 13.2.1 20240309",
                "alpine:3.20",
                false,
            ),
            (
                "GCC: (GNU) 8.5.0 20210514 (Red Hat 8.5.0-22)",
                "almalinux:8",
                false,
            ),
            (
                "GCC: (GNU) 14.2.1 20240912 (Red Hat 14.2.1-3)",
                "fedora:41",
                false,
            ),
        ];
        for (text, name, is_sure) in table {
            let want = Image {
                name: name.into(),
                is_sure,
            };
            assert_eq!(image(text), Some(want), "{text}");
        }
        for text in [
            "GCC: (GNU) 13.2.0",
            "GCC: (Ubuntu 99.1.0-1ubuntu1) 99.1.0",
            "GCC: (Ubuntu 13.3.0~x.y) 1",
            "GCC: (Debian 12.2.0-14",
            "clang version 18.1.3",
            "",
        ] {
            let found = image(text);
            assert!(
                found
                    .as_ref()
                    .is_none_or(|found| found.name == "ubuntu:24.04"),
                "{text}: {found:?}"
            );
        }
    }
}
