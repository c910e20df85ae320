//! Marked places where a test may kill, stop or delay the process, or a model a thread. Builds without
//! `--cfg zinc_failpoints` or `--cfg loom` have none.

/// Marks a place. The names are for the tests' hook.
macro_rules! failpoint {
    ($name:literal) => {
        #[cfg(any(zinc_failpoints, loom))]
        $crate::failpoint::reached($name)
    };
}
pub(crate) use failpoint;

/// What the tests do at each place.
#[cfg(zinc_failpoints)]
static HOOK: std::sync::OnceLock<fn(&'static str)> = std::sync::OnceLock::new();

/// Has `hook` called at each marked place, with its name. The first call counts.
#[cfg(zinc_failpoints)]
pub fn at_failpoints(hook: fn(&'static str)) {
    let _ = HOOK.set(hook);
}

#[cfg(all(zinc_failpoints, not(loom)))]
pub(crate) fn reached(name: &'static str) {
    if let Some(hook) = HOOK.get() {
        hook(name);
    }
}

#[cfg(loom)]
type Hook = Box<dyn Fn(&'static str)>;

#[cfg(loom)]
loom::thread_local! {
    /// What a model does at each place on this one of its threads.
    static OF_THREAD: std::cell::RefCell<Option<Hook>> = std::cell::RefCell::new(None);
}

/// Runs `act`, with `hook` called at each marked place that this thread comes to.
#[cfg(loom)]
pub(crate) fn with_failpoints<T>(hook: impl Fn(&'static str) + 'static, act: impl FnOnce() -> T) -> T {
    OF_THREAD.with(|slot| *slot.borrow_mut() = Some(Box::new(hook)));
    let result = act();
    drop(OF_THREAD.with(|slot| slot.borrow_mut().take()));
    result
}

#[cfg(loom)]
pub(crate) fn reached(name: &'static str) {
    OF_THREAD.with(|slot| {
        if let Some(hook) = &*slot.borrow() {
            hook(name);
        }
    });
}
