//! Whether the file still is what the go command wrote, and says what that was.

use proto::buildid::BuildId;
use proto::finding::{Finding, Level};

use super::found;
use crate::goinfo::HostIdOrigin;
use crate::goinfo::selfcheck::SelfCheck;
use crate::lint::facts::Facts;

pub(super) fn find(facts: &Facts<'_>) -> Vec<Finding> {
    [
        modified(facts),
        build_id(facts),
        host_id(facts),
        build_info(facts),
        timestamp(facts),
    ]
    .into_iter()
    .flatten()
    .collect()
}

fn modified(facts: &Facts<'_>) -> Option<Finding> {
    let (recorded, computed) = match &facts.artifact.go.self_check {
        SelfCheck::Intact(_) | SelfCheck::Unknown(_) => return None,
        SelfCheck::Signed { recorded, computed } | SelfCheck::Changed { recorded, computed } => {
            (recorded, computed)
        }
    };
    let is_signed = matches!(facts.artifact.go.self_check, SelfCheck::Signed { .. });
    let (level, summary, fix) = if is_signed {
        (
            Level::Warning,
            "the file was signed after go build wrote it, and not changed otherwise: with the signature put aside, its \
             bytes give the content ID",
            "compare before signing, or with the signature left out (--accept masked=code-signature)",
        )
    } else if facts.is_unfinished() {
        (
            Level::Error,
            "the build ID is as the linker was given it: the link was not finished by go build, or by a tool that does \
             without its last step",
            "build with go build, which puts the content ID in",
        )
    } else {
        (
            Level::Error,
            "the file's bytes are not those that its build ID was made from: it was changed after go build wrote it \
             (strip, objcopy, a packer, a signature), or was given that ID",
            "publish what go build wrote: strip with -ldflags='-s -w', compare before signing and packing",
        )
    };
    Some(
        found("modified-after-build", level, summary)
            .seen("content ID in the file", recorded.to_string())
            .seen("content ID of its bytes", computed.to_string())
            .fix(fix),
    )
}

fn build_id(facts: &Facts<'_>) -> Option<Finding> {
    let what = match &facts.artifact.go.build_id {
        Some(BuildId::Program(_) | BuildId::Package { .. }) => return None,
        Some(BuildId::Redacted) => "redacted, as Bazel leaves it".to_owned(),
        Some(BuildId::Empty) => "empty".to_owned(),
        Some(BuildId::Custom(text)) => format!("set by hand to {text:?}"),
        None => "missing".to_owned(),
    };
    let rest = match facts.artifact.go.host_id_origin {
        Some(HostIdOrigin::Content) => {
            "; the UUID that the linker made of the program's bytes still fits them"
        }
        Some(HostIdOrigin::Go(_) | HostIdOrigin::Elsewhere) | None => {
            ", so it can't be checked against the file's bytes"
        }
    };
    Some(
        found(
            "build-id-flag",
            Level::Warning,
            format!("the Go build ID is {what}{rest}"),
        )
        .fix("leave -buildid out of -ldflags: the ID follows from the inputs and reproduces with them"),
    )
}

fn host_id(facts: &Facts<'_>) -> Option<Finding> {
    let id = facts.artifact.image.host_id.as_ref()?;
    if facts.artifact.go.host_id_origin != Some(HostIdOrigin::Elsewhere) {
        return None;
    }
    // The host's linker makes it from the content: then it is no reason of its own.
    let external = facts.artifact.image.is_externally_linked() == Some(true);
    let level = if external {
        Level::Note
    } else {
        Level::Warning
    };
    Some(
        found(
            "gnu-build-id-flag",
            level,
            "the GNU build ID or UUID is not the one that Go makes from the build ID: the host's linker made it, -B set \
             it, or it was changed since",
        )
        .seen("ID", hex::encode(id.bytes.get(..id.bytes.len().min(64))?))
        .fix("pass -ldflags='-B gobuildid', Go's default since 1.24"),
    )
}

fn build_info(facts: &Facts<'_>) -> Option<Finding> {
    if facts.info().is_some() {
        return None;
    }
    Some(
        found(
            "missing-build-info",
            Level::Warning,
            "the file has no build information that can be read: which modules and settings it was built from is not known",
        )
        .fix("build in a module with the go command, and keep the section .go.buildinfo when stripping"),
    )
}

fn timestamp(facts: &Facts<'_>) -> Option<Finding> {
    let seconds = facts
        .artifact
        .image
        .timestamp
        .filter(|seconds| *seconds != 0)?;
    let time = jiff::Timestamp::from_second(seconds.into()).ok()?;
    let commit = facts.setting("vcs.time");
    let is_commits = commit.and_then(|commit| commit.parse().ok()) == Some(time);
    let (level, summary) = if is_commits {
        (
            Level::Note,
            "the PE header has the commit's time in it, where Go's linker writes zero",
        )
    } else {
        (
            Level::Warning,
            "the PE header has a time in it, mostly that of the build, where Go's linker writes zero",
        )
    };
    Some(
        found("pe-timestamp", level, summary)
            .seen("TimeDateStamp", format!("{seconds} ({time})"))
            .fix(
                "link with CGO_ENABLED=0, or pass -ldflags='-extldflags=-Wl,--no-insert-timestamp'",
            ),
    )
}
