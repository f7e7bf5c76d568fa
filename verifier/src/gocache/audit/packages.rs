//! Which package a finding is about.

use std::io::Read as _;
use std::path::Path;

use proto::buildid::BuildId;
use proto::gocache::name::Entry;
use proto::gocache::{Id, kind::Kind};
use proto::goobj;

use super::findings::Found;
use crate::gocache::folder;
use crate::gocache::survey::{Line, Output, Survey};

/// The largest archive that is read for its name, in bytes.
const ARCHIVE_SIZE_MAX: u64 = 1 << 30;

/// Puts names to findings: out of the archive itself, even when it is damaged.
pub(super) fn name(place: &Path, survey: &Survey, findings: &mut [Found]) {
    for found in findings {
        let action = found.package_action.or(found.action);
        let Some(action) = action else { continue };
        found.package = own(place, survey, &action)
            .or_else(|| program(survey, &action))
            .or_else(|| replaced(place, survey, &action));
        if let (true, Some(output)) = (found.path.is_empty(), found.output) {
            let path = place.join(Entry::Output(output).path());
            found.path = path.display().to_string();
        }
    }
}

/// The name out of the archive that the entry leads to, if that was made by the
/// entry's action as far as one can still tell.
fn own(place: &Path, survey: &Survey, action: &Id) -> Option<String> {
    let Some(Line::Sound(index)) = survey.actions.get(action) else {
        return None;
    };
    let Some(Output::File(read)) = survey.outputs.get(&index.output) else {
        return None;
    };
    if let Some(BuildId::Package {
        action: made_by, ..
    }) = &read.build_id
    {
        // An archive that another action made is another package's.
        if read.sha256 == index.output.0 && *made_by != action.part() {
            return None;
        }
    }
    (read.kind == Kind::Archive)
        .then(|| import_path(place, &index.output))
        .flatten()
}

fn program(survey: &Survey, action: &Id) -> Option<String> {
    match survey.output(action)? {
        Output::Program(program) => program.path.clone().or_else(|| Some(program.name.clone())),
        _ => None,
    }
}

/// The name out of an archive that this action made and that no longer is what
/// its entry leads to.
fn replaced(place: &Path, survey: &Survey, action: &Id) -> Option<String> {
    let part = action.part();
    survey.outputs.iter().find_map(|(id, output)| match output {
        Output::File(read) => match &read.build_id {
            Some(BuildId::Package { action, .. }) if *action == part => import_path(place, id),
            _ => None,
        },
        _ => None,
    })
}

fn import_path(place: &Path, output: &Id) -> Option<String> {
    let path = place.join(Entry::Output(*output).path());
    let (file, _) = folder::open(&path).ok()?.ok()?;
    let mut bytes = Vec::new();
    file.take(ARCHIVE_SIZE_MAX).read_to_end(&mut bytes).ok()?;
    goobj::import_path(&bytes)
}
