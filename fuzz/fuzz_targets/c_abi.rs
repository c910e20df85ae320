//! Whatever calls a program makes through the C ABI, in whatever order, with handles that are open, ended, null or made
//! up: each gives an answer of its kind, panics nowhere, and nothing is left over when all handles are ended.
#![no_main]

mod call;

use std::ffi::{CString, c_int, c_void};
use std::mem::MaybeUninit;
use std::os::unix::ffi::OsStrExt;
use std::ptr::{null, null_mut};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Condvar, LazyLock, Mutex, PoisonError};

use call::{Call, Handle, Name, Options};
use libfuzzer_sys::fuzz_target;
use zinc_core::*;

const SLOTS: usize = 4;
/// More than what the fuzzer, the hub and the standard streams need, and less than a leak makes of it soon.
const FILES: usize = 24;

static DIRECTORY: LazyLock<CString> =
    LazyLock::new(|| CString::new(zinc_fuzz::directory().as_os_str().as_bytes()).expect("no NUL in a path"));

/// Asynchronous waits whose callback has not been called yet.
static PENDING: (Mutex<usize>, Condvar) = (Mutex::new(0), Condvar::new());

/// The tokens that the program holds. They stay here when they are ended: that makes them stale.
#[derive(Default)]
struct Tokens {
    regions: [usize; SLOTS],
    views: [usize; SLOTS],
    listings: [usize; SLOTS],
    waits: [usize; SLOTS],
}

fn token<T>(slots: &[usize; SLOTS], handle: Handle) -> *mut T {
    std::ptr::without_provenance_mut(match handle {
        Handle::Slot(slot) => slots[usize::from(slot) % SLOTS],
        Handle::Null => 0,
        Handle::MadeUp(address) => address,
    })
}

/// Where a call puts what it hands out: into the slot, whose old token is forgotten, or nowhere.
struct Out<'a, T> {
    slot: Option<&'a mut usize>,
    place: *mut T,
}

impl<'a, T> Out<'a, T> {
    fn new(slots: &'a mut [usize; SLOTS], slot: Option<u8>) -> Self {
        Self { slot: slot.map(|slot| &mut slots[usize::from(slot) % SLOTS]), place: null_mut() }
    }

    fn address(&mut self) -> *mut *mut T {
        if self.slot.is_some() { &raw mut self.place } else { null_mut() }
    }

    /// What was in the slot is ended by `end`, so that the sequence of calls leaks nothing by itself.
    fn keep(mut self, end: extern "C" fn(*mut T) -> c_int) {
        if let Some(slot) = self.slot.take()
            && !self.place.is_null()
        {
            end(std::ptr::without_provenance_mut(std::mem::replace(slot, self.place.addr())));
        }
    }
}

fn is_answer(code: c_int) -> bool {
    (0..=1).contains(&code) || zinc::ErrorKind::from_code(code).is_some()
}

/// A code is an answer or an error that has a name and a text.
fn check(code: c_int) -> c_int {
    assert!(is_answer(code), "{code} is no answer");
    if code < 0 {
        assert_eq!(zinc_error_code(), code);
        let mut text = [1; 16];
        // SAFETY: the buffer is as long as it says.
        assert!(unsafe { zinc_error_copy(text.as_mut_ptr(), text.len()) } > 0, "{code} says nothing");
        assert!(text.contains(&0));
    }
    code
}

fn options(from: &Options) -> zinc_options {
    let mut options = MaybeUninit::uninit();
    // SAFETY: the struct has that size, and is filled.
    let mut options = unsafe {
        check(zinc_options_init(options.as_mut_ptr(), size_of::<zinc_options>()));
        options.assume_init()
    };
    options.flags = from.flags();
    options.mode = u32::from(from.mode);
    options.accept_owner = from.accept_owner;
    options.reserved = u32::from(from.from_the_future);
    options.spin_ns = from.spin.nanoseconds();
    options.timeout_ns = from.timeout.nanoseconds();
    options.directory = DIRECTORY.as_ptr();
    options
}

extern "C" fn called(pending: *mut c_void, result: c_int) {
    assert!(is_answer(result), "{result} is no answer");
    // SAFETY: it was made by `Box::into_raw`, and comes here once, or back from a cancelled wait.
    drop(unsafe { Box::from_raw(pending.cast::<u32>()) });
    *PENDING.0.lock().unwrap_or_else(PoisonError::into_inner) -= 1;
    PENDING.1.notify_all();
}

/// What a wait's callback is to free, kept with its wait for the case that it is cancelled.
#[derive(Default)]
struct Users([usize; SLOTS]);

impl Users {
    fn cancel(&mut self, waits: &[usize; SLOTS], handle: Handle) {
        let wait: *mut zinc_async_wait = token(waits, handle);
        if check(zinc_wait_cancel(wait)) == 1 {
            let slot = waits.iter().position(|&token| token == wait.addr()).expect("only its own");
            called(std::ptr::with_exposed_provenance_mut(self.0[slot]), 0);
        }
    }
}

