//! Regions as programs hold them: handles that notify, wait, look and close.
#![expect(unsafe_code, reason = "the header and the data are reached through the mapping's addresses")]

use std::fmt;
use std::ptr::NonNull;
use std::slice;
use std::sync::Arc;
use std::sync::atomic::Ordering;

use crate::descriptor::{DType, Descriptor};
use crate::error::{Error, ErrorKind, Operation, Result};
use crate::header::{Header, PERSISTENT};
use crate::hub::{self, Attachment};
use crate::mapping::{Mapping, User};
use crate::view::{Element, Tensor, View};
use crate::wait::{Ended, Failed, Goal, Host, Local, NoHost, Timeout};

mod callback;
mod cancel;
mod create;
mod info;
mod notified;
mod open;
mod open_async;
mod options;
mod owned;
mod system;

pub use callback::{OpenCallback, WaitCallback};
pub use cancel::Cancel;
pub use info::{RegionInfo, list, remove};
pub use notified::{Notified, WaitAsync};
pub use open_async::OpenAsync;
pub use options::{PlainOptions, RegionOptions};
pub use owned::{OwnedRegion, Region};

use owned::Owner;

/// A handle to a region that somebody shares: its bytes, and when to look at them.
///
/// Opening returns one. It cannot unlink the region: only an [`OwnedRegion`] can, which creating returns.
///
/// # Threads and clones
///
/// All methods may be called from any thread. Threads that share one handle share its position: what one of them has
/// waited for, the handle has seen. A clone is a handle of its own, with its own position, of the same mapped memory;
/// clones of an owner are peers.
///
/// # The end
///
/// [`close`](SharedRegion::close) and drop end this handle. [`View`]s and [`Tensor`]s taken from it stay valid.
pub struct SharedRegion {
    header: NonNull<Header>,
    data: NonNull<u8>,
    local: Arc<Local>,
    attachment: Arc<Attachment>,
    info: Arc<RegionInfo>,
    owner: Option<Arc<Owner>>,
}

// SAFETY: the pointers lead into the mapping of `attachment`, which the handle keeps; the header is all atomics, and `data` is only handed
// out as a raw pointer or under the caller's own promise.
unsafe impl Send for SharedRegion {}
// SAFETY: as above.
unsafe impl Sync for SharedRegion {}

impl SharedRegion {
    /// Creates a region of `capacity` bytes, all zero, under `name`, and owns it.
    ///
    /// The memory is really reserved, so later writes cannot fail. Others see the region whole or not at all. The
    /// remains of a region whose owner died do not count as a region. Blocks for as long as the kernel takes to
    /// find the pages, some 0.2 ms a megabyte (`cargo bench -p zinc --bench memory`). More choices: [`RegionOptions`].
    ///
    /// # Errors
    ///
    /// [`AlreadyExists`](ErrorKind::AlreadyExists), [`InvalidName`](ErrorKind::InvalidName),
    /// [`InvalidSize`](ErrorKind::InvalidSize) (0 bytes, or more than can be addressed),
    /// [`NoSpace`](ErrorKind::NoSpace), [`NotARegion`](ErrorKind::NotARegion) (something else has the name),
    /// [`PermissionDenied`](ErrorKind::PermissionDenied) for the directory.
    ///
    /// ```
    /// # let dir = tempfile::tempdir_in("/dev/shm").unwrap();
    /// # unsafe { std::env::set_var("ZINC_DIR", dir.path()) };
    /// let owner = zinc::SharedRegion::create("frames", 1 << 20)?;
    /// assert_eq!(owner.capacity(), 1 << 20);
    /// # Ok::<_, zinc::Error>(())
    /// ```
    pub fn create(name: impl AsRef<str>, capacity: usize) -> Result<OwnedRegion> {
        RegionOptions::new().create(name, capacity)
    }

