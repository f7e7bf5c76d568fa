//! The Go release that the program names: one that is here, or one that go fetches and
//! proves.

use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::desk::{self, Desk};
use super::obstacle::{Kind, Obstacle};
use crate::host::Host;
use crate::host::search_path;
use crate::toolchain::judge::Verdict;

/// A go command of the release.
#[derive(Debug, Clone)]
pub struct Toolchain {
    /// The go command: the one of GOROOT.
    pub go: PathBuf,
    /// Its installation.
    pub goroot: PathBuf,
    /// The release: `go1.27.3`.
    pub release: String,
    /// Where it comes from.
    pub way: Way,
    /// What its files are, where they were judged.
    pub verdict: Option<Verdict>,
    /// How that was established, in a sentence.
    pub said: String,
}

/// Where a go command comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Way {
    /// It was named on the command line.
    Named,
    /// It is the one on PATH.
    Path,
    /// The go command that is here fetched it through GOPROXY.
    Fetched,
}

/// What `go env -json` says.
#[derive(Debug, Deserialize)]
struct Says {
    #[serde(rename = "GOVERSION")]
    version: String,
    #[serde(rename = "GOROOT")]
    goroot: PathBuf,
}

impl Says {
    /// The release, without the experiments behind it.
    fn release(&self) -> &str {
        let version = self.version.split_whitespace().next().unwrap_or_default();
        version
            .split_once("-X:")
            .map_or(version, |(version, _)| version)
    }
}

impl Toolchain {
    /// Finds a release.
    ///
    /// # Errors
    /// An [`Obstacle`] when it is not here and can't be fetched.
    pub fn find(
        release: &str,
        named: Option<&Path>,
        desk: &Desk<'_>,
        host: &Host,
    ) -> anyhow::Result<Self> {
        let missing = |said: String| Obstacle::new(Kind::Toolchain, said);
        let mut seen = Vec::new();
        let mut fetching = None;
        for (way, go) in candidates(named, desk) {
            let says = match ask(&go, "local", desk)? {
                Ok(says) => says,
                Err(said) => {
                    seen.push(format!("{}: {said}", go.display()));
                    continue;
                }
            };
            if says.release() == release {
                return Ok(Self::here(way, release, says.goroot, host));
            }
            seen.push(format!("{} is {}", go.display(), says.release()));
            fetching.get_or_insert(go);
        }
        let Some(go) = fetching else {
            let seen = if seen.is_empty() {
                "there is no go command on PATH".to_owned()
            } else {
                seen.join("; ")
            };
            return Err(missing(format!("{release} is needed; {seen}; name one with --go")).into());
        };
        match ask(&go, release, desk)? {
            Ok(says) if says.release() == release => Ok(Self {
                go: program(&says.goroot),
                goroot: says.goroot,
                release: release.into(),
                way: Way::Fetched,
                verdict: Some(Verdict::Official),
                said: format!(
                    "{release} was fetched through GOPROXY, and the go command proved it by the checksum database ({})",
                    desk.var("GOSUMDB")
                        .unwrap_or("sum.golang.org")
                        .split('+')
                        .next()
                        .unwrap_or_default()
                ),
            }),
            Ok(says) => Err(missing(format!(
                "{release} is needed; asked for it, {} gives {}",
                go.display(),
                says.release()
            ))
            .into()),
            Err(said) => Err(missing(format!(
                "{release} is needed; {}, and does not get it (GOTOOLCHAIN={release}): {said}",
                seen.join("; ")
            ))
            .into()),
        }
    }

    /// Returns what tells it from other installations.
    pub fn identity(&self) -> String {
        format!("{} {}", self.release, self.goroot.display())
    }

    /// Takes an installation that is here, and judges its files.
    fn here(way: Way, release: &str, goroot: PathBuf, host: &Host) -> Self {
        let place = match way {
            Way::Named => "the one named",
            Way::Path | Way::Fetched => "the one on PATH",
        };
        let (verdict, standing) = match crate::toolchain::judge_installation(&goroot, host) {
            Ok(Err(why)) => (None, format!("not judged: {why}")),
            Ok(Ok(judgement)) => {
                let word = match judgement.verdict {
                    Verdict::Official => "official",
                    Verdict::Repackaged => "official in all that is compiled",
                    Verdict::Modified => "not the release's files",
                    Verdict::Unknown => "not judged",
                };
                (
                    Some(judgement.verdict),
                    format!("{word}: {}", judgement.reason),
                )
            }
            Err(error) => (None, format!("not judged: {error:#}")),
        };
        Self {
            go: program(&goroot),
            said: format!("{release} is {place}, {} ({standing})", goroot.display()),
            goroot,
            release: release.into(),
            way,
            verdict,
        }
    }
}

fn candidates(named: Option<&Path>, desk: &Desk<'_>) -> Vec<(Way, PathBuf)> {
    let mut found = Vec::new();
    if let Some(named) = named {
        let go = if named.is_dir() {
            program(named)
        } else {
            named.to_owned()
        };
        found.extend(std::path::absolute(go).map(|go| (Way::Named, go)));
    }
    found.extend(desk.find("go").map(|go| (Way::Path, go)));
    found
}

fn program(goroot: &Path) -> PathBuf {
    goroot.join("bin").join(search_path::file_name("go"))
}

/// Asks a go command who it is, after it has switched to another release.
fn ask(go: &Path, toolchain: &str, desk: &Desk<'_>) -> anyhow::Result<Result<Says, String>> {
    if !go.is_file() {
        return Ok(Err("there is no such program".into()));
    }
    let folder = desk.work.folder("questions")?;
    let argv = desk::argv(go, &["env", "-json", "GOVERSION", "GOROOT"]);
    let said = desk.ask(&argv, &folder, &[("GOTOOLCHAIN", toolchain)])?;
    Ok(said.and_then(|text| {
        serde_json::from_str(&text).map_err(|_| "go env -json prints something else".to_owned())
    }))
}
