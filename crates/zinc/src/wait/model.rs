//! The wait protocol under loom: every interleaving with up to three preemptions, and every value that the memory model
//! lets a thread read.
//!
//! The kernel is modelled by a lock and a condition variable: a sleep compares its words under the lock, which is all
//! that futex(2) promises. Sleeps never time out here, so a forgotten sleeper shows as a deadlock, which loom reports.
//!
//! Run with `cargo xtask test --only loom`.

use super::*;
use loom::sync::{Arc, Condvar, Mutex};
use loom::thread;

#[derive(Default)]
struct Kernel {
    sleepers: Mutex<()>,
    woken: Condvar,
}

impl Kernel {
    fn wake(&self) {
        let _guard = self.sleepers.lock().unwrap();
        self.woken.notify_all();
    }
}

impl System for Kernel {
    type LongSleep = ();

    fn now(&self) -> u64 {
        0
    }

    fn now_coarse(&self) -> u64 {
        0
    }

    fn park(&self, sleep: &Sleep<'_>) {
        let guard = self.sleepers.lock().unwrap();
        let same = sleep.sequence.0.load(Ordering::Relaxed) as u32 == sleep.sequence.1.0 as u32
            && sleep.control.0.load(Ordering::Relaxed) == sleep.control.1;
        if same {
            drop(self.woken.wait(guard).unwrap());
        }
    }

    fn wake_sequence(&self, _: &Header) {
        self.wake();
    }

    fn wake_control(&self, _: &Header, _: &AtomicU32) {
        self.wake();
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

/// A region, and handles to it.
struct World {
    header: Header,
    kernel: Kernel,
    one: Local,
    two: Local,
}

impl World {
    fn new() -> Arc<Self> {
        let local = || Local::new(0, Spin::new(0), true);
        Arc::new(Self { header: Header::for_model(), kernel: Kernel::default(), one: local(), two: local() })
    }

    fn wait(&self, handle: &Local, goal: Goal) -> Result<u64, Ended> {
        self.wait_as(handle, goal, &mut NoHost)
    }

    fn wait_as<H: Host<Error = Error>>(
        &self,
        handle: &Local,
        goal: Goal,
        host: &mut H,
    ) -> Result<u64, Ended> {
        handle.wait(&self.header, &self.kernel, host, goal, Timeout::FOREVER).map_err(|failed| match failed {
            Failed::Ended(ended) => ended,
            Failed::Host(error) => panic!("{error}"),
        })
    }

    fn notify(&self, handle: &Local) {
        handle.notify(&self.header, &self.kernel);
    }

    fn close(&self) {
        self.header.sequence.fetch_or(Sequence::CLOSED, Ordering::SeqCst);
        self.kernel.wake();
    }
}

fn explore(model: impl Fn() + Send + Sync + 'static) {
    let mut builder = loom::model::Builder::new();
    builder.preemption_bound = Some(3);
    builder.check(model);
}

fn spawn(world: &Arc<World>, act: impl FnOnce(&World) + 'static) -> thread::JoinHandle<()> {
    let world = world.clone();
    thread::spawn(move || act(&world))
}

#[test]
fn loom_a_notification_reaches_its_waiter() {
    explore(|| {
        let world = World::new();
        let notifier = spawn(&world, |world| world.notify(&world.two));
        assert_eq!(world.wait(&world.one, Goal::Unseen), Ok(1));
        notifier.join().unwrap();
    });
}

/// A notifier that is slow to clear the flag must not clear that of a waiter for the next notification.
#[test]
fn loom_a_slow_notifier_forgets_no_sleeper() {
    explore(|| {
        let world = World::new();
        let first = spawn(&world, |world| world.notify(&world.two));
        let second = spawn(&world, |world| world.notify(&world.two));
        assert_eq!(world.wait(&world.one, Goal::Past(1)), Ok(2));
        first.join().unwrap();
        second.join().unwrap();
    });
}

#[test]
fn loom_two_waiters_both_get_it() {
    explore(|| {
        let world = World::new();
        let other = spawn(&world, |world| assert_eq!(world.wait(&world.two, Goal::Past(0)), Ok(1)));
        let notifier =
            spawn(&world, |world| Local::new(0, Spin::new(0), true).notify(&world.header, &world.kernel));
        assert_eq!(world.wait(&world.one, Goal::Unseen), Ok(1));
        other.join().unwrap();
        notifier.join().unwrap();
    });
}

#[test]
fn loom_what_was_written_before_a_notify_is_seen_after_the_wait() {
    explore(|| {
        let world = World::new();
        let data = Arc::new(AtomicU32::new(0));
        let notifier = spawn(&world, {
            let data = data.clone();
            move |world| {
                data.store(7, Ordering::Relaxed);
                world.notify(&world.two);
            }
        });
        world.wait(&world.one, Goal::Unseen).unwrap();
        assert_eq!(data.load(Ordering::Relaxed), 7);
        notifier.join().unwrap();
    });
}

#[test]
fn loom_close_of_a_handle_ends_its_wait() {
    explore(|| {
        let world = World::new();
        let closer = spawn(&world, |world| assert!(world.one.close(&world.header, &world.kernel)));
        assert_eq!(world.wait(&world.one, Goal::Unseen), Err(Ended::HandleClosed));
        closer.join().unwrap();
    });
}

#[test]
fn loom_close_by_the_owner_ends_a_wait_after_what_was_notified() {
    explore(|| {
        let world = World::new();
        let owner = spawn(&world, |world| {
            world.notify(&world.two);
            world.close();
        });
        assert_eq!(world.wait(&world.one, Goal::Unseen), Ok(1));
        assert_eq!(world.wait(&world.one, Goal::Unseen), Err(Ended::RegionClosed));
        owner.join().unwrap();
    });
}

/// Tells when its wait is past the point from which on interrupts count.
struct Announce(Arc<(Mutex<bool>, Condvar)>);

impl Host for Announce {
    type Error = Error;

    fn park<R: Send>(&mut self, park: impl FnOnce() -> R + Send) -> R {
        *self.0.0.lock().unwrap() = true;
        self.0.1.notify_all();
        park()
    }

    fn signal(&mut self) -> Result<(), Error> {
        Ok(())
    }
}

/// Returns when it was announced.
fn until(announced: &(Mutex<bool>, Condvar)) {
    let mut is = announced.0.lock().unwrap();
    while !*is {
        is = announced.1.wait(is).unwrap();
    }
}

#[test]
fn loom_interrupt_ends_a_wait_in_progress() {
    explore(|| {
        let world = World::new();
        let begun = Arc::new((Mutex::new(false), Condvar::new()));
        let interrupter = spawn(&world, {
            let begun = begun.clone();
            move |world| {
                until(&begun);
                world.one.interrupt(&world.header, &world.kernel);
            }
        });
        assert_eq!(world.wait_as(&world.one, Goal::Unseen, &mut Announce(begun)), Err(Ended::Interrupted));
        interrupter.join().unwrap();
    });
}

#[test]
fn loom_a_handle_is_not_woken_by_its_own_notify_on_another_thread() {
    explore(|| {
        let world = World::new();
        let notifier = spawn(&world, |world| {
            world.notify(&world.one);
            world.notify(&world.two);
        });
        assert_eq!(world.wait(&world.one, Goal::Unseen), Ok(2));
        notifier.join().unwrap();
    });
}

/// A runtime with something for the thread that waits, which it announces by a nudge, as Java does with interrupts.
struct Runtime<'a> {
    news: Arc<News>,
    world: &'a World,
}

#[derive(Default)]
struct News {
    /// There is something for the thread that waits.
    there: AtomicU32,
    /// The thread has found it.
    found: (Mutex<bool>, Condvar),
}

impl News {
    fn announce(&self, world: &World) {
        // Not a plain store: loom does not order one against the `swap` in `look` that came before it.
        self.there.swap(1, Ordering::SeqCst);
        world.one.nudge(&world.header, &world.kernel);
    }

