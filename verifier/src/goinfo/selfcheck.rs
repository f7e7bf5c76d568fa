//! Whether a file is still what `go build` wrote: its content ID computed again
//! and compared with the one inside.

use proto::buildid::content::{self, Exclusions, Variant};
use proto::buildid::{BuildId, Part};

use crate::image::{Format, Image};

/// The outcome of the check.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SelfCheck {
    /// The content ID holds, by this rule.
    Intact(Variant),
    /// The bytes were changed after the go command wrote the content ID.
    Changed {
        /// The content ID in the file.
        recorded: Part,
        /// What the bytes give now, by the newest rule.
        computed: Part,
    },
    /// The check can't be made, and why.
    Unknown(&'static str),
}

/// Computes the content ID of a file again.
pub fn check(bytes: &[u8], image: &Image) -> SelfCheck {
    let Some(id) = &image.build_id else {
        return SelfCheck::Unknown("the file has no Go build ID");
    };
    let recorded = match &id.value {
        BuildId::Program(program) => program.content,
        BuildId::Package { content, .. } => *content,
        BuildId::Redacted | BuildId::Empty | BuildId::Custom(_) => {
            return SelfCheck::Unknown("the build ID was not made by the go command");
        }
    };
    if image.machine.kind == Some("object file") {
        // go build -buildmode=c-archive: the archive around it is what was hashed.
        return SelfCheck::Unknown("an object for a linker, no file that go build wrote as it is");
    }
    if image.format == Format::MachOFat {
        return SelfCheck::Unknown("the file holds several programs");
    }
    let range = |range: &std::ops::Range<usize>| range.start as u64..range.end as u64;
    let exclusions = Exclusions {
        // What a PE file calls a signature is no exception to the go command.
        signature: image
            .signature
            .as_ref()
            .filter(|_| image.format == Format::MachO)
            .map(range),
        host_id: image.host_id.as_ref().map(|id| range(&id.range)),
    };
    let text = id.value.to_string();
    let part = |variant: Variant| content::part(bytes, &text, &exclusions, variant);
    let newest = part(Variant::WithoutHostId);
    if newest == recorded {
        return SelfCheck::Intact(Variant::WithoutHostId);
    }
    if exclusions.variants().contains(&Variant::WithHostId) && part(Variant::WithHostId) == recorded
    {
        return SelfCheck::Intact(Variant::WithHostId);
    }
    SelfCheck::Changed {
        recorded,
        computed: newest,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::image::Located;

    /// The ID in `go.o` of a c-archive is that of the archive.
    #[test]
    fn an_object_for_a_linker_is_not_judged() {
        let id = ["a"; 4].map(|part| part.repeat(20)).join("/");
        let mut image = Image {
            build_id: Some(Located {
                value: BuildId::parse(&id).unwrap(),
                range: 0..id.len(),
            }),
            ..Image::default()
        };
        image.machine.kind = Some("executable");
        let check = |image: &Image| check(id.as_bytes(), image);
        assert!(matches!(check(&image), SelfCheck::Changed { .. }));
        image.machine.kind = Some("object file");
        assert!(matches!(check(&image), SelfCheck::Unknown(_)));
    }
}
