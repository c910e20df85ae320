//! Two processors for two processes that answer each other.

use rustix::thread::{CpuSet, sched_getaffinity, sched_setaffinity};

/// The first processor that this process may use, and another: if possible of another core, as the two threads of one
/// share their caches.
pub(crate) fn two_processors() -> Option<(usize, usize)> {
    let allowed = sched_getaffinity(None).expect("one's own processors can be asked for");
    let mut allowed = (0..CpuSet::MAX_CPU).filter(|&cpu| allowed.is_set(cpu));
    let first = allowed.next()?;
    let others: Vec<usize> = allowed.collect();
    let second = others.iter().find(|&&cpu| !share_a_core(cpu, first)).or(others.first())?;
    Some((first, *second))
}

pub(crate) fn share_a_core(a: usize, b: usize) -> bool {
    let core = |cpu: usize| {
        let path = format!("/sys/devices/system/cpu/cpu{cpu}/topology/thread_siblings_list");
        std::fs::read_to_string(path).unwrap_or_else(|_| cpu.to_string())
    };
    core(a) == core(b)
}

pub(crate) fn pin(cpu: usize) {
    let mut only = CpuSet::new();
    only.set(cpu);
    sched_setaffinity(None, &only).expect("the processor is one of the allowed ones");
}
