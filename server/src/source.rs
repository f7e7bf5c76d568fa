//! Where files come from, before anything of them is proved.

pub(crate) mod upstream;
