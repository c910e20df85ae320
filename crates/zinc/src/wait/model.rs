//! The wait protocol under loom: every interleaving with up to three preemptions, and every value that the memory model
//! lets a thread read.
//!
//! The kernel is modelled by a lock and a condition variable: a sleep compares its words under the lock, which is all
//! that futex(2) promises. Sleeps never time out here, so a forgotten sleeper shows as a deadlock, which loom reports.
//!
//! It is one long file because the models are read against each other: all of them share the modelled kernel.
//!
//! Run with `cargo xtask test --only loom`.

use super::*;
use crate::failpoint::with_failpoints;
use loom::sync::{Arc, Condvar, Mutex};
use loom::thread;

#[derive(Default)]
struct Kernel {
    sleepers: Mutex<()>,
    woken: Condvar,
}

impl Kernel {
    fn wake_all(&self) {
        let _guard = self.sleepers.lock().unwrap();
        self.woken.notify_all();
    }
}

impl System for Kernel {
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

    fn park(&self, sleep: &Sleep<'_>) {
        let guard = self.sleepers.lock().unwrap();
        if sleep.sequence.0.load(Ordering::Relaxed) as u32 == sleep.sequence.1.0 as u32 {
            drop(self.woken.wait(guard).unwrap());
        }
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

/// A region, and handles to it.
struct World {
    header: Header,
    kernel: Kernel,
    one: Local,
    two: Local,
    three: Local,
}

impl World {
    fn new() -> Arc<Self> {
        let local = || Local::new(0, Spin::new(0), true);
        let (header, kernel) = (Header::for_model(), Kernel::default());
        Arc::new(Self { header, kernel, one: local(), two: local(), three: local() })
    }

    fn wait(&self, handle: &Local, goal: Goal) -> Result<u64, Ended> {
        self.wait_as(handle, goal, &mut NoHost)
    }

    fn poll(&self, handle: &Local) -> Result<u64, Ended> {
        let polled = handle.wait(&self.header, &self.kernel, &mut NoHost, Goal::Unseen, Timeout::POLL);
        polled.map_err(|failed| match failed {
            Failed::Ended(ended) => ended,
            Failed::Host(error) => panic!("{error}"),
        })
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
        self.kernel.wake_all();
    }
}

fn explore(model: impl Fn() + Send + Sync + 'static) {
    explore_up_to(3, model);
}

/// For models of many steps or threads, which three preemptions would take hours to go through.
fn explore_up_to(preemptions: usize, model: impl Fn() + Send + Sync + 'static) {
    let mut builder = loom::model::Builder::new();
    builder.preemption_bound = Some(preemptions);
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
    explore_up_to(2, || {
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
        explore_up_to(2, move || {
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

/// What holds threads up until it opens.
#[derive(Default)]
struct Gate {
    open: Mutex<bool>,
    opened: Condvar,
}

impl Gate {
    fn open(&self) {
        *self.open.lock().unwrap() = true;
        self.opened.notify_all();
    }

    fn pass(&self) {
        let mut open = self.open.lock().unwrap();
        while !*open {
            open = self.opened.wait(open).unwrap();
        }
    }
}

/// A notifier that stops in the middle, until it is set going again.
struct Stopped {
    /// Opens when it has come to the place where it stops, or found nothing to do there.
    stopped: Gate,
    goes_on: Gate,
}

/// The places at which a notifier may be stopped, from where it has counted to where it has nothing left to do but to
/// clear the flag.
const STOPS: [&str; 3] = ["notify: has counted", "notify: has found the flag", "notify: has woken"];

impl Stopped {
    fn start(world: &Arc<World>, place: &'static str) -> (Arc<Self>, thread::JoinHandle<()>) {
        let gates = Arc::new(Self { stopped: Gate::default(), goes_on: Gate::default() });
        let (ours, hook) = (gates.clone(), gates.clone());
        let stop = move |reached| {
            if reached == place {
                hook.stopped.open();
                hook.goes_on.pass();
            }
        };
        let thread = spawn(world, move |world| {
            with_failpoints(stop, || world.notify(&world.two));
            ours.stopped.open();
        });
        (gates, thread)
    }
}

#[test]
fn loom_a_stopped_notifier_silences_nobody() {
    for place in STOPS {
        explore_up_to(2, move || {
            let world = World::new();
            let (gates, stopped) = Stopped::start(&world, place);
            let other = spawn(&world, {
                let gates = gates.clone();
                move |world| {
                    gates.stopped.pass();
                    world.notify(&world.three);
                }
            });
            assert_eq!(world.wait(&world.one, Goal::Past(1)), Ok(2));
            gates.goes_on.open();
            stopped.join().unwrap();
            other.join().unwrap();
        });
    }
}

#[test]
fn loom_a_stopped_notifier_keeps_none_of_two_sleepers_asleep() {
    for place in STOPS {
        explore_up_to(1, move || {
            let world = World::new();
            let (gates, stopped) = Stopped::start(&world, place);
            let sleeper = spawn(&world, |world| assert_eq!(world.wait(&world.three, Goal::Past(1)), Ok(2)));
            let other = spawn(&world, {
                let gates = gates.clone();
                move |world| {
                    gates.stopped.pass();
                    Local::new(0, Spin::new(0), true).notify(&world.header, &world.kernel);
                }
            });
            assert_eq!(world.wait(&world.one, Goal::Past(1)), Ok(2));
            sleeper.join().unwrap();
            other.join().unwrap();
            gates.goes_on.open();
            stopped.join().unwrap();
        });
    }
}

/// The one that goes on clears late, and must not clear what was raised for the next notification.
#[test]
fn loom_a_notifier_that_goes_on_after_a_stop_forgets_no_sleeper() {
    for place in STOPS {
        explore_up_to(2, move || {
            let world = World::new();
            let (gates, stopped) = Stopped::start(&world, place);
            let others = spawn(&world, move |world| {
                gates.stopped.pass();
                world.notify(&world.three);
                gates.goes_on.open();
                world.notify(&world.three);
            });
            assert_eq!(world.wait(&world.one, Goal::Past(2)), Ok(3));
            stopped.join().unwrap();
            others.join().unwrap();
        });
    }
}

/// A wait that ends must have been ended by somebody else, and somebody else's notification must end it.
fn ends_for_another_alone(world: &World, said: &AtomicU32) {
    world.wait(&world.one, Goal::Unseen).unwrap();
    assert_eq!(said.load(Ordering::Relaxed), 1, "its own notification has ended it");
}

fn another(world: &Arc<World>, said: &Arc<AtomicU32>) -> thread::JoinHandle<()> {
    let said = said.clone();
    spawn(world, move |world| {
        said.store(1, Ordering::Relaxed);
        world.notify(&world.two);
    })
}

/// One thread has the first count and the other the shared one.
#[test]
fn loom_own_notifications_of_two_threads_end_no_wait() {
    explore(|| {
        let world = World::new();
        let own = spawn(&world, |world| world.notify(&world.one));
        world.notify(&world.one);
        assert_eq!(world.poll(&world.one), Err(Ended::TimedOut));
        own.join().unwrap();
        assert_eq!(world.poll(&world.one), Err(Ended::TimedOut));
    });
}

#[test]
fn loom_an_own_notification_hides_none_that_came_before() {
    explore(|| {
        let world = World::new();
        world.notify(&world.one);
        world.notify(&world.two);
        let own = spawn(&world, |world| world.notify(&world.one));
        world.wait(&world.one, Goal::Unseen).unwrap();
        own.join().unwrap();
        assert_eq!(world.poll(&world.one), Err(Ended::TimedOut));
    });
}

#[test]
fn loom_own_notifications_of_two_threads_end_no_wait_and_swallow_no_other() {
    explore_up_to(1, || {
        let (world, said) = (World::new(), Arc::new(AtomicU32::new(0)));
        let own = spawn(&world, |world| world.notify(&world.one));
        let both = spawn(&world, {
            let said = said.clone();
            move |world| {
                world.notify(&world.one);
                said.store(1, Ordering::Relaxed);
                world.notify(&world.two);
            }
        });
        ends_for_another_alone(&world, &said);
        own.join().unwrap();
        both.join().unwrap();
        assert_eq!(world.poll(&world.one), Err(Ended::TimedOut));
    });
}

/// Preempted in the middle of its notify, for as long as the wait lasts.
#[test]
fn loom_an_own_notification_that_is_stopped_halfway_swallows_no_two_others() {
    explore_up_to(2, || {
        let (world, gate, said) = (World::new(), Arc::new(Gate::default()), Arc::new(AtomicU32::new(0)));
        let own = spawn(&world, {
            let gate = gate.clone();
            let stop = move |place| {
                if place == "notify: has counted" {
                    gate.pass();
                }
            };
            move |world| with_failpoints(stop, || world.notify(&world.one))
        });
        another(&world, &said).join().unwrap();
        world.notify(&world.two);
        ends_for_another_alone(&world, &said);
        gate.open();
        own.join().unwrap();
    });
}
