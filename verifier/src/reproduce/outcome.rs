//! The answer of a run, for the printers.

mod checks;
mod figures;
mod json;
mod text;

use anyhow::Context as _;
use serde::Serialize;

use super::best::{Best, ButFor};
use super::given::Given;
use super::obstacle::{Kind, Obstacle};
use super::plan::Plan;
use super::source::Source;
use super::step::{Measure, Step};
use super::toolchain::Toolchain;
use super::tree::Tree;
use crate::exit::Exit;
use crate::image::signature::Signature;
use crate::progress::Progress;
use crate::recipe::{Recipe, shell};
use crate::report::Report;
use proto::quantity;

/// What a run found out.
#[derive(Debug)]
pub struct Outcome {
    /// The answer.
    pub verdict: Verdict,
    /// The file as it was named.
    pub file: String,
    /// The program's path in a package.
    pub inside: Option<String>,
    /// The program's SHA-256 in hexadecimal.
    pub sha256: String,
    /// Its size in bytes.
    pub size: usize,
    /// What it says of its build; `None` for a file that says nothing.
    pub recipe: Option<Recipe>,
    /// What is not here, where that kept the answer from being found.
    pub obstacle: Option<Obstacle>,
    /// The release that built, and how that was established.
    pub toolchain: Option<Toolchain>,
    /// The source that was built.
    pub source: Option<Built>,
    /// Every build, in order.
    pub steps: Vec<Step>,
    /// The number of the nearest one, from 0.
    pub best: Option<usize>,
    /// Commands that build the nearest program, a line each.
    pub commands: Vec<String>,
    /// Whether the linker's flags in them are the program's own: recorded, or proven.
    pub has_own_linker_flags: bool,
    /// What a reader should know beside the answer.
    pub notes: Vec<String>,
    /// The given program and the nearest one side by side; `None` where they are equal or
    /// there is none.
    pub comparison: Option<Report>,
    /// Who signed the given program, where its signature names anybody.
    pub signed_by: Option<String>,
    /// Where builds are kept; `None` where the work folder goes away.
    pub work: Option<String>,
}

/// A source that was built.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Built {
    /// What can be given for `--source`.
    pub name: String,
    /// What a reader should know of it, a sentence each.
    pub said: Vec<String>,
}

/// The answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Verdict {
    /// The same bytes were built.
    Equal,
    /// The same bytes but for the stamp of version control, which module files can't
    /// show.
    EqualButForStamp,
    /// The same bytes but for a signature, which is put on after the build.
    EqualButForSignature,
    /// Every build gave another program.
    Different,
    /// That can't be told.
    Unknown,
}

/// What can't be told where flags of the linker left no trace.
const HIDDEN_FLAGS: &str = "code, data and all that is recorded are what the source gives; part A of the build ID is not, a hash \
                            over the linker's flags, which no file records under -trimpath, and what else the link was \
                            given. So a flag leaves no other trace, such as -X with a value (a secret, maybe) for a \
                            variable that the program does not have; or another linker, or a package of which nothing \
                            is linked, was another one";

/// What a search that has ended leaves.
#[derive(Debug, Default)]
pub struct Ended<'a> {
    /// The release.
    pub toolchain: Option<&'a Toolchain>,
    /// The source.
    pub source: Option<&'a Source>,
    /// Every build.
    pub steps: Vec<Step>,
    /// The nearest one.
    pub best: Option<Best>,
    /// What a reader should know.
    pub notes: Vec<String>,
    /// Whether the linker's flags of the nearest one are the program's own.
    pub has_own_linker_flags: bool,
    /// What ended it early.
    pub obstacle: Option<Obstacle>,
}

impl Outcome {
    /// Concludes from what was found.
    ///
    /// # Errors
    /// When a program that was built can't be read any more.
    pub fn of(given: &Given, recipe: Option<Recipe>, ended: Ended<'_>) -> anyhow::Result<Self> {
        let artifact = &given.artifact;
        let hidden = ended
            .best
            .as_ref()
            .filter(|best| !ended.has_own_linker_flags && best.differs_by_hidden_flags(artifact));
        let hidden = hidden.map(|_| Obstacle::new(Kind::Flags, HIDDEN_FLAGS));
        let obstacle = ended.obstacle.or(hidden);
        let verdict = match (&ended.best, &obstacle) {
            (Some(best), obstacle) => match (best.equal_but_for(artifact), obstacle) {
                _ if best.is_equal => Verdict::Equal,
                (Some(ButFor::Stamp), _) => Verdict::EqualButForStamp,
                (Some(ButFor::Signature), _) => Verdict::EqualButForSignature,
                (None, Some(_)) => Verdict::Unknown,
                (None, None) => Verdict::Different,
            },
            (None, _) => Verdict::Unknown,
        };
        let commands = match (&ended.best, ended.source, &recipe) {
            (Some(best), Some(source), Some(recipe)) => {
                commands(&best.plan, verdict, source, recipe)
            }
            _ => Vec::new(),
        };
        let comparison = match &ended.best {
            Some(best) if !best.is_equal => Some(compare(given, best)?),
            _ => None,
        };
        Ok(Self {
            verdict,
            file: given.path.display().to_string(),
            inside: given.inside.clone(),
            sha256: given.sha256(),
            size: artifact.bytes().len(),
            recipe,
            // An answer needs no excuse.
            obstacle: obstacle.filter(|_| verdict == Verdict::Unknown),
            toolchain: ended.toolchain.cloned(),
            source: ended.source.map(|source| Built {
                name: source.name(),
                said: source.said().to_vec(),
            }),
            best: ended.best.as_ref().map(|best| best.step),
            steps: ended.steps,
            commands,
            has_own_linker_flags: ended.has_own_linker_flags,
            notes: ended.notes,
            comparison,
            signed_by: Signature::read(artifact.bytes(), &artifact.image)
                .and_then(|signature| signature.claim()),
            work: None,
        })
    }

