//! What the names in a module zip must keep, and what follows from them.

use std::collections::HashMap;

use icu_casemap::{CaseMapper, CaseMapperBorrowed};

use super::directory::Entry;
use super::{Error, Limits};
use crate::module;

/// What a name makes of an entry.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Role {
    Directory,
    GoMod,
    File,
}

/// The most directories and files, directories without an entry included.
const NAMES_MAX: usize = 400_000;

/// The longest name, prefix included, in bytes: no system opens longer ones.
const NAME_LEN_MAX: usize = 4096;

/// Checks all names and declared sizes; gives the role of each entry in turn.
pub(super) fn check(entries: &[Entry], prefix: &str, limits: &Limits) -> Result<Vec<Role>, Error> {
    let mut tree = Tree::new();
    let mut total = 0_u64;
    let mut roles = Vec::with_capacity(entries.len());
    for entry in entries {
        let owned = || super::shown(&entry.name);
        let (len, max) = (entry.name.len(), NAME_LEN_MAX);
        if len > max {
            return Err(Error::NameTooLong { len, max });
        }
        let Some(name) = entry.name.strip_prefix(prefix) else {
            let prefix = prefix.to_owned();
            return Err(Error::Prefix {
                name: owned(),
                prefix,
            });
        };
        let (path, is_directory) = match name.strip_suffix('/') {
            Some(path) => (path, true),
            None => (name, name.is_empty()),
        };
        // The prefix itself may have an entry.
        if !name.is_empty() {
            module::file_path(path).map_err(|fault| Error::Name {
                name: owned(),
                fault,
            })?;
        }
        tree.add(path, is_directory)?;
        if is_directory {
            roles.push(Role::Directory);
            continue;
        }
        let base = path.rsplit('/').next().unwrap_or(path);
        let is_go_mod = base.eq_ignore_ascii_case("go.mod");
        if is_go_mod && base != path {
            return Err(Error::GoModPlace { name: owned() });
        }
        if is_go_mod && path != "go.mod" {
            return Err(Error::GoModCase { name: owned() });
        }
        total = total.saturating_add(entry.unpacked);
        if total > limits.total_bytes {
            let max = limits.total_bytes;
            return Err(Error::TotalTooLarge { max });
        }
        if (is_go_mod || path == "LICENSE") && entry.unpacked > limits.special_bytes {
            let (name, max) = (path.to_owned(), limits.special_bytes);
            return Err(Error::SpecialTooLarge { name, max });
        }
        roles.push(if is_go_mod { Role::GoMod } else { Role::File });
    }
    Ok(roles)
}

/// All names as one tree, so that a deep path costs what it is long and no more.
struct Tree {
    folder: CaseFolder,
    /// By parent and folded element.
    children: HashMap<(usize, Box<str>), usize>,
    nodes: Vec<Node>,
}

struct Node {
    parent: usize,
    /// The element as it was first written.
    element: Box<str>,
    kind: Kind,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    File,
    /// A directory that other names imply.
    Implied,
    /// A directory with an entry of its own.
    Listed,
}

const ROOT: usize = 0;

impl Tree {
    fn new() -> Self {
        let root = Node {
            parent: ROOT,
            element: "".into(),
            kind: Kind::Implied,
        };
        Self {
            folder: CaseFolder(CaseMapper::new()),
            children: HashMap::new(),
            nodes: vec![root],
        }
    }

    /// Adds a clean path; an empty one is the root.
    fn add(&mut self, path: &str, is_directory: bool) -> Result<(), Error> {
        let mut at = ROOT;
        let mut is_new = false;
        let mut elements = path.split('/').filter(|e| !e.is_empty()).peekable();
        while let Some(element) = elements.next() {
            let is_last = elements.peek().is_none();
            let kind = match is_last {
                true if !is_directory => Kind::File,
                _ => Kind::Implied,
            };
            (at, is_new) = self.step(at, element, kind, path)?;
        }
        let listed_before = self.nodes.get(at).is_some_and(|n| n.kind == Kind::Listed);
        if (!is_directory && !is_new) || listed_before {
            let name = super::shown(path);
            return Err(Error::Duplicate { name });
        }
        if let Some(node) = self.nodes.get_mut(at)
            && is_directory
        {
            node.kind = Kind::Listed;
        }
        Ok(())
    }

    /// Goes down one element; gives the node and whether it is new.
    fn step(
        &mut self,
        parent: usize,
        element: &str,
        kind: Kind,
        path: &str,
    ) -> Result<(usize, bool), Error> {
        let next = self.nodes.len();
        let key = (parent, self.folder.fold(element));
        let at = *self.children.entry(key).or_insert(next);
        if at == next {
            if next > NAMES_MAX {
                return Err(Error::TooManyNames { max: NAMES_MAX });
            }
            let element = element.into();
            self.nodes.push(Node {
                parent,
                element,
                kind,
            });
            return Ok((at, true));
        }
        let Some(node) = self.nodes.get(at) else {
            return Ok((at, false));
        };
        if *node.element != *element {
            let (first, second) = (super::shown(&self.path(at)), super::shown(path));
            return Err(Error::Collision { first, second });
        }
        if (node.kind == Kind::File) != (kind == Kind::File) {
            let name = super::shown(&self.path(at));
            return Err(Error::FileAndDirectory { name });
        }
        Ok((at, false))
    }

    fn path(&self, mut at: usize) -> String {
        let mut elements = Vec::new();
        while at != ROOT
            && let Some(node) = self.nodes.get(at)
        {
            elements.push(&*node.element);
            at = node.parent;
        }
        elements.reverse();
        elements.join("/")
    }
}

/// Folds by Unicode simple case folding, under which K and the Kelvin sign are one.
struct CaseFolder(CaseMapperBorrowed<'static>);

impl CaseFolder {
    fn fold(&self, element: &str) -> Box<str> {
        if element.is_ascii() {
            return element.to_ascii_lowercase().into();
        }
        let fold = |c| self.0.simple_fold(c);
        element.chars().map(fold).collect::<String>().into()
    }
}
