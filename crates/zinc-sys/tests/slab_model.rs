//! The slab of handles under loom: every interleaving of two threads, those of three with up to three preemptions, and
//! every value that the memory model lets a thread read.
//!
//! What a slot holds says when it is looked at and when it goes, so a value that is dropped, or moved out, while a call
//! may look at it shows as a race. Run with `cargo xtask test --only loom`.
#![cfg(loom)]

#[expect(unsafe_code, reason = "it is the library's")]
#[path = "../src/slab.rs"]
mod slab;
#[path = "../src/sync.rs"]
mod sync;

use loom::cell::UnsafeCell;
use loom::sync::Arc;
use loom::sync::atomic::{AtomicUsize, Ordering};
use loom::thread;

use slab::Slab;

/// A handle's stand-in.
struct Value {
    number: UnsafeCell<u32>,
    drops: Arc<AtomicUsize>,
}

impl Value {
    fn look(&self) -> u32 {
        // SAFETY: loom says if somebody drops it meanwhile.
        self.number.with(|number| unsafe { *number })
    }
}

impl Drop for Value {
    fn drop(&mut self) {
        // SAFETY: as above.
        self.number.with_mut(|number| unsafe { *number = 0 });
        self.drops.fetch_add(1, Ordering::Relaxed);
    }
}

/// A slab, and how many of its values were dropped.
struct World {
    slab: Slab<Value>,
    drops: Arc<AtomicUsize>,
}

impl World {
    fn insert(&self, number: u32) -> usize {
        let value = Value { number: UnsafeCell::new(number), drops: self.drops.clone() };
        self.slab.insert(value).expect("there is room")
    }

    /// What a call with this token sees.
    fn call(&self, token: usize) -> Option<u32> {
        self.slab.enter(token).map(|value| value.look())
    }

    fn remove(&self, token: usize) -> bool {
        self.slab.remove(token, Value::look).is_some()
    }

    fn drops(&self) -> usize {
        self.drops.load(Ordering::Relaxed)
    }
}

fn model(preemptions: Option<usize>, story: fn(&Arc<World>)) {
    let mut builder = loom::model::Builder::new();
    builder.preemption_bound = preemptions;
    builder.check(move || story(&Arc::new(World { slab: Slab::new(), drops: Arc::default() })));
}

#[test]
fn loom_a_call_sees_its_own_value_whole_or_none_while_others_close_and_open() {
    model(None, |world| {
        let old = world.insert(1);
        let calling = thread::spawn({
            let world = world.clone();
            move || world.call(old)
        });
        assert!(world.remove(old));
        let new = world.insert(2);
        assert_ne!(new, old);
        assert_eq!(world.call(new), Some(2));
        assert_eq!(world.call(old), None);
        assert!(matches!(calling.join().unwrap(), None | Some(1)));
        assert!(world.remove(new));
        assert_eq!(world.drops(), 2, "whoever left last dropped what was removed");
    });
}

#[test]
fn loom_of_several_that_close_one_handle_one_does() {
    model(None, |world| {
        let token = world.insert(1);
        let closing = thread::spawn({
            let world = world.clone();
            move || world.remove(token)
        });
        let here = world.remove(token);
        assert_ne!(closing.join().unwrap(), here);
        assert_eq!(world.drops(), 1);
    });
}

#[test]
fn loom_a_slot_is_not_used_anew_while_a_call_is_inside() {
    model(Some(3), |world| {
        let old = world.insert(1);
        let calling = thread::spawn({
            let world = world.clone();
            move || world.call(old)
        });
        let opening = thread::spawn({
            let world = world.clone();
            move || {
                let new = world.insert(2);
                assert_eq!(world.call(new), Some(2));
                world.remove(new)
            }
        });
        assert!(world.remove(old));
        assert!(matches!(calling.join().unwrap(), None | Some(1)));
        assert!(opening.join().unwrap());
        assert_eq!(world.drops(), 2);
    });
}

#[test]
fn loom_handles_are_opened_on_several_threads() {
    model(None, |world| {
        let opening = thread::spawn({
            let world = world.clone();
            move || {
                let token = world.insert(1);
                assert_eq!(world.call(token), Some(1));
                (token, world.remove(token))
            }
        });
        let token = world.insert(2);
        assert_eq!(world.call(token), Some(2));
        let (other, removed) = opening.join().unwrap();
        assert!(removed && other != token);
        assert_eq!(world.call(other), None);
        assert_eq!(world.call(token), Some(2));
        assert_eq!(world.drops(), 1);
        assert!(world.remove(token));
    });
}
