//! The protocol between the go command and the child that it asks for cached
//! outputs: `GOCACHEPROG`, since Go 1.24 (before that behind an experiment).
//!
//! The child speaks first, then the go command asks, one JSON object a line with
//! an empty line behind it. A `put` is followed by its body, a JSON string of
//! base64 ([`body`]), unless the body is empty. Answers carry the request's
//! number and may come in any order.
//!
//! ```text
//! child  {"ID":0,"KnownCommands":["get","put","close"]}
//! go     {"ID":1,"Command":"get","ActionID":"qqqq…="}
//! child  {"ID":1,"Miss":true}
//! go     {"ID":2,"Command":"put","ActionID":"qqqq…=","OutputID":"u7u7…=","BodySize":5}
//! go     "aGVsbG8="
//! child  {"ID":2,"DiskPath":"/var/cache/x/bb/bbbb…-d"}
//! go     {"ID":3,"Command":"close"}
//! child  {"ID":3}
//! ```
//!
//! ```
//! use proto::cacheprog::{Command, Request, Response};
//! let request = Request::parse(br#"{"ID":3,"Command":"close"}"#)?;
//! assert_eq!(request, Request { id: 3, command: Command::Close });
//! assert_eq!(Response::Closed.to_line(request.id), "{\"ID\":3}\n");
//! # Ok::<(), proto::cacheprog::Fault>(())
//! ```
//!
//! Source: cmd/go/internal/cacheprog, cmd/go/internal/cache/prog.go

pub mod body;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::{Deserialize, Serialize};
use thiserror::Error;

/// The longest request line accepted, in bytes. The go command's own are below
/// 300.
pub const LINE_BYTES_MAX: usize = 16 * 1024;

/// The largest body accepted, in bytes: far above any package or program, and
/// far below what overflows in arithmetic with base64's four thirds.
pub const BODY_BYTES_MAX: u64 = 64 << 30;

/// What the go command wants, and the number that the answer must carry.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Request {
    /// Unique within one run of the child.
    pub id: i64,
    /// What is asked.
    pub command: Command,
}

/// What the go command can ask.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Command {
    /// Which output is known for an action.
    Get {
        /// SHA-256 of everything declared to go into the action.
        action: [u8; 32],
    },
    /// Keep an output for an action; a body of `size` bytes follows unless it
    /// is empty.
    Put {
        /// SHA-256 of everything declared to go into the action.
        action: [u8; 32],
        /// SHA-256 of the body, as the go command computed it.
        output: [u8; 32],
        /// Length of the body in bytes.
        size: u64,
    },
    /// Finish: the go command waits for the answer, then for the end of the
    /// child's output.
    Close,
}

/// A request that can't be carried out as it stands.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("{problem}")]
pub struct Fault {
    /// The number to answer to, when the request has one. Without it the
    /// conversation can't go on.
    pub id: Option<i64>,
    /// The size of the body that follows all the same and must be skipped.
    pub body: Option<u64>,
    /// What is wrong.
    pub problem: Problem,
}

/// What can be wrong with a request.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum Problem {
    /// The line is longer than any request.
    #[error("a request of more than {max} bytes")]
    TooLong {
        /// The longest accepted, in bytes.
        max: usize,
    },
    /// The line is not a JSON object of the expected fields.
    #[error("not a request: {0}")]
    NotARequest(String),
    /// A command that this child did not offer.
    #[error("unknown command {0:?}")]
    UnknownCommand(String),
    /// An action or output ID that is absent or no SHA-256.
    #[error("{field} is not the base64 of 32 bytes")]
    NotAnId {
        /// The JSON field.
        field: &'static str,
    },
    /// A body size below zero or above [`BODY_BYTES_MAX`].
    #[error("a body of {size} bytes; 0 to {BODY_BYTES_MAX} are accepted")]
    BodySize {
        /// The size named.
        size: i64,
    },
}

impl Request {
    /// Parses one line, without the line end.
    ///
    /// `OutputID` may also be called `ObjectID`, as before Go 1.24.
    ///
    /// # Errors
    /// A [`Fault`]; one that has an `id` is to be answered with
    /// [`Response::Failed`].
    pub fn parse(line: &[u8]) -> Result<Self, Fault> {
        let broken = |problem| Fault {
            id: None,
            body: None,
            problem,
        };
        if line.len() > LINE_BYTES_MAX {
            return Err(broken(Problem::TooLong {
                max: LINE_BYTES_MAX,
            }));
        }
        // serde would take an array for a struct's fields in order.
        if line.trim_ascii_start().first() != Some(&b'{') {
            return Err(broken(Problem::NotARequest("no JSON object".to_owned())));
        }
        let raw: RawRequest = serde_json::from_slice(line)
            .map_err(|error| broken(Problem::NotARequest(error.to_string())))?;
        raw.command()
            .map(|command| Self {
                id: raw.id,
                command,
            })
            .map_err(|problem| Fault {
                id: Some(raw.id),
                // A size that lies says nothing about where the body ends; its
                // closing quotation mark does.
                body: (raw.body_size != 0).then(|| u64::try_from(raw.body_size).unwrap_or(0)),
                problem,
            })
    }
}