    /// Creates a region that has just the size for a tensor and says so, so that readers need to be told nothing.
    ///
    /// # Errors
    ///
    /// Those of [`create`](SharedRegion::create), and [`Descriptor`](ErrorKind::Descriptor) for a shape of more than 8
    /// dimensions or too many bytes.
    ///
    /// ```
    /// # let dir = tempfile::tempdir_in("/dev/shm").unwrap();
    /// # unsafe { std::env::set_var("ZINC_DIR", dir.path()) };
    /// use zinc::{DType, SharedRegion};
    ///
    /// let owner = SharedRegion::create_tensor("weights", DType::F32, &[30_522, 384])?;
    /// let weights = owner.tensor::<f32>()?;
    /// assert_eq!(weights.shape(), [30_522, 384]);
    /// # Ok::<_, zinc::Error>(())
    /// ```
    pub fn create_tensor(name: impl AsRef<str>, dtype: DType, shape: &[u64]) -> Result<OwnedRegion> {
        RegionOptions::new().create_tensor(name, dtype, shape)
    }

    /// Opens a region that exists. To wait for one to appear, see [`RegionOptions::timeout`].
    ///
    /// # Errors
    ///
    /// [`NotFound`](ErrorKind::NotFound) (also when its owner died), [`WrongOwner`](ErrorKind::WrongOwner) (it belongs
    /// to another user than the caller or root), [`PermissionDenied`](ErrorKind::PermissionDenied),
    /// [`NotARegion`](ErrorKind::NotARegion), [`VersionMismatch`](ErrorKind::VersionMismatch),
    /// [`InvalidName`](ErrorKind::InvalidName).
    pub fn open(name: impl AsRef<str>) -> Result<SharedRegion> {
        RegionOptions::new().open(name)
    }

    /// Opens the region if it exists, else creates it with `capacity` bytes: whoever comes first owns it.
    ///
    /// # Errors
    ///
    /// Those of [`open`](SharedRegion::open) and [`create`](SharedRegion::create), and
    /// [`InvalidSize`](ErrorKind::InvalidSize) if it exists and is smaller than `capacity`.
    pub fn open_or_create(name: impl AsRef<str>, capacity: usize) -> Result<Region> {
        RegionOptions::new().open_or_create(name, capacity)
    }

    /// The region's name.
    pub fn name(&self) -> &str {
        &self.info.name
    }

    /// What is known of the region since this handle was made.
    pub fn info(&self) -> &RegionInfo {
        &self.info
    }

    /// Bytes of data: exactly what the creator asked for.
    #[inline]
    pub fn capacity(&self) -> usize {
        self.attachment.mapping.capacity()
    }

    /// The first data byte, on a page boundary. The same physical memory in every process.
    ///
    /// Valid for as long as the handle is neither closed nor dropped; a [`view`](SharedRegion::view) lasts longer.
    #[inline]
    pub fn as_ptr(&self) -> *const u8 {
        self.data.as_ptr()
    }

    /// The first data byte, for writing. Writing through it kills the process if the handle
    /// [is read-only](SharedRegion::is_read_only).
    #[inline]
    pub fn as_mut_ptr(&self) -> *mut u8 {
        self.data.as_ptr()
    }

    /// Whether the data is mapped without the right to write.
    pub fn is_read_only(&self) -> bool {
        !self.attachment.mapping.writable().data()
    }

    /// Whether what is written to the data stays in this process, see [`RegionOptions::copy_on_write`].
    pub fn is_copy_on_write(&self) -> bool {
        self.attachment.mapping.writable().is_private()
    }

    /// The data as a slice.
    ///
    /// # Safety
    ///
    /// While the slice lives, nobody writes to the region, no other process and nothing in this one, and nobody closes
    /// this handle.
    pub unsafe fn as_slice(&self) -> &[u8] {
        // SAFETY: the data is mapped for `capacity` bytes while the handle is open, which the caller promises, as well
        // as that the bytes do not change.
        unsafe { slice::from_raw_parts(self.as_ptr(), self.capacity()) }
    }