fuzz_target!(|calls: Vec<Call>| {
    let mut tokens = Tokens::default();
    let mut users = Users::default();
    for call in calls.iter().take(64) {
        perform(call, &mut tokens, &mut users);
    }
    end(&mut tokens, &mut users);
});

fn perform(call: &Call, tokens: &mut Tokens, users: &mut Users) {
    let Tokens { regions, views, listings, waits } = tokens;
    match call {
        Call::Create { name, capacity, options: from, out } => {
            let (name, options) = (name.text(), options(from));
            let mut out = Out::new(regions, *out);
            // SAFETY: the string ends, the options are whole, and the place is null or there.
            check(unsafe {
                zinc_create_with(name.as_ptr(), from.capacity(*capacity), &options, out.address())
            });
            out.keep(zinc_close);
        }
        Call::CreateTensor { name, dtype, shape, options: from, out } => {
            let (name, options, shape) = (name.text(), options(from), call::small(shape));
            let mut out = Out::new(regions, *out);
            // SAFETY: as above, and the shape is as long as it says.
            check(unsafe {
                zinc_create_tensor(
                    name.as_ptr(),
                    *dtype,
                    shape.len(),
                    shape.as_ptr(),
                    &options,
                    out.address(),
                )
            });
            out.keep(zinc_close);
        }
        Call::Open { name, options: from, out } => {
            let (name, options) = (name.text(), options(from));
            let mut out = Out::new(regions, *out);
            // SAFETY: as above.
            check(unsafe { zinc_open_with(name.as_ptr(), &options, out.address()) });
            out.keep(zinc_close);
        }
        Call::OpenOrCreate { name, capacity, options: from, out } => {
            let (name, options) = (name.text(), options(from));
            let mut out = Out::new(regions, *out);
            // SAFETY: as above.
            check(unsafe {
                zinc_open_or_create_with(name.as_ptr(), from.capacity(*capacity), &options, out.address())
            });
            out.keep(zinc_close);
        }
        Call::NullName => {
            let mut region = null_mut();
            // SAFETY: null is allowed, and answered by an error.
            let codes = unsafe { [zinc_create(null(), 1, &mut region), zinc_open(null(), &mut region)] };
            assert!(codes.iter().all(|&code| check(code) < 0) && region.is_null());
        }
        Call::Remove { name } => {
            let name = name.text();
            // SAFETY: as above.
            check(unsafe { zinc_remove(name.as_ptr(), &options(&Options::default())) });
        }
        Call::Clone { region, out } => {
            let region = token(regions, *region);
            let mut out = Out::new(regions, *out);
            // SAFETY: the place is null or there.
            check(unsafe { zinc_clone(region, out.address()) });
            out.keep(zinc_close);
        }
        Call::Close { region } => drop(check(zinc_close(token(regions, *region)))),
        Call::Unlink { region } => drop(check(zinc_unlink(token(regions, *region)))),
        Call::Persist { region } => drop(check(zinc_persist(token(regions, *region)))),
        Call::Notify { region } => drop(check(zinc_notify(token(regions, *region)))),
        Call::Interrupt { region } => drop(check(zinc_interrupt(token(regions, *region)))),
        Call::Touch { region } => touch(token(regions, *region)),
        Call::Wait { region, time } => {
            let region = token(regions, *region);
            check(zinc_wait(region, 0));
            check(zinc_wait_ns(region, time.nanoseconds()));
        }
        Call::WaitPast { region, sequence, time } => {
            let mut reached = 7;
            // SAFETY: the place is there.
            let code = check(unsafe {
                zinc_wait_past(token(regions, *region), *sequence, time.nanoseconds(), &mut reached)
            });
            assert_eq!(code == 1, reached > *sequence, "{code}, {reached}");
        }
        Call::WaitAsync { region, time, out } => {
            // What was in the slot before is to be cancelled while its token is known.
            users.cancel(waits, Handle::Slot(*out));
            let slot = usize::from(*out) % SLOTS;
            let user = Box::into_raw(Box::new(0u32));
            users.0[slot] = user.expose_provenance();
            *PENDING.0.lock().unwrap_or_else(PoisonError::into_inner) += 1;
            let mut wait = null_mut();
            // SAFETY: the callback takes this pointer.
            let code = check(unsafe {
                zinc_wait_async(
                    token(regions, *region),
                    time.nanoseconds(),
                    Some(called),
                    user.cast(),
                    &mut wait,
                )
            });
            assert_eq!(code == 0, !wait.is_null());
            waits[slot] = wait.addr();
            if code < 0 {
                called(user.cast(), 0);
            }
        }
        Call::WaitCancel { wait } => users.cancel(waits, *wait),
        Call::Describe { region, dtype, shape } => {
            // SAFETY: the shape is as long as it says.
            check(unsafe { zinc_describe(token(regions, *region), *dtype, shape.len(), shape.as_ptr()) });
        }
        Call::Tensor { region, dtype, out } => {
            let mut descriptor = zinc_descriptor::default();
            let mut out = Out::new(views, *out);
            let region = token(regions, *region);
            // SAFETY: the places are there, or null.
            check(unsafe { zinc_tensor(region, *dtype, &mut descriptor, out.address()) });
            out.keep(zinc_view_release);
        }
        Call::ViewRetain { region, out } => {
            let region = token(regions, *region);
            let mut out = Out::new(views, *out);
            // SAFETY: the place is there, or null.
            check(unsafe { zinc_view_retain(region, out.address()) });
            out.keep(zinc_view_release);
        }
        Call::ViewRelease { view } => drop(check(zinc_view_release(token(views, *view)))),
        Call::ViewRetire { view } => drop(check(zinc_view_retire(token(views, *view)))),
        Call::ViewTouch { view } => {
            let view: *mut zinc_view = token(views, *view);
            check(zinc_view_is_read_only(view));
            bytes(zinc_view_ptr(view).cast(), zinc_view_size(view), false);
        }
        Call::List { out } => {
            let (mut count, mut out) = (7, Out::new(listings, *out));
            // SAFETY: the places are there, or null.
            let code = check(unsafe { zinc_list(&options(&Options::default()), out.address(), &mut count) });
            assert!(code == 0 || count == 0 || out.place.is_null());
            out.keep(zinc_listing_free);
        }
        Call::ListingGet { listing, index, size } => {
            let mut info = info(*size);
            // SAFETY: the struct is there, and its size is one that it has, or none.
            if check(unsafe { zinc_listing_get(token(listings, *listing), usize::from(*index), &mut info) })
                == 1
            {
                assert!(!info.name.is_null());
            }
        }
        Call::ListingFree { listing } => drop(check(zinc_listing_free(token(listings, *listing)))),
        Call::Names { code, text } => {
            let text = Name::Any(text.clone()).text();
            // SAFETY: the string ends.
            let dtype = unsafe { zinc_dtype_from_name(text.as_ptr()) };
            assert_eq!(dtype == 0, zinc_dtype_name(dtype).is_null());
            assert_eq!(zinc_dtype_name(*code).is_null(), zinc_dtype_size(*code) == 0);
            assert!(!zinc_error_name(*code as c_int).is_null());
        }
    }
}

