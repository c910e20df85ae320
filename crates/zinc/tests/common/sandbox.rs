//! Circumstances that a process may find itself in: fewer system calls, another user, a file system of its own.

use std::ffi::{CStr, CString};
use std::io;
use std::os::unix::ffi::OsStrExt;
use std::path::Path;
use std::ptr::null;

/// From now on the system call fails with this error in this thread and in all that it starts, as on an older
/// kernel or in a container; see seccomp(2).
pub(crate) fn deny(call: libc::c_long, error: i32) {
    let statement = |code: u32, k: u32| libc::sock_filter { code: code as u16, jt: 0, jf: 0, k };
    let mut filter = [
        // The first word of `seccomp_data` is the system call's number.
        statement(libc::BPF_LD | libc::BPF_W | libc::BPF_ABS, 0),
        libc::sock_filter { jf: 1, ..statement(libc::BPF_JMP | libc::BPF_JEQ | libc::BPF_K, call as u32) },
        statement(libc::BPF_RET | libc::BPF_K, libc::SECCOMP_RET_ERRNO | error as u32),
        statement(libc::BPF_RET | libc::BPF_K, libc::SECCOMP_RET_ALLOW),
    ];
    let program = libc::sock_fprog { len: filter.len() as u16, filter: filter.as_mut_ptr() };
    rustix::thread::set_no_new_privs(true).expect("prctl");
    // SAFETY: the program and its filter live across the call, which copies them.
    let done = unsafe { libc::prctl(libc::PR_SET_SECCOMP, libc::SECCOMP_MODE_FILTER, &program) };
    assert_eq!(done, 0, "a filter of system calls: {}", io::Error::last_os_error());
    // SAFETY: the filter answers the call whatever its arguments are.
    let answer = unsafe { libc::syscall(call, 0, 0, 0, 0, 0, 0) };
    assert_eq!((answer, io::Error::last_os_error().raw_os_error()), (-1, Some(error)));
}

/// From now on this process is another, ordinary user. Needs root.
pub(crate) fn become_user(user: u32) {
    become_member(user, &[]);
}

/// As [`become_user`], and the user is a member of these groups, too.
pub(crate) fn become_member(user: u32, groups: &[u32]) {
    // SAFETY: these calls take numbers and, once, a list, which lives across the call; the C library changes all threads
    // at once.
    let done = unsafe {
        [
            libc::setgroups(groups.len(), groups.as_ptr()),
            libc::setresgid(user, user, user),
            libc::setresuid(user, user, user),
        ]
    };
    assert_eq!(done, [0; 3], "{}", io::Error::last_os_error());
}

/// Mounts a file system over the directory, for this process and its children alone; it is gone with them. Needs root.
pub(crate) fn mount(directory: &Path, kind: &CStr, options: &str) -> io::Result<()> {
    let (directory, options) = (CString::new(directory.as_os_str().as_bytes())?, CString::new(options)?);
    let private = libc::MS_REC | libc::MS_PRIVATE;
    // SAFETY: all pointers are to C strings that live across the calls, or null where mount(2) ignores them.
    let mounted = unsafe {
        libc::unshare(libc::CLONE_NEWNS) == 0
            && libc::mount(kind.as_ptr(), c"/".as_ptr(), null(), private, null()) == 0
            && libc::mount(kind.as_ptr(), directory.as_ptr(), kind.as_ptr(), 0, options.as_ptr().cast()) == 0
    };
    if mounted { Ok(()) } else { Err(io::Error::last_os_error()) }
}
