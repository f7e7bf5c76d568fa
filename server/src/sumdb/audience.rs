//! Which modules a database proves, and whose names it may be told.

use std::sync::Arc;

use proto::module::pattern::Patterns;

use crate::config;

/// The modules of one database. Cheap to clone.
#[derive(Clone, Debug)]
pub(crate) struct Audience {
    /// The modules it is named for; all that are not private when `None`.
    modules: Option<Patterns>,
    /// Says which modules are private.
    upstream: Arc<config::Upstream>,
}

impl Audience {
    pub(crate) fn new(modules: Option<Patterns>, upstream: Arc<config::Upstream>) -> Self {
        Self { modules, upstream }
    }

    /// Whether the database proves the module.
    pub(crate) fn covers(&self, module: &str) -> bool {
        match &self.modules {
            Some(modules) => modules.matches(module),
            None => !self.is_private(module),
        }
    }

    /// Whether the database may be told the module's name: a private one only where
    /// the settings name the database for it.
    pub(super) fn may_be_told(&self, module: &str) -> bool {
        !self.is_private(module) || self.covers(module)
    }

    fn is_private(&self, module: &str) -> bool {
        self.upstream.private_entry(module).is_some()
    }
}