#[derive(Deserialize)]
struct RawRequest {
    #[serde(rename = "ID")]
    id: i64,
    #[serde(rename = "Command")]
    command: String,
    #[serde(rename = "ActionID", default)]
    action: Option<String>,
    #[serde(rename = "OutputID", default)]
    output: Option<String>,
    #[serde(rename = "ObjectID", default)]
    object: Option<String>,
    #[serde(rename = "BodySize", default)]
    body_size: i64,
}

impl RawRequest {
    fn command(&self) -> Result<Command, Problem> {
        let action = || id_of("ActionID", self.action.as_deref());
        Ok(match self.command.as_str() {
            "get" => Command::Get { action: action()? },
            "put" => Command::Put {
                action: action()?,
                output: id_of("OutputID", self.output.as_ref().or(self.object.as_ref()))?,
                size: u64::try_from(self.body_size)
                    .ok()
                    .filter(|&size| size <= BODY_BYTES_MAX)
                    .ok_or(Problem::BodySize {
                        size: self.body_size,
                    })?,
            },
            "close" => Command::Close,
            other => {
                return Err(Problem::UnknownCommand(other.chars().take(40).collect()));
            }
        })
    }
}

fn id_of(field: &'static str, text: Option<impl AsRef<str>>) -> Result<[u8; 32], Problem> {
    text.and_then(|text| STANDARD.decode(text.as_ref()).ok())
        .and_then(|bytes| bytes.try_into().ok())
        .ok_or(Problem::NotAnId { field })
}

/// What the child says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Response<'a> {
    /// The first line: the commands offered.
    Hello,
    /// To `get`: nothing known.
    Miss,
    /// To `get`: this output.
    Hit {
        /// SHA-256 of the file.
        output: [u8; 32],
        /// Its length in bytes.
        size: u64,
        /// When it was put, as RFC 3339.
        time: Option<&'a str>,
        /// The file's absolute path.
        disk_path: &'a str,
    },
    /// To `put`: kept in this file.
    Stored {
        /// The file's absolute path.
        disk_path: &'a str,
    },
    /// To `close`.
    Closed,
    /// To any: not done, and why. To `close` since Go 1.21, the go command
    /// prints it and exits with 1.
    Failed(&'a str),
}

impl Response<'_> {
    /// Returns the answer to request `id` as a line. [`Response::Hello`] always
    /// has number 0.
    pub fn to_line(&self, id: i64) -> String {
        let mut raw = RawResponse {
            id,
            ..RawResponse::default()
        };
        match self {
            Self::Hello => {
                raw.id = 0;
                raw.known_commands = &["get", "put", "close"];
            }
            Self::Miss => raw.miss = true,
            Self::Hit {
                output,
                size,
                time,
                disk_path,
            } => {
                raw.output = Some(STANDARD.encode(output));
                raw.size = *size;
                raw.time = *time;
                raw.disk_path = disk_path;
            }
            Self::Stored { disk_path } => raw.disk_path = disk_path,
            Self::Closed => {}
            // An empty message would read as success.
            Self::Failed("") => raw.err = "failed",
            Self::Failed(message) => raw.err = message,
        }
        // A struct of numbers and text always has a JSON form.
        let mut line = serde_json::to_string(&raw).unwrap_or_default();
        line.push('\n');
        line
    }
}

#[derive(Serialize, Default)]
struct RawResponse<'a> {
    #[serde(rename = "ID")]
    id: i64,
    #[serde(rename = "Err", skip_serializing_if = "str::is_empty")]
    err: &'a str,
    #[serde(rename = "KnownCommands", skip_serializing_if = "<[_]>::is_empty")]
    known_commands: &'a [&'a str],
    #[serde(rename = "Miss", skip_serializing_if = "std::ops::Not::not")]
    miss: bool,
    #[serde(rename = "OutputID", skip_serializing_if = "Option::is_none")]
    output: Option<String>,
    #[serde(rename = "Size", skip_serializing_if = "is_zero")]
    size: u64,
    #[serde(rename = "Time", skip_serializing_if = "Option::is_none")]
    time: Option<&'a str>,
    #[serde(rename = "DiskPath", skip_serializing_if = "str::is_empty")]
    disk_path: &'a str,
}

#[expect(
    clippy::trivially_copy_pass_by_ref,
    reason = "serde hands a reference to skip_serializing_if"
)]
fn is_zero(size: &u64) -> bool {
    *size == 0
}

#[cfg(test)]
mod tests;
