//! Archives, packages, images: anything that carries files.

use std::collections::HashSet;

use verifier::container::limits::Budget;
use verifier::container::listing::Content;
use verifier::container::open::Container;
use verifier::container::source::Source;
use verifier::diff::Verdict;
use verifier::members::compare::Comparer;

/// A file that may be a container. What is listed is what is taken out; cut off,
/// it is never the same as whole.
pub fn containers(data: &[u8]) {
    let budget = Budget::default();
    let open = |data: &[u8]| {
        let source = Source::memory(data.to_vec());
        let opened = Container::open("seed.gz", &source, &budget).expect("memory can be read");
        (source, opened)
    };
    let (_, Some(container)) = open(data) else {
        return;
    };
    if let Ok(listing) = container.list() {
        let files = listing.members.iter().enumerate();
        let files = files.filter(|(_, member)| matches!(member.content, Content::File { .. }));
        let files: HashSet<usize> = files.map(|(index, _)| index).collect();
        let taken = container
            .take(&listing, &files)
            .expect("what was read once");
        assert_eq!(taken.len(), files.len());
        for (index, source) in taken {
            let sha256 = source.sha256().expect("memory can be read");
            let size = source.len();
            assert_eq!(
                listing.members[index].content,
                Content::File { size, sha256 }
            );
        }
    }
    let (source, cut) = open(&data[..data.len() * 3 / 4]);
    let cut = cut.unwrap_or_else(|| Container::file("seed", &source, &budget));
    let take = Box::new(|_: &[String], _: &_, _: &_| (0, Verdict::Different));
    let compared = Comparer::new(&budget, take).compare(["a", "b"], &container, &cut);
    let difference = compared.expect("memory can be read");
    assert_ne!(difference.verdict(), Verdict::Identical);
}
