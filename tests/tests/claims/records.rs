//! Build records and rebuilds.
