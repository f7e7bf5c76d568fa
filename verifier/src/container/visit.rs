//! Going through the members of a container in its order.
//!
//! Two do it: one that hashes every member for a listing, and one that lays
//! aside the few whose bytes are asked for.

use std::io::Read;

use super::fault::Fault;
use super::listing::{Content, Metadata};

/// A member as its container's reader comes to it.
#[derive(Debug)]
pub struct Entry {
    /// Its name as the container has it.
    pub name: String,
    /// What the container says about it.
    pub metadata: Metadata,
    /// What it is.
    pub body: Body,
    /// Where its bytes begin in the unpacked container, if they lie there as
    /// they are.
    pub offset: Option<u64>,
}

/// What a member is, as far as it is known before its bytes are read.
#[derive(Debug)]
pub enum Body {
    /// A file of this size.
    File(u64),
    /// Another name of a member that came before.
    SameAs(String),
    /// No file.
    Is(Content),
}

/// What is done with each member.
pub trait Visitor {
    /// Takes in one member; what it leaves unread of the content is skipped.
    ///
    /// # Errors
    /// What reading the content gives, or a bound that is reached.
    fn visit(&mut self, entry: Entry, content: &mut dyn Read) -> Result<(), Fault>;
}
