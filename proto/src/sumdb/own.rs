//! Keeping a database: what its records are, and the words in which it answers.
//!
//! Source: golang.org/x/mod/sumdb (Server)

use super::Record;
use crate::dirhash::H1;
use crate::module::ModuleVersion;
use crate::note::{self, SignerKey};
use crate::tlog::entries::Entries;
use crate::tlog::sequencer::Form;
use crate::tlog::{Tree, checkpoint};

/// What a Go checksum database is as a log: one record a module version.
pub fn form() -> Form {
    Form {
        entries: Entries::Lines,
        check: |record| match parts(record) {
            Some(_) => Ok(()),
            None => Err("it is not the two lines of a module version"),
        },
        key: |record| parts(record).map(|module| module.to_string().into_bytes()),
    }
}

/// Returns the module version that a record of ours is about; `None` when the bytes are
/// no such record.
pub fn parts(record: &[u8]) -> Option<ModuleVersion> {
    let record = Record::parse(record).ok()?;
    let mut words = record.as_str().split(' ');
    let (path, version) = (words.next()?, words.next()?);
    let module = ModuleVersion::parse(&format!("{path}@{version}")).ok()?;
    let (zip, go_mod) = (record.h1(&module)?, record.go_mod_h1(&module)?);
    (record.as_str() == text(&module, zip, go_mod)).then_some(module)
}

/// Returns the record of a module version: the two lines that go.sum has for it.
pub fn text(module: &ModuleVersion, zip: H1, go_mod: H1) -> String {
    let (path, version) = (&module.path, &module.version);
    format!("{path} {version} {zip}\n{path} {version}/go.mod {go_mod}\n")
}

/// Returns the answer to a lookup: the record's number, the record, and the signed head.
pub fn lookup_answer(id: u64, record: &[u8], note: &[u8]) -> Vec<u8> {
    let mut answer = format!("{id}\n").into_bytes();
    answer.extend_from_slice(record);
    answer.push(b'\n');
    answer.extend_from_slice(note);
    answer
}

/// A tree, signed in the two forms in which it is given out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SignedHead {
    /// What is signed.
    pub tree: Tree,
    /// For the go command, which knows one origin.
    pub note: Vec<u8>,
    /// For witnesses and monitors, which know a log by its origin: the key's name.
    pub checkpoint: Vec<u8>,
}

impl SignedHead {
    /// Signs a tree.
    ///
    /// # Errors
    ///
    /// As [`note::sign`].
    pub fn sign(tree: Tree, signers: &[&SignerKey]) -> Result<Self, note::Error> {
        let origin = signers.first().map_or("", |signer| signer.name());
        Ok(Self {
            tree,
            note: note::sign(&checkpoint::format(&tree), signers)?,
            checkpoint: note::sign(&checkpoint::format_of(origin, &tree), signers)?,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::super::{Head, LookupAnswer};
    use super::*;

    fn module(text: &str) -> ModuleVersion {
        ModuleVersion::parse(text).unwrap()
    }

    fn h1(byte: u8) -> H1 {
        crate::dirhash::go_mod(&[byte])
    }

    #[test]
    fn a_record_says_which_module_version_it_is_about() {
        for name in ["rsc.io/quote@v1.5.2", "github.com/A/b/v2@v2.0.0-pre.1"] {
            let record = text(&module(name), h1(1), h1(2));
            assert_eq!(parts(record.as_bytes()), Some(module(name)));
            let key = (form().key)(record.as_bytes());
            assert_eq!(key, Some(name.as_bytes().to_vec()));
        }
    }

    #[test]
    fn nothing_but_the_two_lines_is_a_record() {
        let good = text(&module("rsc.io/quote@v1.5.2"), h1(1), h1(2));
        let (zip, go_mod) = good.split_once('\n').unwrap();
        for bad in [
            String::new(),
            format!("{zip}\n"),
            go_mod.to_owned(),
            format!("{go_mod}{zip}\n"),
            format!("{good}{zip}\n"),
            format!("{good}\n"),
            good.replace("v1.5.2/go.mod", "v1.5.3/go.mod"),
            good.replace("v1.5.2", "v1.5"),
            good.replace("h1:", "h2:"),
            good.replace(' ', "  "),
        ] {
            assert!((form().check)(bad.as_bytes()).is_err(), "{bad:?}");
        }
    }

    #[test]
    fn heads_are_signed_in_both_forms_and_answers_are_read_back() {
        let key = SignerKey::from_seed("sum.example/own", [3; 32]).unwrap();
        let tree = Tree {
            size: 1,
            hash: crate::tlog::record_hash(b"x"),
        };
        let head = SignedHead::sign(tree, &[&key]).unwrap();
        assert_eq!(Head::open(&head.note, &key.verifier()).unwrap().tree, tree);
        let opened = note::open(&head.checkpoint, &[key.verifier()]).unwrap();
        let want = format!("sum.example/own\n1\n{}\n", tree.hash);
        assert_eq!(opened.text, want);
        let record = text(&module("rsc.io/quote@v1.5.2"), h1(1), h1(2));
        let bytes = lookup_answer(7, record.as_bytes(), &head.note);
        let answer = LookupAnswer::parse(&bytes).unwrap();
        assert_eq!((answer.id, answer.note), (7, head.note));
        assert_eq!(answer.record, record.as_bytes());
    }
}
