//! Making a listing: every member's content hashed, none of it kept.

use std::collections::HashMap;
use std::io::Read;

use proto::digest::Digest;
use proto::quantity;

use super::fault::Fault;
use super::listing::{Content, Listing, Member, Place};
use super::source::Source;
use super::visit::{Body, Entry, Visitor};
use crate::image::{Format, sniff};

/// Bytes by which a member's format is told.
pub(super) const HEAD_LEN: usize = 512;

/// Hashes what it visits.
pub struct Lister {
    listing: Listing,
    /// The container unpacked, where that is a source of its own.
    plain: Option<Source>,
    /// Members that are other names of members before them.
    links: Vec<(usize, String)>,
}

impl Lister {
    /// Begins a listing. In a container that is not compressed members can be read
    /// where they lie.
    pub fn new(plain: Option<Source>) -> Self {
        Self {
            listing: Listing::default(),
            plain,
            links: Vec::new(),
        }
    }

    /// Ends the listing.
    pub fn finish(mut self) -> Listing {
        if !self.links.is_empty() {
            self.resolve();
        }
        self.note_whiteouts();
        self.listing
    }

    /// Layers of images take away what lower layers have by files of a certain name.
    fn note_whiteouts(&mut self) {
        let base = |name: &str| {
            name.rsplit('/')
                .next()
                .is_some_and(|base| base.starts_with(".wh."))
        };
        let mut whiteouts = self
            .listing
            .members
            .iter()
            .filter(|member| base(&member.name));
        if let Some(first) = whiteouts.next() {
            let count = whiteouts.count() + 1;
            let note = format!(
                "{} that take files of lower layers away, the first {}",
                quantity::count(count, "whiteout", "whiteouts"),
                first.name
            );
            self.listing.notes.push(note);
        }
    }

    /// A hard link is the file it names: the last one of that name before it.
    fn resolve(&mut self) {
        let mut known: HashMap<String, usize> = HashMap::new();
        let mut links = std::mem::take(&mut self.links).into_iter().peekable();
        for index in 0..self.listing.members.len() {
            if let Some((_, target)) = links.next_if(|(link, _)| *link == index) {
                let origin = known.get(&target).copied();
                let content = origin.map(|origin| self.listing.members[origin].content.clone());
                let place = origin.map(|origin| self.listing.members[origin].place.clone());
                let format = origin.map(|origin| self.listing.members[origin].format);
                let member = &mut self.listing.members[index];
                member.content = content.unwrap_or_else(|| {
                    Content::Other(format!("hard link to {target}, which is not there"))
                });
                member.format = format.unwrap_or_default();
                member.origin = origin;
                member.place = place.unwrap_or(Place::Packed);
                member.metadata.own.push(("hard link to", target));
            }
            known.insert(self.listing.members[index].name.clone(), index);
        }
    }
}

impl Visitor for Lister {
    fn visit(&mut self, entry: Entry, content: &mut dyn Read) -> Result<(), Fault> {
        let mut place = Place::Packed;
        let (content, format) = match entry.body {
            Body::File(size) => {
                let plain = self.plain.as_ref().zip(entry.offset);
                if let Some(source) = plain.and_then(|(plain, offset)| plain.part(offset, size)) {
                    place = Place::Here(source);
                }
                hash(content, size)?
            }
            Body::SameAs(target) => {
                self.links.push((self.listing.members.len(), target));
                (Content::Folder, Format::Other)
            }
            Body::Is(content) => (content, Format::Other),
        };
        self.listing.add(Member {
            name: entry.name,
            content,
            format,
            metadata: entry.metadata,
            place,
            origin: None,
        })
    }
}

fn hash(mut content: &mut dyn Read, declared: u64) -> Result<(Content, Format), Fault> {
    let mut head = Vec::new();
    (&mut content)
        .take(HEAD_LEN as u64)
        .read_to_end(&mut head)?;
    let format = sniff::format(&head);
    let Digest { sha256, size } = Digest::of(head.as_slice().chain(content))?;
    if size < declared {
        return Err(Fault::truncated(format!(
            "{} bytes before that member's end",
            declared - size
        )));
    }
    Ok((Content::File { size, sha256 }, format))
}
