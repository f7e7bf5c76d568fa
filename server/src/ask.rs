//! Who asks, where, and how, beside for what.

use std::net::SocketAddr;

use http::{HeaderMap, HeaderValue};

use crate::app::App;
use crate::http::refusal::Refusal;
use crate::source::upstream::{Class, Want, via};

/// Which requests an address answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Role {
    /// Modules and databases, and the rest where no admin address is set.
    Main { with_admin: bool },
    /// Health, metrics, purging.
    Admin,
}

/// Who asks, and where.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Caller {
    pub(super) peer: SocketAddr,
    pub(super) role: Role,
}

/// How a client asks, beside for what.
#[derive(Clone, Debug)]
pub(crate) struct Asked {
    /// Only stored things are wanted.
    pub(crate) cached_only: bool,
    /// Another server of our kind asks.
    pub(crate) relayed: bool,
    /// The servers of our kind that the request has passed, ourselves included.
    pub(crate) via: HeaderValue,
}

impl Asked {
    /// Returns under which name a fill for this client is shared. Those that come
    /// through another server of our kind share their own: in a ring of servers
    /// two fills could else wait for each other.
    pub(crate) fn fill_key(&self, key: &str) -> String {
        if self.relayed {
            format!("{key} relayed")
        } else {
            key.to_owned()
        }
    }

    /// Returns what is to be asked of upstream on this client's behalf.
    pub(crate) fn want(&self, body_max: u64) -> Want {
        Want {
            body_max,
            via: self.via.clone(),
            class: Class::Text,
        }
    }

    /// Reads how a client asks.
    ///
    /// # Errors
    /// A refusal when the request has been here before.
    pub(super) fn of(app: &App, headers: &HeaderMap, cached_only: bool) -> Result<Self, Refusal> {
        if via::via_contains(headers, &app.instance) {
            return Err(Refusal::looped());
        }
        let disabled = headers
            .get("disable-module-fetch")
            .is_some_and(|value| value.as_bytes().eq_ignore_ascii_case(b"true"));
        Ok(Self {
            cached_only: cached_only || disabled,
            relayed: headers.contains_key(via::HEADER),
            via: via::via_appended(headers, &app.instance).unwrap_or(HeaderValue::from_static("")),
        })
    }
}

impl Caller {
    /// Tells whether modules are served here.
    pub(super) fn serves_modules(self) -> bool {
        matches!(self.role, Role::Main { .. })
    }

    /// The admin address is for administrators; on the main one this machine is,
    /// but not whoever comes through a proxy that runs on it.
    pub(super) fn may_administer(self, headers: &HeaderMap) -> bool {
        let forwarded = ["forwarded", "x-forwarded-for", "via"]
            .iter()
            .any(|name| headers.contains_key(*name));
        self.role == Role::Admin
            || (self.role.has_admin() && self.peer.ip().is_loopback() && !forwarded)
    }
}

impl Role {
    /// Tells whether health and metrics are told here.
    pub(super) fn has_admin(self) -> bool {
        matches!(self, Self::Admin | Self::Main { with_admin: true })
    }
}
