//! Where a setting was set.

use std::fmt;

use proto::manifest::Role;
use serde::Serialize;

/// Where a key was set.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Place {
    /// The layer.
    pub layer: LayerKind,
    /// The flag, the variable, or the file and its line.
    pub at: String,
    /// The file's path as it was given.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub file: Option<String>,
    /// The line of that file, from 1.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub line: Option<usize>,
}

/// A layer of the configuration, the strongest first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum LayerKind {
    /// A flag, or `--set`.
    Flag,
    /// A variable of the server: `SUMWARD_…`.
    Variable,
    /// A feature file.
    Feature,
    /// A stage file.
    Stage,
    /// A base file.
    Base,
    /// A variable of the go command or of the system.
    Other,
    /// Nobody said anything.
    Default,
    /// Two of these: one has a list, to which the other adds.
    Several,
}

impl LayerKind {
    pub(super) fn of(role: Role) -> Self {
        match role {
            Role::Base => Self::Base,
            Role::Stage => Self::Stage,
            Role::Feature => Self::Feature,
        }
    }

    pub(super) fn as_str(self) -> &'static str {
        match self {
            Self::Flag => "flag",
            Self::Variable => "variable",
            Self::Feature => "feature",
            Self::Stage => "stage",
            Self::Base => "base",
            Self::Other => "other",
            Self::Default => "default",
            Self::Several => "several",
        }
    }
}

/// The place, and the layer of a file that is not the base.
impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.layer {
            LayerKind::Stage | LayerKind::Feature => {
                write!(f, "{} ({})", self.at, self.layer.as_str())
            }
            LayerKind::Flag
            | LayerKind::Variable
            | LayerKind::Base
            | LayerKind::Other
            | LayerKind::Default
            | LayerKind::Several => f.write_str(&self.at),
        }
    }
}
