//! How a database has grown, as far as is known here.

use std::io;

use super::Database;

/// Points that are told at most.
const POINTS_MAX: u32 = 64;

/// A time in seconds since 1970, and the records of then.
pub(crate) type Point = (u64, u64);

impl Database {
    /// Returns how many records there were when, in the order of time: of a followed
    /// database as its heads were accepted.
    ///
    /// # Errors
    /// What disk or ledger answer.
    pub(crate) async fn growth(&self) -> io::Result<Vec<Point>> {
        match self {
            Self::Followed(followed) => followed.growth(POINTS_MAX).await,
            Self::Own(own) => own.growth(POINTS_MAX).await,
        }
    }
}
