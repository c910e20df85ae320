//! Processes that are forked and do not exec: they have copies of everything.

use std::panic::{AssertUnwindSafe, catch_unwind};

use rustix::process::{Pid, Signal, WaitOptions, WaitStatus, kill_process, waitpid};

use super::PATIENCE;

/// A forked child. It is killed when this is dropped.
pub(crate) struct Forked {
    pid: Option<Pid>,
}

/// Forks. The child runs `then` and ends with the number it gives by `_exit`, which cleans nothing up: regions that
/// the child owns have a dead owner then. A panic gives 101. Whatever happens, the child ends after some time.
pub(crate) fn fork(then: impl FnOnce() -> i32) -> Forked {
    fork_by(Way::Fork, then)
}

/// How a child is made.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Way {
    /// By fork(3), with all handlers.
    Fork,
    /// By `_Fork`, which runs none. C libraries have it since glibc 2.34 and musl 1.2.4.
    Quietly(unsafe extern "C" fn() -> libc::pid_t),
    /// By a clone system call of which the C library does not know.
    BareClone,
}

impl Way {
    /// `_Fork`, if this C library has it; if not, says that it is skipped.
    pub(crate) fn quietly() -> Option<Self> {
        // SAFETY: the name is a C string.
        let found = unsafe { libc::dlsym(libc::RTLD_DEFAULT, c"_Fork".as_ptr()) };
        if found.is_null() {
            super::note("skipped: this C library has no _Fork");
            return None;
        }
        // SAFETY: `_Fork` takes nothing and returns what fork returns, see _Fork(3).
        Some(Self::Quietly(unsafe {
            std::mem::transmute::<*mut libc::c_void, unsafe extern "C" fn() -> i32>(found)
        }))
    }

    /// Calls it.
    pub(crate) fn fork(self) -> libc::pid_t {
        // SAFETY: the tests fork in processes whose other threads sleep meanwhile or hold no locks that the child needs;
        // after `fork` the C library makes its allocator usable in the child. A clone without a stack goes on on a copy
        // of this one, as with fork.
        unsafe {
            match self {
                Self::Fork => libc::fork(),
                Self::Quietly(fork) => fork(),
                Self::BareClone => libc::syscall(libc::SYS_clone, libc::SIGCHLD, 0, 0, 0, 0) as libc::pid_t,
            }
        }
    }
}

/// [`fork`] by that way.
pub(crate) fn fork_by(way: Way, then: impl FnOnce() -> i32) -> Forked {
    let pid = way.fork();
    assert!(pid >= 0, "fork: {}", std::io::Error::last_os_error());
    if pid == 0 {
        // SAFETY: alarm only sets this process's timer, whose signal ends it.
        unsafe { libc::alarm(2 * PATIENCE.as_secs() as u32) };
        let code = catch_unwind(AssertUnwindSafe(then)).unwrap_or(101);
        // SAFETY: _exit may be called at any time.
        unsafe { libc::_exit(code) };
    }
    Forked { pid: Pid::from_raw(pid) }
}

impl Forked {
    pub(crate) fn pid(&self) -> Pid {
        self.pid.expect("not waited for yet")
    }

    pub(crate) fn kill(mut self) -> WaitStatus {
        self.kill_and_wait().expect("not waited for yet")
    }

    /// How it ended.
    pub(crate) fn end(mut self) -> WaitStatus {
        wait(self.pid.take().expect("not waited for yet"))
    }

    fn kill_and_wait(&mut self) -> Option<WaitStatus> {
        let pid = self.pid.take()?;
        let _ = kill_process(pid, Signal::KILL);
        Some(wait(pid))
    }
}

impl Drop for Forked {
    fn drop(&mut self) {
        self.kill_and_wait();
    }
}

fn wait(pid: Pid) -> WaitStatus {
    loop {
        match waitpid(Some(pid), WaitOptions::empty()) {
            Ok(ended) => return ended.expect("no WNOHANG").1,
            Err(rustix::io::Errno::INTR) => {}
            Err(error) => panic!("waitpid: {error}"),
        }
    }
}
