//! Marked places where a test may kill, stop or delay the process. Builds without `--cfg zinc_failpoints` have none.

/// Marks a place. The names are for the tests' hook.
macro_rules! failpoint {
    ($name:literal) => {
        #[cfg(zinc_failpoints)]
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

#[cfg(zinc_failpoints)]
pub(crate) fn reached(name: &'static str) {
    if let Some(hook) = HOOK.get() {
        hook(name);
    }
}