fn info(whole: bool) -> zinc_region_info {
    // SAFETY: a plain C struct, for which all zeroes is a valid value.
    let mut info: zinc_region_info = unsafe { std::mem::zeroed() };
    info.size = if whole { size_of::<zinc_region_info>() } else { 0 };
    info
}

/// All that looks at a handle and its bytes.
fn touch(region: *mut zinc_region) {
    let open = zinc_is_open(region) == 1;
    let (mut sequence, mut descriptor, mut info) = (0, zinc_descriptor::default(), info(true));
    // SAFETY: all places are there.
    let codes = unsafe {
        [
            zinc_sequence(region, &mut sequence),
            zinc_info(region, &mut info),
            zinc_get_descriptor(region, &mut descriptor),
            zinc_is_owner(region),
            zinc_is_read_only(region),
        ]
    };
    assert!(codes.iter().all(|&code| (check(code) >= 0) == open), "{codes:?}");
    assert_eq!(zinc_name(region).is_null(), !open);
    bytes(zinc_ptr(region).cast(), zinc_capacity(region), codes[4] == 0);
}

/// The first byte and the last can be looked at, and written to if so.
fn bytes(start: *mut u8, length: usize, writable: bool) {
    assert_eq!(start.is_null(), length == 0);
    for at in [0, length.wrapping_sub(1)] {
        if at < length {
            // SAFETY: the bytes are the region's, and this program is its only user.
            unsafe {
                let byte = start.add(at).read_volatile();
                if writable {
                    start.add(at).write_volatile(byte);
                }
            }
        }
    }
}

/// Ends everything, and looks whether that is all there was.
fn end(tokens: &mut Tokens, users: &mut Users) {
    for slot in 0..SLOTS {
        users.cancel(&tokens.waits, Handle::Slot(slot as u8));
        check(zinc_close(token(&tokens.regions, Handle::Slot(slot as u8))));
        check(zinc_view_release(token(&tokens.views, Handle::Slot(slot as u8))));
        check(zinc_listing_free(token(&tokens.listings, Handle::Slot(slot as u8))));
    }
    let mut pending = PENDING.0.lock().unwrap_or_else(PoisonError::into_inner);
    // The fuzzer's own time limit is the watchdog.
    while *pending != 0 {
        pending = PENDING.1.wait(pending).unwrap_or_else(PoisonError::into_inner);
    }
    zinc_fuzz::remove_what_persists();
    static RUNS: AtomicUsize = AtomicUsize::new(0);
    if RUNS.fetch_add(1, Ordering::Relaxed).is_multiple_of(64) {
        let files = std::fs::read_dir("/proc/self/fd").expect("/proc").count();
        assert!(files < FILES, "{files} files are open");
    }
}
