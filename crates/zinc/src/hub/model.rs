//! The hub under loom: a station's thread, those who register, cancel and close, and a notifier in another process.
//!
//! The kernel is modelled as in the model of the wait protocol. Sleeps last until somebody ends them, so a forgotten
//! wait shows as a deadlock.
//!
//! Run with `cargo xtask test --only loom`.

use loom::sync::{Condvar, Mutex as Lock};
use loom::thread;
use std::sync::Arc;
use std::task::{Wake, Waker};

use super::shard::{HubRegion, Pending};
use super::station::{Desk, Kernel, Station};
use crate::header::{Header, Sequence};
use crate::sync::{AtomicU32, Ordering};
use crate::wait::{Ended, Local, Outcome, Spin, System};

struct Region {
    header: Header,
    owner_died: AtomicU32,
}

impl HubRegion for Region {
    fn header(&self) -> &Header {
        &self.header
    }

    fn can_arm(&self) -> bool {
        true
    }

    fn is_owner_known_dead(&self) -> bool {
        self.owner_died.load(Ordering::SeqCst) != 0
    }
}

/// One kernel for all: who sleeps, sleeps here.
struct Futex {
    sleepers: Lock<()>,
    woken: Condvar,
    /// The model is at its end: nobody sleeps any more.
    done: AtomicU32,
}

impl Futex {
    fn wake_all(&self) {
        let _guard = self.sleepers.lock().unwrap();
        self.woken.notify_all();
    }
}

/// What a notifier or a closer needs of the system.
impl System for Arc<Futex> {
    type LongSleep = ();

    fn generation(&self) -> u32 {
        1
    }

    fn ask_generation(&self) {}

    fn now(&self) -> u64 {
        0
    }

    fn now_coarse(&self) -> u64 {
        0
    }

    fn park(&self, _: &crate::wait::Sleep<'_>) {
        unreachable!("nobody here waits on a thread of its own")
    }

    fn wake(&self, _: &Header, _: u32) {
        self.wake_all();
    }

    fn owner_died(&self) -> bool {
        false
    }

    fn is_cut_short(&self) -> bool {
        false
    }

    fn is_owner_known_dead(&self) -> bool {
        false
    }

    fn is_owner_watched(&self, _: &mut Option<()>) -> bool {
        true
    }
}

impl Kernel<Region> for Arc<Futex> {
    type Words = Vec<(Arc<Region>, Sequence)>;

    fn now(&self) -> u64 {
        0
    }

    fn watches_all(&self) -> bool {
        true
    }

    fn clear(words: &mut Self::Words) {
        words.clear();
    }

    fn push(words: &mut Self::Words, region: &Arc<Region>, expected: Sequence) {
        words.push((region.clone(), expected));
    }

    fn park(&self, bell: (&AtomicU32, u32), words: &mut Self::Words, until: u64, _: bool) -> Option<usize> {
        let guard = self.sleepers.lock().unwrap();
        let same = until != Kernel::<Region>::now(self)
            && self.done.load(Ordering::Relaxed) == 0
            && bell.0.load(Ordering::Relaxed) == bell.1
            && words
                .iter()
                .all(|(region, expected)| region.header.sequence.load(Ordering::Relaxed) == expected.0);
        if same {
            drop(self.woken.wait(guard).unwrap());
        }
        None
    }

    fn ring(&self, _: &AtomicU32) {
        self.wake_all();
    }
}

/// Whether somebody was woken, and a thread that waits for it.
#[derive(Default)]
struct Woken {
    times: Lock<u32>,
    more: Condvar,
}

impl Wake for Woken {
    fn wake(self: Arc<Self>) {
        *self.times.lock().unwrap() += 1;
        self.more.notify_all();
    }
}

impl Woken {
    fn wait(&self) {
        let mut times = self.times.lock().unwrap();
        while *times == 0 {
            times = self.more.wait(times).unwrap();
        }
        *times -= 1;
    }
}

struct World {
    region: Arc<Region>,
    futex: Arc<Futex>,
    station: Station<Region, Arc<Futex>>,
    waiter: Arc<Local>,
    other: Local,
}

impl World {
    fn new() -> Arc<Self> {
        let futex =
            Arc::new(Futex { sleepers: Lock::new(()), woken: Condvar::new(), done: AtomicU32::new(0) });
        let local = || Local::new(0, Spin::new(0), true);
        Arc::new(Self {
            region: Arc::new(Region { header: Header::for_model(), owner_died: AtomicU32::new(0) }),
            station: Station::new(futex.clone()),
            futex,
            waiter: Arc::new(local()),
            other: local(),
        })
    }

    /// The station's thread, until [`World::stop`].
    fn serve(&self) {
        let mut desk = Desk::default();
        while self.futex.done.load(Ordering::SeqCst) == 0 {
            self.station.round(&mut desk, |_| u64::MAX);
        }
    }

    fn stop(&self) {
        self.futex.done.store(1, Ordering::SeqCst);
        self.futex.wake_all();
    }

    fn notify(&self) {
        self.other.notify(self.region.header(), &self.futex);
    }

    /// A wait that is pending, and who is woken for it.
    fn pend(&self) -> (Arc<Pending>, Arc<Woken>) {
        let woken = Arc::new(Woken::default());
        let waker = Waker::from(woken.clone());
        let since = self.waiter.begin(1);
        let added = self.station.add(&self.region, &self.waiter, since, u64::MAX, &waker, true);
        (added.expect("it is taken in"), woken)
    }