    fn look(&self) {
        if self.there.swap(0, Ordering::SeqCst) == 1 {
            *self.found.0.lock().unwrap() = true;
            self.found.1.notify_all();
        }
    }

    fn until_found(&self) {
        until(&self.found);
    }
}

impl Host for Runtime<'_> {
    type Error = Error;

    /// What was announced before the wait began, no sleep of it was nudged for.
    fn park<R: Send>(&mut self, park: impl FnOnce() -> R + Send) -> R {
        if self.news.there.load(Ordering::SeqCst) == 1 {
            self.world.one.nudge(&self.world.header, &self.world.kernel);
        }
        park()
    }

    fn signal(&mut self) -> Result<(), Error> {
        self.news.look();
        Ok(())
    }
}

/// The notification is not sent before the host was asked, so a nudge that reaches no sleep shows as a deadlock.
#[test]
fn loom_a_nudge_has_a_wait_ask_its_host_and_go_on() {
    explore(|| {
        let world = World::new();
        let news = Arc::new(News::default());
        let runtime = spawn(&world, {
            let news = news.clone();
            move |world| {
                news.announce(world);
                news.until_found();
                world.notify(&world.two);
            }
        });
        let mut host = Runtime { news, world: &world };
        assert_eq!(world.wait_as(&world.one, Goal::Unseen, &mut host), Ok(1));
        runtime.join().unwrap();
    });
}

/// A runtime that looks for news only when it is asked, and says when the wait has begun.
struct Asked {
    begun: Announce,
    news: Arc<News>,
}

impl Host for Asked {
    type Error = Error;

    fn park<R: Send>(&mut self, park: impl FnOnce() -> R + Send) -> R {
        self.begun.park(park)
    }

    fn signal(&mut self) -> Result<(), Error> {
        self.news.look();
        Ok(())
    }
}

/// The second nudge may come at any moment between the end of the first sleep and the begin of the next.
#[test]
fn loom_a_nudge_between_two_sleeps_is_not_lost() {
    explore(|| {
        let world = World::new();
        let begun = Arc::new((Mutex::new(false), Condvar::new()));
        let news = Arc::new(News::default());
        let runtime = spawn(&world, {
            let (begun, news) = (begun.clone(), news.clone());
            move |world| {
                until(&begun);
                world.one.nudge(&world.header, &world.kernel);
                news.announce(world);
                news.until_found();
                world.notify(&world.two);
            }
        });
        let mut host = Asked { begun: Announce(begun), news };
        assert_eq!(world.wait_as(&world.one, Goal::Unseen, &mut host), Ok(1));
        runtime.join().unwrap();
    });
}

#[test]
fn loom_a_nudge_hides_no_interrupt_and_no_close() {
    for close in [false, true] {
        explore(move || {
            let world = World::new();
            let begun = Arc::new((Mutex::new(false), Condvar::new()));
            let ender = spawn(&world, {
                let begun = begun.clone();
                move |world| {
                    until(&begun);
                    if close {
                        world.one.close(&world.header, &world.kernel);
                    } else {
                        world.one.interrupt(&world.header, &world.kernel);
                    }
                }
            });
            let nudger = spawn(&world, |world| world.one.nudge(&world.header, &world.kernel));
            let ended = if close { Ended::HandleClosed } else { Ended::Interrupted };
            assert_eq!(world.wait_as(&world.one, Goal::Unseen, &mut Announce(begun)), Err(ended));
            ender.join().unwrap();
            nudger.join().unwrap();
        });
    }
}
