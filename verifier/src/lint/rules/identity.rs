//! Whether the file still is what the go command wrote, and says what that was.

use proto::buildid::BuildId;

use super::{Found, found};
use crate::goinfo::HostIdOrigin;
use crate::goinfo::selfcheck::SelfCheck;
use crate::image::Format;
use crate::lint::facts::Facts;
use crate::report::printed::Level;

pub(super) fn find(facts: &Facts<'_>) -> Vec<Found> {
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

fn modified(facts: &Facts<'_>) -> Option<Found> {
    let SelfCheck::Changed { recorded, computed } = &facts.artifact.go.self_check else {
        return None;
    };
    Some(
        found(
            "modified-after-build",
            Level::Error,
            "the file was changed after go build wrote it (strip, objcopy, a packer, a signature), so a build has other bytes",
        )
        .seen("content ID in the file", recorded.to_string())
        .seen("content ID of its bytes", computed.to_string())
        .fix("publish what go build wrote: strip with -ldflags='-s -w', compare before signing and packing"),
    )
}

fn build_id(facts: &Facts<'_>) -> Option<Found> {
    let what = match &facts.artifact.go.build_id {
        Some(BuildId::Program(_) | BuildId::Package { .. }) => return None,
        Some(BuildId::Redacted) => "redacted, as Bazel leaves it".to_owned(),
        Some(BuildId::Empty) => "empty".to_owned(),
        Some(BuildId::Custom(text)) => format!("set by hand to {text:?}"),
        None => "missing".to_owned(),
    };
    Some(
        found(
            "build-id-flag",
            Level::Warning,
            format!("the Go build ID is {what}, so nothing in the file tells whether it was changed"),
        )
        .fix("leave -buildid out of -ldflags: the ID follows from the inputs and reproduces with them"),
    )
}

fn host_id(facts: &Facts<'_>) -> Option<Found> {
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
            "the GNU build ID or UUID was not made by Go from its build ID: the host's linker made it, or -B set it",
        )
        .seen("ID", hex::encode(id.bytes.get(..id.bytes.len().min(64))?))
        .fix("pass -ldflags='-B gobuildid', Go's default since 1.24, or -B none"),
    )
}

fn build_info(facts: &Facts<'_>) -> Option<Found> {
    // Go writes none into WebAssembly, packages have none.
    let none_due = matches!(
        facts.artifact.image.format,
        Format::Wasm | Format::GoArchive
    );
    if none_due || facts.info().is_some() {
        return None;
    }
    Some(
        found(
            "missing-build-info",
            Level::Warning,
            "the file has no build information: which modules and settings it was built from is not known",
        )
        .fix("build in a module with the go command, and keep the section .go.buildinfo when stripping"),
    )
}

fn timestamp(facts: &Facts<'_>) -> Option<Found> {
    let seconds = facts
        .artifact
        .image
        .timestamp
        .filter(|seconds| *seconds != 0)?;
    let time = jiff::Timestamp::from_second(seconds.into()).ok()?;
    Some(
        found(
            "pe-timestamp",
            Level::Error,
            "the linker wrote the time of the build into the PE header; Go's own writes zero",
        )
        .seen("TimeDateStamp", format!("{seconds} ({time})"))
        .fix("link with CGO_ENABLED=0, or pass -ldflags='-extldflags=-Wl,--no-insert-timestamp'"),
    )
}
