//! The heap: what the C library's allocator does with large buffers.

/// A buffer of at least so many bytes has pages of its own, which go back to the system with it:
/// as large as the buffers of sled's log, and larger than those that files are read with.
#[cfg(all(target_os = "linux", target_env = "gnu"))]
const APART_BYTES: std::ffi::c_int = 512 << 10;

/// Has large buffers given back to the system as soon as they are freed. To be called before
/// there are other threads.
///
/// Left to itself, glibc takes them from the heap once the first one was freed, and what is kept
/// between them then holds their room: taking 3,000 small modules in left 60 MiB in place of 24
/// (`tests/bench/bundle.sh`). With other C libraries this does nothing.
#[cfg_attr(
    all(target_os = "linux", target_env = "gnu"),
    expect(unsafe_code, reason = "no library has a safe mallopt")
)]
pub(crate) fn give_large_buffers_back() {
    #[cfg(all(target_os = "linux", target_env = "gnu"))]
    // SAFETY: both options are numbers that glibc checks, and nobody else allocates meanwhile. An
    // option that it does not take changes nothing.
    unsafe {
        libc::mallopt(libc::M_MMAP_THRESHOLD, APART_BYTES);
        // As glibc sets it beside its own threshold: memory at the heap's end is not given back
        // and asked for again by each file that is read.
        libc::mallopt(libc::M_TRIM_THRESHOLD, 2 * APART_BYTES);
    }
}