    /// The data as a slice for writing.
    ///
    /// # Safety
    ///
    /// While the slice lives, nobody else reads or writes the region, no other process and nothing in this one, and
    /// nobody closes this handle. The handle is not [read-only](SharedRegion::is_read_only).
    #[expect(clippy::mut_from_ref, reason = "exclusiveness is across processes, which no borrow can express")]
    pub unsafe fn as_mut_slice(&self) -> &mut [u8] {
        // SAFETY: as in `as_slice`; that nobody else looks is the caller's promise.
        unsafe { slice::from_raw_parts_mut(self.as_mut_ptr(), self.capacity()) }
    }

    /// A view of the data that outlives this handle.
    ///
    /// # Errors
    ///
    /// [`Closed`](ErrorKind::Closed) after [`close`](SharedRegion::close).
    pub fn view(&self) -> Result<View> {
        self.view_for(&self.operation("view"))
    }

    fn view_for(&self, operation: &Operation<'_>) -> Result<View> {
        let view = View::new(&self.attachment);
        match view {
            Some(view) if !self.is_closed() => Ok(view),
            _ => Err(handle_closed(operation)),
        }
    }

    /// What the owner says the data is; `None` if it says nothing.
    ///
    /// # Errors
    ///
    /// [`Descriptor`](ErrorKind::Descriptor) if the header is damaged, [`Closed`](ErrorKind::Closed).
    pub fn descriptor(&self) -> Result<Option<Descriptor>> {
        let operation = self.operation("descriptor");
        let descriptor = self.header().descriptor.read(&operation, self.capacity());
        // Looked at afterwards: what is read from a handle that is closed meanwhile means nothing.
        self.check_open(&operation)?;
        descriptor
    }

    /// The described data as elements of type `T`, in place.
    ///
    /// # Errors
    ///
    /// [`Descriptor`](ErrorKind::Descriptor) if the data is of another type or not described,
    /// [`Closed`](ErrorKind::Closed).
    pub fn tensor<T: Element>(&self) -> Result<Tensor<T>> {
        let (view, descriptor) = self.tensor_view(T::DTYPE)?;
        Ok(Tensor::new(view, descriptor))
    }

    /// [`tensor`](SharedRegion::tensor) of an element type that is known only when the program runs.
    pub(crate) fn tensor_view(&self, dtype: DType) -> Result<(View, Descriptor)> {
        let operation = self.operation("tensor");
        let view = self.view_for(&operation)?;
        let described = self.header().descriptor.read(&operation, self.capacity())?;
        Ok((view, Descriptor::expect(&operation, described, dtype)?))
    }

    /// Tells everyone who waits, or will, that there is something to look at.
    ///
    /// All that this process wrote before is visible to whoever the notification reaches. Takes some nanoseconds, and a
    /// system call only if somebody sleeps. Never blocks, locks or allocates. It does not wake waits of this very
    /// handle; those of clones it does.
    ///
    /// # Errors
    ///
    /// [`Closed`](ErrorKind::Closed) after [`close`](SharedRegion::close) of this handle;
    /// [`PermissionDenied`](ErrorKind::PermissionDenied) if this user may only read the region's file.
    #[inline]
    pub fn notify(&self) -> Result<()> {
        if !self.local.may_notify() {
            return Err(self.cannot_notify());
        }
        self.local.notify(self.header(), &self.attachment);
        Ok(())
    }

    #[cold]
    fn cannot_notify(&self) -> Error {
        let operation = self.operation("notify");
        if self.is_closed() {
            return handle_closed(&operation);
        }
        let why =
            "this user may only read the region; have its owner create it with a mode that lets you write";
        operation.error(ErrorKind::PermissionDenied, why)
    }

