//! What belongs to the process as a whole and is Linux's own: a cheap clock, huge pages, random bytes, hooks at load and
//! at every way to exit.
#![expect(unsafe_code, reason = "atexit, at_quick_exit and pthread_atfork have no safe wrappers")]

use rustix::time::ClockId;

use crate::platform::unix::process::read_clock;
pub(crate) use crate::platform::unix::process::{
    SignalsBlocked, block_signals, id, is_member, is_superuser, now, page_size, processors, start_thread,
    user,
};

/// The clock of [`now`] to a few milliseconds, and much cheaper to read.
pub(crate) fn now_coarse() -> u64 {
    read_clock(ClockId::MonotonicCoarse)
}

/// Bytes in huge pages of that size which nobody has taken or been promised, see the kernel's hugetlbpage.rst.
pub(crate) fn free_huge_memory(page: usize) -> std::io::Result<u64> {
    let count = |what: &str| -> std::io::Result<u64> {
        let path = format!("/sys/kernel/mm/hugepages/hugepages-{}kB/{what}", page >> 10);
        Ok(std::fs::read_to_string(path)?.trim().parse().unwrap_or(0))
    };
    Ok(count("free_hugepages")?.saturating_sub(count("resv_hugepages")?).saturating_mul(page as u64))
}

/// Sixteen bytes that nobody else has.
pub(crate) fn random_id() -> std::io::Result<[u8; 16]> {
    let mut id = [0; 16];
    let mut filled = 0;
    while filled < id.len() {
        match rustix::rand::getrandom(&mut id[filled..], rustix::rand::GetRandomFlags::empty()) {
            Ok(count) => filled += count,
            Err(rustix::io::Errno::INTR) => {}
            Err(error) => return Err(error.into()),
        }
    }
    Ok(id)
}

/// Has a function called when the program or the library with this code is loaded, before anything else of the program
/// can have registered hooks of its own. `AT_LOAD` must be mentioned by code that is used, or linkers leave it out.
macro_rules! at_load {
    ($function:path) => {
        #[expect(unsafe_code, reason = "the loader calls what stands in this section")]
        // SAFETY: the section is an array of functions of this type, see the ELF specification's special sections.
        #[used]
        #[unsafe(link_section = ".init_array")]
        static AT_LOAD: extern "C" fn() = $function;
    };
}
pub(crate) use at_load;

/// Has the functions called around each fork of the process (before; after, in the parent; after, in the child) and
/// at its exit. They must be quick, and the one for the child async-signal-safe.
pub(crate) fn on_fork_and_exit(
    before: extern "C" fn(),
    parent: extern "C" fn(),
    child: extern "C" fn(),
    exit: extern "C" fn(),
) {
    // SAFETY: the functions are of the right type and live as long as the code that registers them; both registries
    // drop them when a shared library with this code is unloaded.
    let results = unsafe {
        let forks = libc::pthread_atfork(Some(before), Some(parent), Some(child));
        // Some runtimes end by quick_exit(3), which passes the functions of atexit(3) over. Bun is one.
        [forks, libc::atexit(exit), at_quick_exit(exit)]
    };
    assert_eq!(results, [0; 3], "out of memory while registering fork and exit handlers");
}

unsafe extern "C" {
    fn at_quick_exit(function: extern "C" fn()) -> libc::c_int;
}
