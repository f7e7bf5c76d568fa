//! What an upstream can be told to do wrong.

use std::time::Duration;

/// One thing that goes wrong with an answer.
#[derive(Clone, Debug)]
pub enum Fault {
    /// One bit of the byte at this place of the body is turned; a place past
    /// the end counts from the start again.
    FlipByte(usize),
    /// The connection is cut after so many bytes of the body.
    CutAfter(usize),
    /// The head of the answer waits.
    Delay(Duration),
    /// The head of the answer waits until so many paths that contain this were asked for,
    /// since what was asked was last forgotten; 503 where they are not.
    UntilAsked(String, usize),
    /// The body trickles at so many bytes a second.
    Throttle(u64),
    /// Another answer: status and text.
    Status(u16, String),
    /// Another body, with the status it would have had, or 200.
    Body(Vec<u8>),
    /// One more header.
    Header(String, String),
    /// The fault within acts on one request and is gone.
    Once(Box<Self>),
    /// The fault within acts on the first so many requests for each path, counted
    /// since what was asked was last forgotten.
    AtFirst(usize, Box<Self>),
}