    /// Waits for a notification that this handle has not seen; false if none came in time.
    ///
    /// Returns at once if one is there already, be it from before the region was opened. Several notifications may
    /// arrive as one. What the notifier wrote before is visible afterwards.
    ///
    /// A number is milliseconds, see [`Timeout`]. The wait first looks again and again for up to 50 µs
    /// (see [`RegionOptions::spin`]), then sleeps in the kernel, where it costs nothing.
    ///
    /// # Errors
    ///
    /// [`Closed`](ErrorKind::Closed) when the owner closes the region, or another thread closes this handle;
    /// [`OwnerDied`](ErrorKind::OwnerDied) within a second after the kernel has closed its dead process's files (a core
    /// dump comes before that, and may take long);
    /// [`NotARegion`](ErrorKind::NotARegion) if somebody has cut its file short, where that is found in time;
    /// [`Interrupted`](ErrorKind::Interrupted) by [`interrupt`](SharedRegion::interrupt). Notifications from before
    /// are delivered first.
    #[inline]
    pub fn wait(&self, timeout: impl Into<Timeout>) -> Result<bool> {
        self.wait_hosted(timeout.into(), &mut NoHost)
    }

    /// Waits until the sequence is greater than `sequence`, for callers who keep count themselves; returns the sequence
    /// reached, or `None` if the time is up.
    ///
    /// Counts every notification, this handle's own too, and does not move what [`wait`](SharedRegion::wait) has seen.
    ///
    /// # Errors
    ///
    /// As [`wait`](SharedRegion::wait).
    pub fn wait_past(&self, sequence: u64, timeout: impl Into<Timeout>) -> Result<Option<u64>> {
        self.wait_past_hosted(sequence, timeout.into(), &mut NoHost)
    }

    #[inline]
    pub(crate) fn wait_hosted<H: Host>(&self, timeout: Timeout, host: &mut H) -> Result<bool, H::Error> {
        match self.local.wait(self.header(), &self.attachment, host, Goal::Unseen, timeout) {
            Ok(_) => Ok(true),
            Err(Failed::Ended(Ended::TimedOut)) => Ok(false),
            Err(failed) => Err(self.failed(failed)),
        }
    }

    pub(crate) fn wait_past_hosted<H: Host>(
        &self,
        sequence: u64,
        timeout: Timeout,
        host: &mut H,
    ) -> Result<Option<u64>, H::Error> {
        match self.local.wait(self.header(), &self.attachment, host, Goal::Past(sequence), timeout) {
            Ok(sequence) => Ok(Some(sequence)),
            Err(Failed::Ended(Ended::TimedOut)) => Ok(None),
            Err(failed) => Err(self.failed(failed)),
        }
    }

    #[cold]
    fn failed<E: From<Error>>(&self, failed: Failed<E>) -> E {
        let ended = match failed {
            Failed::Ended(ended) => ended,
            Failed::Host(error) => return error,
        };
        why_ended(&self.attachment.mapping, &self.info, ended).into()
    }

    /// How many notifications there were.
    ///
    /// # Errors
    ///
    /// [`Closed`](ErrorKind::Closed) after [`close`](SharedRegion::close).
    pub fn sequence(&self) -> Result<u64> {
        let sequence = self.header().sequence().count();
        // Looked at afterwards: what is read from a handle that is closed meanwhile means nothing.
        self.check_open(&self.operation("sequence"))?;
        Ok(sequence)
    }

    /// Ends the waits that are in progress on this handle, on whatever thread, with
    /// [`Interrupted`](ErrorKind::Interrupted). Waits that begin later are not touched.
    pub fn interrupt(&self) {
        self.local.interrupt(self.header(), &self.attachment);
        self.end_pending();
    }

    /// Has the waits in progress on this handle ask their hosts.
    pub(crate) fn nudge(&self) {
        self.local.nudge(self.header(), &self.attachment);
    }

    /// Ends the pending waits of this handle whose time has come.
    fn end_pending(&self) {
        if self.local.has_pending() {
            hub::handle_changed(&self.attachment, &self.local);
        }
    }

    /// Whether the region has an owner whose process lives, at this moment; system calls ask the kernel for it. A persistent
    /// region has no owner, and neither has one that its owner has closed.
    ///
    /// # Errors
    ///
    /// [`Closed`](ErrorKind::Closed) after [`close`](SharedRegion::close) of this handle.
    pub fn is_owner_alive(&self) -> Result<bool> {
        let header = self.header();
        let has_owner =
            !header.sequence().is_closed() && header.flags.load(Ordering::Acquire) & PERSISTENT == 0;
        let alive = has_owner && !self.attachment.is_owner_known_dead() && !self.attachment.owner_died();
        // Looked at afterwards: what is read from a handle that is closed meanwhile means nothing.
        self.check_open(&self.operation("is_owner_alive"))?;
        Ok(alive)
    }

