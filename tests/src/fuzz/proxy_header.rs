//! How a connection begins that a proxy passes on.

use proto::proxy_header::{Next, V1_LEN_MAX, V2_LEN_MAX, next};

/// A connection's first bytes. Reading ends within the limits, however it goes on.
pub fn proxy_header(data: &[u8]) {
    let mut taken = 0;
    while let Some(bytes) = data.get(..taken) {
        match next(bytes) {
            Ok(Next::Read(count)) => {
                assert!(count > 0);
                taken += count;
                assert!(taken <= V1_LEN_MAX.max(V2_LEN_MAX));
            }
            Ok(Next::Whole(_)) | Err(_) => return,
        }
    }
}