    fn exit_code(&self) -> Exit {
        match self.verdict {
            Verdict::Equal => Exit::Same,
            Verdict::EqualButForStamp | Verdict::EqualButForSignature | Verdict::Different => {
                Exit::Different
            }
            Verdict::Unknown => Exit::Inconclusive,
        }
    }

    fn sentence(&self) -> String {
        let source = self
            .source
            .as_ref()
            .map_or("", |source| source.name.as_str());
        let name = self.inside.as_deref().unwrap_or(&self.file);
        let builds = quantity::count(self.steps.len(), "build", "builds");
        match (self.verdict, &self.obstacle) {
            (Verdict::Equal, _) => {
                format!(
                    "{name} is what {source} gives: sha256:{} ({builds})",
                    self.sha256
                )
            }
            (Verdict::EqualButForStamp, _) => format!(
                "{name} is what {source} gives, but for the stamp of version control: which commit it is, files of a \
                 module do not show; a checkout does ({builds})"
            ),
            (Verdict::EqualButForSignature, _) => format!(
                "{name} is what {source} gives, but for its signature: it was only signed after go build{} ({builds})",
                self.signed_by
                    .as_ref()
                    .map_or_else(String::new, |by| format!(" ({by})"))
            ),
            (Verdict::Different, _) => {
                let differing = self.nearest().map_or(0, |measure| measure.differing);
                format!(
                    "{name} is not what {source} gives: {} in the nearest of {builds}",
                    quantity::differ(differing)
                )
            }
            (Verdict::Unknown, Some(obstacle)) => obstacle.said.clone(),
            (Verdict::Unknown, None) => "nothing was built".into(),
        }
    }

    fn nearest(&self) -> Option<&Measure> {
        let step = self.steps.get(self.best?)?;
        step.result.as_ref().ok()
    }
}

/// Writes down how the nearest program is built, by hand.
fn commands(plan: &Plan, verdict: Verdict, source: &Source, recipe: &Recipe) -> Vec<String> {
    let mut lines = Vec::new();
    match (plan.tree, source) {
        (Tree::Commit | Tree::Untracked | Tree::Changed, Source::Checkout(checkout)) => {
            if let (Tree::Commit | Tree::Untracked, Some(commit)) = (plan.tree, &checkout.commit) {
                lines.push(format!("git checkout {}", shell::word(commit)));
            }
            if plan.tree == Tree::Untracked {
                lines.push("touch untracked".into());
            }
            match plan.tag.as_deref() {
                None => {}
                Some("") => lines.push("git tag -l | xargs git tag -d".into()),
                Some(tag) => lines.push(format!("git tag {}", shell::word(tag))),
            }
        }
        (Tree::Stamped, _) if verdict == Verdict::EqualButForStamp => {
            let commit = recipe.source.revision.as_deref().unwrap_or_default();
            lines.push(format!("git checkout {}", shell::word(commit)));
        }
        (Tree::Wrapper, source) => lines.push(format!(
            "# in an empty folder, with the files of ./{} of {}",
            plan.main.as_deref().unwrap_or_default(),
            source.name()
        )),
        (Tree::Module | Tree::Stamped, Source::Module(module)) => {
            let name = format!("{}@{}", module.path, module.version);
            lines.push(format!(
                "cp -R \"$(go mod download -json {} | jq -r .Dir)\" source && chmod -R u+w source && cd source",
                shell::word(&name)
            ));
        }
        _ => {}
    }
    if let Some(text) = &plan.go_mod {
        // One line, whatever shows it.
        let text = text
            .replace('\\', "\\\\")
            .replace('%', "%%")
            .replace('\n', "\\n");
        lines.push(format!("printf {} > go.mod", shell::word(&text)));
    }
    if let Some(folders) = &plan.folders {
        let places = [
            ("the source", &folders.source),
            ("Go", &folders.goroot),
            ("GOMODCACHE", &folders.module_cache),
        ];
        let places = places
            .into_iter()
            .filter_map(|(what, at)| Some(format!("{what} at {}", at.as_ref()?)));
        let places: Vec<String> = places.collect();
        lines.push(format!(
            "# in a container or mount namespace with {}",
            places.join(", ")
        ));
    }
    let version = source.installs(plan.tree).filter(|_| plan.go_mod.is_none());
    lines.push(plan.command(version));
    lines
}

/// Sets the given program and the nearest one side by side.
fn compare(given: &Given, best: &Best) -> anyhow::Result<Report> {
    let paths = [&given.artifact, &best.artifact].map(|artifact| artifact.input.path.clone());
    let report = Report::compare(&paths, Progress::new(false));
    let mut report = report.context("comparing the nearest program")?;
    // Where the second one lies is of no interest, and may be gone.
    let name = format!("build {}", best.step + 1);
    for file in report.files.iter_mut().skip(1) {
        report.summary = report.summary.replace(&file.path, &name);
        file.path.clone_from(&name);
    }
    Ok(report)
}
