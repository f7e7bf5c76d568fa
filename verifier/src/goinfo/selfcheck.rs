//! Whether a file is still what `go build` wrote: its content ID computed again
//! and compared with the one inside.

use std::ops::Range;

use proto::buildid::content::{self, Exclusions, Variant};
use proto::buildid::{BuildId, Part};

use super::unsigned;
use crate::image::signature::{Kind, Signature};
use crate::image::{Format, Image};

/// The outcome of the check.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SelfCheck {
    /// The content ID holds, by this rule.
    Intact(Variant),
    /// The content ID holds once a signature is put aside: the file was signed after the go
    /// command wrote it, and not changed otherwise.
    Signed {
        /// The content ID in the file.
        recorded: Part,
        /// What the bytes give now, by the newest rule.
        computed: Part,
    },
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
    let text = id.value.to_string();
    // What a PE file calls a signature is no exception to the go command.
    let own = image.signature.clone();
    let own = own.filter(|_| image.format == Format::MachO);
    // The content ID says nothing of the bytes in a signature's place: they must be that of
    // Go's linker, or of somebody who signed the file.
    let signature = own.as_ref().and_then(|_| Signature::read(bytes, image));
    let by_linker = signature.is_some_and(|it| it.kind == Kind::Linker);
    let is_sound = !by_linker || Signature::has_page_hashes(bytes, image);
    if (own.is_none() || by_linker)
        && is_sound
        && let Some(variant) = holds(bytes, own.as_ref(), &text, recorded, image)
    {
        return SelfCheck::Intact(variant);
    }
    let is_signed = is_sound
        && unsigned::any(bytes, image, |file| {
            holds(&file.bytes, file.signature.as_ref(), &text, recorded, image).is_some()
        });
    let exclusions = exclusions(own.as_ref(), image);
    let computed = content::part(bytes, &text, &exclusions, Variant::WithoutHostId);
    match is_signed {
        true => SelfCheck::Signed { recorded, computed },
        false => SelfCheck::Changed { recorded, computed },
    }
}

/// Returns the rule by which bytes give the recorded content ID.
fn holds(
    bytes: &[u8],
    signature: Option<&Range<usize>>,
    text: &str,
    recorded: Part,
    image: &Image,
) -> Option<Variant> {
    let exclusions = exclusions(signature, image);
    let mut variants = exclusions.variants().iter().copied();
    variants.find(|variant| content::part(bytes, text, &exclusions, *variant) == recorded)
}

fn exclusions(signature: Option<&Range<usize>>, image: &Image) -> Exclusions {
    let range = |range: &Range<usize>| range.start as u64..range.end as u64;
    Exclusions {
        signature: signature.map(range),
        host_id: image.host_id.as_ref().map(|id| range(&id.range)),
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
