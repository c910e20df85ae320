//! One watch over all owners: the hub's first thread notices when one has died, for every wait in this process.
//!
//! Asking the kernel for an owner's lock costs most of a microsecond, so it is asked only where something has happened.
//! An owner's process, however it ends, closes the file through which it holds its lock; the kernel tells of that
//! (see [`closings`](crate::platform::closings)). Where it cannot, for want of watches, every owner is asked after.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::attachment::Attachment;
use super::shard::lock;
use crate::generation::is_current;
use crate::platform::closings::{Closings, News, Watched};
use crate::platform::futex::{self, low_half};
use crate::sync::Mutex;

/// How often the thread looks for news, in nanoseconds.
const LOOK: u64 = 500_000_000;
/// How soon it looks again after a file was closed whose lock is still held: the kernel tells of it a moment before it
/// drops the lock.
const LOOK_AGAIN: u64 = 20_000_000;
/// How often it looks after a file was closed before it takes that for a close by some other process, a peer's say.
const LOOKS: u8 = 3;
/// How often it asks after all, in nanoseconds: a process may take longer to die than those looks, and not every file
/// system tells of all closings.
const ASK_ALL: u64 = 10_000_000_000;

/// The owners that waits of this process depend on.
pub(super) struct WatchedOwners {
    generation: u32,
    list: Mutex<List>,
    closings: Closings,
}

#[derive(Default)]
struct List {
    regions: BTreeMap<usize, Region>,
    watched: BTreeMap<Watched, Vec<usize>>,
    due: u64,
    all_due: u64,
}

struct Region {
    attachment: Arc<Attachment>,
    watched: Option<Watched>,
    /// How many more times to ask.
    looks: u8,
}

/// Keeps an owner watched until it is dropped.
pub(super) struct OwnerWatch {
    owners: &'static WatchedOwners,
    attachment: Arc<Attachment>,
}

impl OwnerWatch {
    /// Whether it is this process's, and not that of one that this one was forked from.
    pub(super) fn is_current(&self) -> bool {
        is_current(self.owners.generation)
    }
}

impl Drop for OwnerWatch {
    fn drop(&mut self) {
        // Another process's hub is not this one's to change.
        let last = self.is_current() && self.attachment.owner_watches.decrement(self.owners.generation) == 1;
        // Else it stays until the thread comes by: the next wait may begin before that.
        if last && self.attachment.mapping.is_released() {
            self.owners.forget(&self.attachment);
        }
    }
}

impl WatchedOwners {
    /// For the process of that generation.
    pub(super) fn new(generation: u32) -> Self {
        Self { generation, list: Mutex::default(), closings: Closings::default() }
    }

    /// Has the owner watched until what this returns is dropped. `ring` is called if the thread must learn of it.
    pub(super) fn watch(&'static self, attachment: &Arc<Attachment>, ring: impl FnOnce()) -> OwnerWatch {
        let watch = OwnerWatch { owners: self, attachment: attachment.clone() };
        if attachment.owner_watches.increment(self.generation) == 0 && self.add(attachment) {
            ring();
        }
        watch
    }

    /// True if the list was empty.
    fn add(&self, attachment: &Arc<Attachment>) -> bool {
        let mut list = lock(&self.list);
        let was_empty = list.regions.is_empty();
        let address = Arc::as_ptr(attachment).addr();
        if list.regions.contains_key(&address) {
            return false;
        }
        let watched = attachment.mapping.with_file(|file| self.closings.watch(file).ok()).flatten();
        if let Some(watched) = watched {
            list.watched.entry(watched).or_default().push(address);
        }
        // It may have died before it was watched.
        list.regions.insert(address, Region { attachment: attachment.clone(), watched, looks: 1 });
        was_empty
    }

    pub(super) fn forget(&self, attachment: &Arc<Attachment>) {
        let mut list = lock(&self.list);
        let removed = list.regions.remove(&Arc::as_ptr(attachment).addr());
        self.unwatch(&mut list, removed.as_ref());
    }

    fn unwatch(&self, list: &mut List, removed: Option<&Region>) {
        let Some(Region { attachment, watched: Some(watched), .. }) = removed else { return };
        if let Some(addresses) = list.watched.get_mut(watched) {
            addresses.retain(|address| *address != Arc::as_ptr(attachment).addr());
            if addresses.is_empty() {
                list.watched.remove(watched);
                self.closings.forget(*watched);
            }
        }
    }

    /// Calls `died` for each region whose owner has died; returns the time when to come again.
    pub(super) fn check(&self, now: u64, died: impl Fn(&Arc<Attachment>)) -> u64 {
        let mut list = lock(&self.list);
        if list.regions.is_empty() {
            list.due = 0;
            return u64::MAX;
        }
        if list.due == 0 {
            list.due = now + LOOK;
        }
        if now < list.due {
            return list.due;
        }
        let to_ask = self.news(&mut list, now);
        drop(list);
        // The process that closed the file may have died between counting a notification and waking the sleepers.
        for attachment in &to_ask {
            futex::wake_shared(low_half(&attachment.mapping.header().sequence), u32::MAX);
        }
        let dead: Vec<_> = to_ask.into_iter().filter(|attachment| attachment.owner_died()).collect();
        dead.iter().for_each(|attachment| {
            self.forget(attachment);
            died(attachment);
        });
        let mut list = lock(&self.list);
        let again = list.regions.values().any(|region| region.watched.is_some() && region.looks > 0);
        list.due = now + if again { LOOK_AGAIN } else { LOOK };
        list.due
    }

    /// Forgets those that nobody waits for any more. Rarely, as it touches every region; a wait may begin before that.
    fn drop_idle(&self, list: &mut List) {
        let is_idle = |region: &Region| region.attachment.owner_watches.get(self.generation) == 0;
        let idle: Vec<_> =
            list.regions.iter().filter(|(_, region)| is_idle(region)).map(|(address, _)| *address).collect();
        for address in idle {
            let removed = list.regions.remove(&address);
            self.unwatch(list, removed.as_ref());
        }
    }

    /// Those that may have died.
    fn news(&self, list: &mut List, now: u64) -> Vec<Arc<Attachment>> {
        let List { regions, watched, .. } = list;
        let mut blind = false;
        let mut suspect = |addresses: &[usize]| {
            for address in addresses {
                if let Some(region) = regions.get_mut(address) {
                    region.looks = LOOKS;
                }
            }
        };
        self.closings.read(|news| match news {
            News::Closed(file) => suspect(watched.get(&file).map_or(&[], Vec::as_slice)),
            News::Lost => watched.values().for_each(|addresses| suspect(addresses)),
            News::AllEnded => blind = true,
        });
        if blind {
            watched.clear();
            regions.values_mut().for_each(|region| region.watched = None);
        }
        let all = now >= list.all_due;
        if all {
            list.all_due = now + ASK_ALL;
            self.drop_idle(list);
        }
        let mut to_ask = Vec::new();
        for region in list.regions.values_mut() {
            if all || region.looks > 0 || region.watched.is_none() {
                region.looks = region.looks.saturating_sub(1);
                to_ask.push(region.attachment.clone());
            }
        }
        to_ask
    }

    /// In a forked child: closes its copy of what the parent hears the news by. Async-signal-safe.
    pub(super) fn close_in_child(&self) {
        self.closings.close_in_child();
    }
}