    /// Closes this handle: its waits end with [`Closed`](ErrorKind::Closed), and so does every later call.
    ///
    /// For an owner it takes the name away, marks the region closed and wakes everyone. [`View`]s stay valid; without
    /// any, the memory is given back at once. Closing twice is fine.
    ///
    /// # Errors
    ///
    /// For an owner, when the name cannot be taken away; the handle is closed all the same.
    pub fn close(&self) -> Result<()> {
        if !self.local.close(self.header(), &self.attachment) {
            return Ok(());
        }
        self.end_pending();
        let closed = self.owner.as_ref().map_or(Ok(()), |owner| owner.close(&self.operation("close")));
        hub::release(&self.attachment, User::Handle);
        closed
    }

    /// Whether [`close`](SharedRegion::close) was called on this handle.
    pub fn is_closed(&self) -> bool {
        self.local.is_closed()
    }

    #[inline]
    fn header(&self) -> &Header {
        // SAFETY: the mapping starts with the header, is aligned to a page, and lives as long as the handle; after its
        // memory is given back, zero pages are there, and zeroes are a valid header.
        unsafe { self.header.as_ref() }
    }

    fn operation(&self, name: &'static str) -> Operation<'_> {
        Operation::on(name, &self.info.name)
    }

    fn check_open(&self, operation: &Operation<'_>) -> Result<()> {
        if self.is_closed() { Err(handle_closed(operation)) } else { Ok(()) }
    }
}

/// The error for a wait that ended without a notification.
#[cold]
fn why_ended(mapping: &Mapping, info: &RegionInfo, ended: Ended) -> Error {
    let operation = Operation::on("wait", &info.name);
    let owner = info.owner_pid;
    match ended {
        Ended::TimedOut => unreachable!("callers take it for an answer"),
        Ended::HandleClosed => handle_closed(&operation),
        Ended::Interrupted => {
            operation.error(ErrorKind::Interrupted, "this handle was interrupted; wait again to go on")
        }
        Ended::RegionClosed => {
            let why = format!(
                "the region was closed by its owner (process {owner}) or removed; open it again when there is a new one"
            );
            operation.error(ErrorKind::Closed, why)
        }
        Ended::CutShort => {
            let why = "somebody has cut the region's file short, and touching what is missing ends the process; \
                       close this handle, and see SECURITY.md for who can do that";
            operation.error(ErrorKind::NotARegion, why)
        }
        Ended::OwnerDied => {
            system::sweep(mapping, info);
            let why = format!(
                "its owner (process {owner}) died without closing it; open it again when there is a new one"
            );
            operation.error(ErrorKind::OwnerDied, why)
        }
    }
}

pub(crate) fn handle_closed(operation: &Operation<'_>) -> Error {
    operation.error(ErrorKind::Closed, "this handle was closed; open the region again to use it")
}

impl Clone for SharedRegion {
    /// A handle of its own, which has seen what this one has. A clone of a closed handle is closed.
    fn clone(&self) -> Self {
        let local = if !self.is_closed() && self.attachment.mapping.acquire(User::Handle) {
            self.local.fork()
        } else {
            self.local.fork_closed()
        };
        Self {
            header: self.header,
            data: self.data,
            local: Arc::new(local),
            attachment: self.attachment.clone(),
            info: self.info.clone(),
            owner: None,
        }
    }
}

impl Drop for SharedRegion {
    fn drop(&mut self) {
        // There is nobody to tell; a name that could not be taken away is swept by the next create.
        let _ = self.close();
    }
}

impl fmt::Debug for SharedRegion {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let closed = if self.is_closed() { ", closed" } else { "" };
        write!(f, "SharedRegion({:?}, {} bytes{closed})", self.name(), self.capacity())
    }
}
