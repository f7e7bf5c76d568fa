//! What one file tells, taken down.

use std::borrow::Cow;
use std::collections::HashSet;

use proto::buildid::content::Variant;
use proto::{buildid, buildinfo};

use super::SECTIONS_MAX;
use crate::artifact::Artifact;
use crate::goinfo::functions::package;
use crate::goinfo::{self, HostIdOrigin, pclntab, selfcheck, variables};
use crate::image::{HostIdKind, signature};
use crate::report::{
    BuildId, BuildInfo, File, Format, FunctionCount, HostId, Module, Parts, Section, SelfCheck,
    Setting, Signature,
};

impl File {
    /// Takes down what a file tells.
    pub fn of(artifact: &Artifact) -> Self {
        let (image, go) = (&artifact.image, &artifact.go);
        let sections = image
            .regions
            .iter()
            .take(SECTIONS_MAX)
            .map(|region| Section {
                name: region.name.clone(),
                offset: region.range.start,
                size: region.range.len(),
                content: region.content,
            });
        Self {
            path: artifact.input.path.display().to_string(),
            size: artifact.bytes().len() as u64,
            sha256: hex::encode(artifact.input.sha256),
            format: format(artifact),
            build_id: image
                .build_id
                .as_ref()
                .map(|id| build_id(&id.value, id.range.start)),
            self_check: self_check(&go.self_check),
            host_id: host_id(artifact),
            signature: signature(artifact),
            linkage: image.linkage.clone(),
            debug: None,
            go_version: go
                .build_info
                .as_ref()
                .and_then(|info| info.value.version.clone()),
            variables: go
                .variables
                .as_ref()
                .map(|all| all.iter().map(variable).collect()),
            build_info: go.info().map(build_info),
            sources: go.sources.clone(),
            functions: None,
            sections: sections.collect(),
            problems: image.problems.iter().chain(&go.problems).cloned().collect(),
            inside: None,
        }
    }
}

fn format(artifact: &Artifact) -> Format {
    let (image, go) = (&artifact.image, &artifact.go);
    let machine = &image.machine;
    Format {
        name: image.format.name(),
        kind: machine.kind,
        goos: go.setting("GOOS").or(machine.goos).map(str::to_owned),
        goarch: go.setting("GOARCH").or(machine.goarch).map(str::to_owned),
        bits: machine.bits,
        interpreter: image.interpreter.clone(),
        producers: image.producers.clone(),
        gccgo: image.gccgo.clone(),
    }
}

fn build_id(id: &buildid::BuildId, offset: usize) -> BuildId {
    let (kind, parts) = match id {
        buildid::BuildId::Program(program) => {
            let [a, b, c, d] = program.parts().map(|part| part.to_string());
            (
                "program",
                Some(Parts {
                    A: a,
                    B: b,
                    C: c,
                    D: d,
                }),
            )
        }
        buildid::BuildId::Package { .. } => ("package", None),
        buildid::BuildId::Redacted => ("redacted", None),
        buildid::BuildId::Empty => ("empty", None),
        buildid::BuildId::Custom(_) => ("custom", None),
    };
    BuildId {
        text: id.to_string(),
        kind,
        parts,
        offset,
    }
}

fn signature(artifact: &Artifact) -> Option<Signature> {
    let signature = signature::Signature::read(artifact.bytes(), &artifact.image)?;
    Some(Signature {
        said: signature.to_string(),
        kind: signature.kind.as_str(),
        identifier: signature.identifier,
        team: signature.team,
        signer: signature.signer,
    })
}

fn self_check(check: &selfcheck::SelfCheck) -> SelfCheck {
    let none = SelfCheck {
        status: "unknown",
        computed: None,
        host_id_hashed: None,
        reason: None,
    };
    match check {
        selfcheck::SelfCheck::Intact(variant) => SelfCheck {
            status: "intact",
            host_id_hashed: Some(*variant == Variant::WithHostId),
            ..none
        },
        selfcheck::SelfCheck::Signed { computed, .. } => SelfCheck {
            status: "signed",
            computed: Some(computed.to_string()),
            ..none
        },
        selfcheck::SelfCheck::Changed { computed, .. } => SelfCheck {
            status: "changed",
            computed: Some(computed.to_string()),
            ..none
        },
        selfcheck::SelfCheck::Unknown(reason) => SelfCheck {
            reason: Some(reason),
            ..none
        },
    }
}

fn host_id(artifact: &Artifact) -> Option<HostId> {
    let id = artifact.image.host_id.as_ref()?;
    Some(HostId {
        kind: match id.kind {
            HostIdKind::Gnu => "gnu",
            HostIdKind::Uuid => "uuid",
        },
        value: hex::encode(&id.bytes[..id.bytes.len().min(64)]),
        origin: match artifact.go.host_id_origin {
            Some(HostIdOrigin::Go(_)) => "go",
            Some(HostIdOrigin::Content) => "content",
            Some(HostIdOrigin::Elsewhere) => "other",
            None => "unknown",
        },
    })
}

fn build_info(info: &buildinfo::BuildInfo) -> BuildInfo {
    let setting = |setting: &buildinfo::Setting| Setting {
        key: setting.key.clone(),
        value: setting.value.clone(),
    };
    BuildInfo {
        path: (!info.path.is_empty()).then(|| info.path.clone()),
        main: info.main.as_ref().map(module),
        deps: info.deps.iter().map(module).collect(),
        settings: info.settings.iter().map(setting).collect(),
    }
}

fn module(module: &buildinfo::Module) -> Module {
    Module {
        path: module.path.clone(),
        version: module.version.clone(),
        sum: module.sum.clone(),
        replace: module
            .replace
            .as_deref()
            .map(|by| Box::new(self::module(by))),
    }
}

/// Counts functions and their packages.
pub(super) fn functions(artifact: &Artifact) -> Option<FunctionCount> {
    let (bytes, image) = (artifact.bytes(), &artifact.image);
    let table = pclntab::Found::in_image(bytes, image)?;
    let functions = goinfo::functions::Functions::read(bytes, image, &table)?;
    let names = functions
        .all
        .iter()
        .map(|function| package::of_symbol(function.name));
    let packages: HashSet<Cow<'_, str>> = names.collect();
    Some(FunctionCount {
        functions: functions.all.len(),
        packages: packages.len(),
    })
}

fn variable(variable: &variables::Variable) -> Setting {
    Setting {
        key: variable.name.clone(),
        value: variable.value.clone(),
    }
}
