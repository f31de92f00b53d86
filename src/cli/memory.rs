//! What the allocator keeps, in a process that stays for months.

/// Allocations of so many bytes and more are maps of their own: they leave the process with what is freed.
#[cfg(all(target_os = "linux", target_env = "gnu"))]
const MAP_BYTES: std::ffi::c_int = 256 * 1024;

/// Has the allocator give back what is free. Before any other thread begins.
///
/// GNU's (`mallopt(3)`) maps ever larger allocations into its heaps, up to 32 MiB, once one of them was freed, and opens up to eight heaps for
/// each core; a heap ends behind its last living allocation. A scheduler with 21 MiB in use came to hold hundreds.
#[cfg(all(target_os = "linux", target_env = "gnu"))]
#[expect(unsafe_code, reason = "the allocator's settings are a function of C")]
pub fn give_back() {
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    let heaps = std::ffi::c_int::try_from(cores).unwrap_or(std::ffi::c_int::MAX);
    // SAFETY: `mallopt` takes two numbers by value and is called while there is one thread.
    unsafe {
        libc::mallopt(libc::M_MMAP_THRESHOLD, MAP_BYTES);
        libc::mallopt(libc::M_TRIM_THRESHOLD, MAP_BYTES);
        libc::mallopt(libc::M_ARENA_MAX, heaps);
    }
}

/// Other allocators give back by themselves.
#[cfg(not(all(target_os = "linux", target_env = "gnu")))]
pub fn give_back() {}
