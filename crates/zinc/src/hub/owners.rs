//! One look after all owners: the hub's first thread notices when one has died, for every wait in this process.
//!
//! Asking the kernel for an owner's lock costs most of a microsecond, so it is asked only where something has happened.
//! An owner's process, however it ends, closes the file through which it holds its lock; the kernel tells of that
//! (see [`closings`](crate::platform::closings)). Where it cannot, for want of watches, every owner is asked after.

use std::collections::BTreeMap;
use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, AtomicU64, Ordering};

use super::process::Hub;
use super::shard::lock;
use crate::mapping::Mapping;
use crate::platform::closings::{Closings, News, Watched};
use crate::platform::futex::{self, Reach, low_half};
use crate::sync::Mutex;

/// How often the thread looks for news, in nanoseconds.
const LOOK: u64 = 500_000_000;
/// How soon it looks again after a file was closed whose lock is still held: the kernel tells of it a moment before it
/// drops the lock.
const LOOK_AGAIN: u64 = 20_000_000;
/// How often it looks after a closed file before it takes it for another's, some peer's say.
const LOOKS: u8 = 3;
/// How often it asks after all, in nanoseconds: a process may take longer to die than those looks, and not every file
/// system tells of all closings.
const ASK_ALL: u64 = 10_000_000_000;
/// With this many waits asleep for long, each on a thread of its own, the hub's thread looks after the owners for them.
/// Below that a thread more costs more than it saves.
const MANY_SLEEPERS: u32 = 4;

/// The owners that waits of this process depend on.
#[derive(Default)]
pub(super) struct Owners {
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
    mapping: Arc<Mapping>,
    watched: Option<Watched>,
    /// How often to ask yet.
    looks: u8,
}

impl Hub {
    /// Has the owner looked after until the watch is dropped.
    pub(super) fn watch(&'static self, mapping: &Arc<Mapping>) -> io::Result<Watch> {
        // Before anybody counts on it.
        self.man()?;
        let watch = Watch { hub: self, mapping: mapping.clone() };
        if self.vigils(mapping).begin() && self.owners.add(mapping) {
            self.ring_first();
        }
        Ok(watch)
    }

    fn vigils<'a>(&self, mapping: &'a Mapping) -> Vigils<'a> {
        Vigils { word: &mapping.vigils, generation: self.generation() }
    }
}

/// Keeps an owner looked after.
pub(super) struct Watch {
    hub: &'static Hub,
    mapping: Arc<Mapping>,
}

impl Drop for Watch {
    fn drop(&mut self) {
        // Another process's hub is not this one's to change.
        let last = self.hub.is_current() && self.hub.vigils(&self.mapping).end();
        // Else it stays until the thread comes by: the next wait may begin before that.
        if last && self.mapping.is_released() {
            self.hub.owners.forget(&self.mapping);
        }
    }
}

/// How many waits of this process have an owner looked after. In a forked child the parent's do not count.
///
/// The word has the hub's generation in its upper half, and the count in the lower.
struct Vigils<'a> {
    word: &'a AtomicU64,
    generation: u32,
}

impl Vigils<'_> {
    /// One more; true for the first.
    fn begin(&self) -> bool {
        self.change(|count| Some(count + 1)) == Some(0)
    }

    /// One less; true for the last.
    fn end(&self) -> bool {
        self.change(|count| count.checked_sub(1)) == Some(1)
    }

    fn are_none(&self) -> bool {
        self.count(self.word.load(Ordering::SeqCst)) == 0
    }

    /// The count before the change.
    fn change(&self, change: impl Fn(u32) -> Option<u32>) -> Option<u32> {
        let changed = |word| Some(u64::from(self.generation) << 32 | u64::from(change(self.count(word))?));
        let before = self.word.fetch_update(Ordering::SeqCst, Ordering::SeqCst, changed);
        before.ok().map(|word| self.count(word))
    }

    fn count(&self, word: u64) -> u32 {
        if (word >> 32) as u32 == self.generation { word as u32 } else { 0 }
    }
}

