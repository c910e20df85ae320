//! Users, as far as the process's user namespace tells them apart, see `user_namespaces(7)`.
//!
//! Files of users that have no number in a namespace show one number there for all of them. So that number is nobody's,
//! and a process that has it itself must look closer before it takes a file for its own.

use std::fs::File;
use std::sync::atomic::{AtomicU64, Ordering};

use rustix::fs::{OFlags, fcntl_getfl, fcntl_setfl};

use super::process;

/// Whether a file of which the system says that it is `user`'s belongs to the user of this process.
pub(crate) fn is_mine(file: &File, user: u32) -> bool {
    user == process::user() && (!is_nobody(user) || may_have_owners_flag(file))
}

/// Whether the number stands for every user that has no number here.
pub(crate) fn is_nobody(user: u32) -> bool {
    static KNOWN: AtomicU64 = AtomicU64::new(UNKNOWN);
    user == number_of_the_rest(&KNOWN, "/proc/sys/kernel/overflowuid")
        && !has_numbers_for_all("/proc/self/uid_map")
}

/// Whether the number stands for every group that has no number here.
pub(crate) fn is_nobodys_group(group: u32) -> bool {
    static KNOWN: AtomicU64 = AtomicU64::new(UNKNOWN);
    group == number_of_the_rest(&KNOWN, "/proc/sys/kernel/overflowgid")
        && !has_numbers_for_all("/proc/self/gid_map")
}

/// More than any number of a user or a group.
const UNKNOWN: u64 = u64::MAX;

/// Asked of the system once, which reads a file for it.
fn number_of_the_rest(known: &AtomicU64, file: &str) -> u32 {
    if let Ok(known) = u32::try_from(known.load(Ordering::Relaxed)) {
        return known;
    }
    // Without /proc, the kernel's default.
    let number =
        std::fs::read_to_string(file).ok().and_then(|told| told.trim().parse().ok()).unwrap_or(65534);
    known.store(u64::from(number), Ordering::Relaxed);
    number
}

/// As in the first user namespace, where nobody is left over.
fn has_numbers_for_all(map: &str) -> bool {
    let Ok(map) = std::fs::read_to_string(map) else { return false };
    let count = |line: &str| line.split_whitespace().nth(2)?.parse::<u64>().ok();
    map.lines().filter_map(count).sum::<u64>() >= u64::from(u32::MAX)
}

/// The kernel lets only a file's owner set this flag, whatever numbers there are, see `F_SETFL` in fcntl(2).
fn may_have_owners_flag(file: &File) -> bool {
    fcntl_getfl(file).and_then(|flags| fcntl_setfl(file, flags | OFlags::NOATIME)).is_ok()
}