    /// Waits as a future does that is polled when it is woken.
    fn wait(&self) -> Result<(), Ended> {
        let woken = Arc::new(Woken::default());
        let waker = Waker::from(woken.clone());
        loop {
            let since = self.waiter.begin(1);
            match self.waiter.look(self.region.header(), &self.futex, since) {
                Err(Ended::TimedOut) => {}
                over => {
                    self.waiter.end();
                    return over;
                }
            }
            let added = self.station.add(&self.region, &self.waiter, since, u64::MAX, &waker, true);
            let pending = added.expect("it is taken in");
            let outcome = loop {
                match pending.outcome(&waker) {
                    Some(outcome) => break outcome,
                    None => woken.wait(),
                }
            };
            self.station.remove(&self.region, &self.waiter, &pending);
            let taken = self.waiter.is_taken(self.region.header(), since, 1);
            self.waiter.end();
            match outcome {
                _ if taken => return Ok(()),
                Outcome::Ended(ended) => return Err(ended),
                Outcome::Notified => {}
            }
        }
    }
}

fn explore(model: impl Fn(&Arc<World>) + Send + Sync + 'static) {
    let mut builder = loom::model::Builder::new();
    builder.preemption_bound = Some(2);
    builder.check(move || {
        let world = World::new();
        let server = spawn(&world, World::serve);
        model(&world);
        world.stop();
        server.join().unwrap();
    });
}

fn spawn(world: &Arc<World>, act: impl FnOnce(&World) + 'static) -> thread::JoinHandle<()> {
    let world = world.clone();
    thread::spawn(move || act(&world))
}

#[test]
fn loom_hub_a_notification_wakes_who_is_pending() {
    explore(|world| {
        let notifier = spawn(world, World::notify);
        assert_eq!(world.wait(), Ok(()));
        notifier.join().unwrap();
    });
}

/// The second wait finds its region still armed, or the thread awake; either way it must not be forgotten.
#[test]
fn loom_hub_who_waits_in_a_loop_gets_every_turn() {
    explore(|world| {
        assert_eq!(
            world.waiter.look(world.region.header(), &world.futex, world.waiter.begin(1)),
            Err(Ended::TimedOut)
        );
        world.notify();
        assert_eq!(world.wait(), Ok(()));
        let notifier = spawn(world, World::notify);
        assert_eq!(world.wait(), Ok(()));
        notifier.join().unwrap();
    });
}

#[test]
fn loom_hub_close_of_the_handle_ends_what_is_pending() {
    explore(|world| {
        let closer = spawn(world, |world| {
            assert!(world.waiter.close(world.region.header(), &world.futex));
            if world.waiter.has_pending() {
                world.station.handle_changed(&world.region, &world.waiter);
            }
        });
        assert_eq!(world.wait(), Err(Ended::HandleClosed));
        closer.join().unwrap();
    });
}

#[test]
fn loom_hub_the_owners_close_comes_after_what_was_notified() {
    explore(|world| {
        let owner = spawn(world, |world| {
            world.notify();
            world.region.header.sequence.fetch_or(Sequence::CLOSED, Ordering::SeqCst);
            world.futex.wake_all();
        });
        assert_eq!(world.wait(), Ok(()));
        assert_eq!(world.wait(), Err(Ended::RegionClosed));
        owner.join().unwrap();
    });
}

/// Whoever takes the notification in ends all that were pending, not just those that the hub saw before.
#[test]
fn loom_hub_a_notification_that_somebody_takes_ends_what_is_pending() {
    explore(|world| {
        let (_pending, woken) = world.pend();
        let notifier = spawn(world, World::notify);
        let taker = spawn(world, |world| {
            let since = world.waiter.begin(1);
            let _ = world.waiter.look(world.region.header(), &world.futex, since);
            world.waiter.end();
        });
        woken.wait();
        notifier.join().unwrap();
        taker.join().unwrap();
    });
}

/// The thread that finds the owner dead ends the waits that are pending, and those that are about to be.
#[test]
fn loom_hub_the_owners_death_ends_what_is_pending() {
    explore(|world| {
        let finder = spawn(world, |world| {
            world.region.owner_died.store(1, Ordering::SeqCst);
            world.station.region_ended(&world.region, Ended::OwnerDied);
        });
        assert_eq!(world.wait(), Err(Ended::OwnerDied));
        finder.join().unwrap();
    });
}

/// The thread that is told of something new to do by the time, an owner to look after, does not sleep past it.
#[test]
fn loom_hub_a_ring_is_heard_by_what_says_when_to_wake_up() {
    let mut builder = loom::model::Builder::new();
    builder.preemption_bound = Some(3);
    builder.check(|| {
        let world = World::new();
        let news = Arc::new(AtomicU32::new(0));
        let server = thread::spawn({
            let (world, news) = (world.clone(), news.clone());
            move || {
                let mut desk = Desk::default();
                let mut heard = false;
                while !heard {
                    world.station.round(&mut desk, |now| {
                        heard = news.load(Ordering::SeqCst) != 0;
                        if heard { now } else { u64::MAX }
                    });
                }
            }
        });
        news.store(1, Ordering::SeqCst);
        world.station.ring();
        server.join().unwrap();
    });
}

/// A wait that is dropped has taken nothing in: the next one gets the notification.
#[test]
fn loom_hub_a_cancelled_wait_loses_nothing() {
    explore(|world| {
        let notifier = spawn(world, World::notify);
        let waker = Waker::from(Arc::new(Woken::default()));
        let since = world.waiter.begin(1);
        let added = world.station.add(&world.region, &world.waiter, since, u64::MAX, &waker, true);
        world.station.remove(&world.region, &world.waiter, &added.expect("it is taken in"));
        world.waiter.end();
        assert_eq!(world.wait(), Ok(()));
        notifier.join().unwrap();
    });
}