impl Owners {
    /// True if the list was empty.
    fn add(&self, mapping: &Arc<Mapping>) -> bool {
        let mut list = lock(&self.list);
        let was_empty = list.regions.is_empty();
        let address = Arc::as_ptr(mapping).addr();
        if list.regions.contains_key(&address) {
            return false;
        }
        let watched = mapping.with_file(|file| self.closings.watch(file).ok()).flatten();
        if let Some(watched) = watched {
            list.watched.entry(watched).or_default().push(address);
        }
        // It may have died before it was watched.
        list.regions.insert(address, Region { mapping: mapping.clone(), watched, looks: 1 });
        was_empty
    }

    pub(super) fn forget(&self, mapping: &Arc<Mapping>) {
        let mut list = lock(&self.list);
        let removed = list.regions.remove(&Arc::as_ptr(mapping).addr());
        self.unwatch(&mut list, removed.as_ref());
    }

    fn unwatch(&self, list: &mut List, removed: Option<&Region>) {
        let Some(Region { mapping, watched: Some(watched), .. }) = removed else { return };
        if let Some(addresses) = list.watched.get_mut(watched) {
            addresses.retain(|address| *address != Arc::as_ptr(mapping).addr());
            if addresses.is_empty() {
                list.watched.remove(watched);
                self.closings.forget(*watched);
            }
        }
    }

    /// Ends the waits of those that have died; gives the time when to come again.
    pub(super) fn check(&self, hub: &Hub, now: u64) -> u64 {
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
        let to_ask = self.news(hub, &mut list, now);
        drop(list);
        // Whoever closed the file may have died between counting a notification and waking those who sleep for it.
        to_ask.iter().for_each(|mapping| futex::wake(low_half(&mapping.header().sequence), Reach::Shared));
        let dead: Vec<_> = to_ask.into_iter().filter(|mapping| mapping.owner_died()).collect();
        dead.iter().for_each(|mapping| {
            self.forget(mapping);
            hub.owner_died(mapping);
        });
        let mut list = lock(&self.list);
        let again = list.regions.values().any(|region| region.watched.is_some() && region.looks > 0);
        list.due = now + if again { LOOK_AGAIN } else { LOOK };
        list.due
    }

    /// Drops those that nobody waits for any more. Rarely, as it touches every region; a wait may begin before that.
    fn drop_idle(&self, hub: &Hub, list: &mut List) {
        let is_idle = |region: &Region| hub.vigils(&region.mapping).are_none();
        let idle: Vec<_> =
            list.regions.iter().filter(|(_, region)| is_idle(region)).map(|(address, _)| *address).collect();
        for address in idle {
            let removed = list.regions.remove(&address);
            self.unwatch(list, removed.as_ref());
        }
    }

    /// Those that may have died.
    fn news(&self, hub: &Hub, list: &mut List, now: u64) -> Vec<Arc<Mapping>> {
        let List { regions, watched, .. } = list;
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
        });
        let all = now >= list.all_due;
        if all {
            list.all_due = now + ASK_ALL;
            self.drop_idle(hub, list);
        }
        let mut to_ask = Vec::new();
        for region in list.regions.values_mut() {
            if all || region.looks > 0 || region.watched.is_none() {
                region.looks = region.looks.saturating_sub(1);
                to_ask.push(region.mapping.clone());
            }
        }
        to_ask
    }

    /// In a forked child. Async-signal-safe.
    pub(super) fn forsake(&self) {
        self.closings.close_in_child();
    }
}

/// How many waits of this process sleep for long, each on a thread of its own.
pub(super) static SLEEPERS: AtomicU32 = AtomicU32::new(0);

/// A wait that sleeps for long, on a thread of its own.
pub(crate) struct Vigil(Option<Watch>);

impl Vigil {
    pub(crate) fn new() -> Self {
        SLEEPERS.fetch_add(1, Ordering::Relaxed);
        Self(None)
    }

    /// Whether the hub looks after the owner, so that the wait can sleep on.
    pub(crate) fn is_kept(&mut self, mapping: &Arc<Mapping>) -> bool {
        // A signal's handler may have forked in the middle of the wait, and this be the child.
        self.0.take_if(|watch| !watch.hub.is_current());
        if self.0.is_none() && SLEEPERS.load(Ordering::Relaxed) >= MANY_SLEEPERS {
            // Where the system gives no thread, the wait looks by itself.
            self.0 = Hub::current().watch(mapping).ok();
        }
        self.0.is_some()
    }
}

impl Drop for Vigil {
    fn drop(&mut self) {
        SLEEPERS.fetch_sub(1, Ordering::Relaxed);
    }
}
