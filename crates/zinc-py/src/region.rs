//! The methods of `SharedRegion`: everything that both owners and peers can do with a region.

use std::ffi::c_int;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use pyo3::exceptions::PyTypeError;
use pyo3::ffi;
use pyo3::prelude::*;
use pyo3::sync::PyOnceLock;
use pyo3::types::{PyCapsule, PyDict, PyMemoryView, PyTuple};
use zinc::binding::{self, PlainOptions};
use zinc::{ErrorKind, RegionOptions};

use crate::asynchronous::Wait;
use crate::convert::{Call, Shape, Unsigned, tuple};
use crate::errors::Failure;
use crate::handle::SharedRegion;
use crate::host::Interpreter;
use crate::owned::OwnedRegion;
use crate::timeout::Timeout;
use crate::{buffer, dlpack, numpy};

/// Opens what a pickled region names.
#[pyfunction]
#[pyo3(name = "_reopen")]
pub(crate) fn reopen(
    py: Python<'_>,
    name: &str,
    directory: Option<PathBuf>,
    flags: u32,
    numbers: [i64; PlainOptions::NUMBERS],
    id: [u8; 16],
) -> Result<Py<SharedRegion>, Failure> {
    let options = RegionOptions::from(PlainOptions::from_parts(flags, numbers, directory));
    let region = py.detach(|| options.open(name))?;
    if region.info().id != id {
        let why = "the region that was pickled is gone, and another one has its name; pickle that one";
        return Err(binding::error(ErrorKind::NotFound, "open", Some(name), why).into());
    }
    Ok(OwnedRegion::object(py, region.into(), &options)?.unbind())
}

#[pymethods]
impl SharedRegion {
    #[new]
    #[pyo3(signature = (*args, **kwargs))]
    pub(crate) fn constructor(
        args: &Bound<'_, PyTuple>,
        kwargs: Option<&Bound<'_, PyDict>>,
    ) -> PyResult<Self> {
        let _ = (args, kwargs);
        Err(PyTypeError::new_err(
            "a region is not constructed: call SharedRegion.create(name, capacity), create_tensor, create_from, open or \
             open_or_create",
        ))
    }

    /// The region's name.
    #[getter]
    fn name(&self) -> &str {
        self.core.name()
    }

    /// The region's size in bytes, as it was asked for. Also `len(region)`.
    #[getter]
    fn capacity(&self) -> usize {
        self.core.capacity()
    }

    /// How many notifications there have been, by anyone. Raises `ClosedError` once the handle is closed.
    #[getter]
    fn sequence(&self) -> Result<u64, Failure> {
        Ok(self.core.sequence()?)
    }

    /// Whether this handle was closed.
    #[getter]
    fn closed(&self) -> bool {
        self.core.is_closed()
    }

    /// Whether this handle can only read the data: its views cannot be written through.
    #[getter]
    fn read_only(&self) -> bool {
        self.core.is_read_only()
    }

    /// Whether what this handle's views write stays in this process: it was opened with `copy_on_write=True`.
    #[getter]
    fn copy_on_write(&self) -> bool {
        self.core.is_copy_on_write()
    }

    /// Whether this handle can do what only the owner can, such as `unlink`: True for an `OwnedRegion` until it is closed,
    /// and False for peers and in a forked child, whose copy of the handle owns nothing.
    #[getter]
    fn is_owner(&self) -> bool {
        self.core.as_owner().is_some_and(zinc::OwnedRegion::is_owner)
    }

    /// Whether the region has an owner whose process is alive, as the kernel has it at this moment.
    ///
    /// A persistent region has no owner, and neither has one that its owner has closed. Raises `ClosedError` once the
    /// handle is closed.
    #[getter]
    fn owner_alive(&self, py: Python<'_>) -> Result<bool, Failure> {
        Ok(py.detach(|| self.core.is_owner_alive())?)
    }

    /// The described element type by its name, such as "float32" (equal to numpy's dtype of that name), or None if the
    /// region is not described. Raises `ClosedError` once the handle is closed.
    #[getter]
    fn dtype(&self) -> Result<Option<&'static str>, Failure> {
        Ok(self.core.descriptor()?.map(|descriptor| descriptor.dtype().name()))
    }

    /// The described shape as a tuple, or None if the region is not described. Raises `ClosedError` once the handle is
    /// closed.
    #[getter]
    fn shape<'py>(&self, py: Python<'py>) -> Result<Option<Bound<'py, PyTuple>>, Failure> {
        Ok(self.core.descriptor()?.map(|descriptor| tuple(py, descriptor.shape())).transpose()?)
    }

    /// The process id of the creator, for people to read. It may be gone, or mean another process by now.
    #[getter]
    fn owner_pid(&self) -> u32 {
        self.core.info().owner_pid
    }

    /// Sixteen random bytes, which tell this region from any other that had or will have its name.
    #[getter]
    fn id(&self) -> [u8; 16] {
        self.core.info().id
    }

    /// Where the region is: its file, a `pathlib.Path`.
    #[getter]
    fn path(&self) -> &Path {
        &self.core.info().path
    }

    /// When the region was created, an aware `datetime`.
    #[getter]
    fn created(&self) -> SystemTime {
        self.core.info().created
    }

    /// The region as a numpy array: a view of the shared memory, not a copy.
    ///
    /// Without arguments the array is what the region's description says, or the plain bytes (uint8) of one without.
    /// The array stays valid after `close()`. It can be written through unless the handle is read-only.
    ///
    /// Args:
    ///     dtype: The element type, anything that `numpy.dtype` takes. A description must agree with it.
    ///     shape: The lengths, outermost first; an int is one dimension. The default is as many whole elements as
    ///         there is room for. A description must agree with it, unless an offset asks for a part.
    ///     offset: The byte to start at.
    ///
    /// Raises:
    ///     DescriptorError: The region is described as something else, or what was asked for does not fit.
    ///     UnsupportedError: The region is of bfloat16, and the package ml_dtypes is not installed.
    ///     ClosedError: The handle is closed.
    ///     ImportError: numpy is not installed.
    ///
    /// Example:
    ///     >>> arr = region.as_numpy(dtype=np.float32)
    ///     >>> header = region.as_numpy(dtype=np.uint32, shape=4)
    ///     >>> rows = region.as_numpy(dtype=np.float32, shape=(100, 3), offset=16)
    #[pyo3(signature = (dtype=None, shape=None, offset=Unsigned::of(0)), text_signature = "($self, dtype=None, shape=None, offset=0)")]
    fn as_numpy<'py>(
        slf: &Bound<'py, Self>,
        dtype: Option<&Bound<'py, PyAny>>,
        shape: Option<Shape>,
        offset: Unsigned<usize>,
    ) -> Result<Bound<'py, PyAny>, Failure> {
        let call = Call::new("as_numpy", slf.get().core.name());
        let shape = shape.map(|shape| shape.take(call)).transpose()?;
        numpy::array(slf, dtype, shape, offset.take(call, "offset")?)
    }

    /// The plain bytes of the region as a memoryview, whatever its description says: a view, not a copy.
    ///
    /// It has all `capacity` bytes. It stays valid after `close()`, and keeps the region's owner alive as any view does.
    ///
    /// Raises:
    ///     ClosedError: The handle is closed.
    ///
    /// Example:
    ///     >>> region.as_memoryview()[:5] = b"hello"
    fn as_memoryview<'py>(slf: &Bound<'py, Self>) -> PyResult<Bound<'py, PyMemoryView>> {
        let bytes = Bound::new(slf.py(), buffer::Bytes(slf.clone().unbind()))?;
        PyMemoryView::from(bytes.as_any())
    }

    /// Say that there is something new to see: sequence + 1, and everybody who waits wakes up.
    ///
    /// Those who see the notification see all that was written before it. It makes a system call only if somebody
    /// sleeps. A handle's own notification does not end its own `wait`.
    ///
    /// Raises:
    ///     ClosedError: The handle is closed.
    ///     PermissionDeniedError: The region's mode lets this user only read.
    fn notify(&self) -> Result<(), Failure> {
        Ok(self.core.notify()?)
    }

    /// Wait for a notification that this handle has not seen yet.
    ///
    /// Returns at once if there is one already, also from before the region was opened; several may arrive as one.
    /// It spins for a short time, and then sleeps in the kernel, while other threads run. Ctrl-C ends it.
    ///
    /// Args:
    ///     timeout: Milliseconds, a timedelta, or None to wait for ever. 0 looks once, and so does a negative timedelta.
    ///
    /// Returns:
    ///     True if notified, False if the time is up.
    ///
    /// Raises:
    ///     ClosedError: The handle, or by its owner the region, is closed.
    ///     OwnerDiedError: The owner ended without closing the region; known within a second
    ///         after the kernel has closed its process's files.
    ///     WaitInterruptedError: Another thread called `interrupt`.
    ///     InvalidArgumentError: The timeout is a negative number or not finite.
    ///
    /// Example:
    ///     >>> while region.wait(timedelta(seconds=5)):
    ///     ...     consume(region.as_numpy())
    #[pyo3(signature = (timeout=Timeout::FOREVER), text_signature = "($self, timeout=None)")]
    fn wait(&self, py: Python<'_>, timeout: Timeout) -> Result<bool, Failure> {
        let timeout = timeout.take(Call::new("wait", self.core.name()))?;
        binding::wait(&self.core, timeout, &mut Interpreter(py))
    }

    /// `wait` for asyncio: `await region.wait_async(1000)`. A coroutine that lets its event loop run meanwhile.
    ///
    /// Nothing happens before it is awaited; the time begins then, too. While it is pending it needs no thread of its
    /// own: one thread of the process waits for up to 127 regions, and sleeps while nothing happens. A pending wait
    /// does not keep the process alive. If there is a notification already, it returns without a turn of the loop.
    ///
    /// Cancelling it (`task.cancel`, `asyncio.timeout`, `asyncio.TaskGroup`) takes effect at once and loses nothing: a
    /// notification is taken in only when the coroutine goes on with it, and otherwise ends the next wait.
    ///
    /// Any number of tasks may wait on one handle, on loops in several threads, too: all that are waiting end with the
    /// same notification. Handles are independent. A process that is forked meanwhile may wait on a loop of its own.
    /// It works on any loop that has `add_reader`, such as asyncio's own on Unix and uvloop's.
    ///
    /// Args:
    ///     timeout: Milliseconds, a timedelta, or None to wait for ever. 0 looks once, and so does a negative timedelta.
    ///
    /// Returns:
    ///     A coroutine, which returns True if notified, False if the time is up.
    ///
    /// Raises:
    ///     InvalidArgumentError: The timeout is a negative number or not finite. The call raises it, before the await.
    ///     ClosedError: The handle, or by its owner the region, is closed.
    ///     OwnerDiedError: The owner ended without closing the region; known within a second
    ///         after the kernel has closed its process's files.
    ///     WaitInterruptedError: `interrupt` was called on this handle.
    ///     SystemCallError: The system gives no thread to wait on.
    ///     OSError: The process has no file descriptors left; the first wait of each loop takes two.
    ///
    /// Example:
    ///     >>> async def frames(region):
    ///     ...     while await region.wait_async(timedelta(seconds=5)):
    ///     ...         consume(region.as_numpy())
    #[pyo3(signature = (timeout=Timeout::FOREVER), text_signature = "($self, timeout=None)")]
    fn wait_async<'py>(slf: &Bound<'py, Self>, timeout: Timeout) -> Result<Bound<'py, PyAny>, Failure> {
        static COROUTINE: PyOnceLock<Py<PyAny>> = PyOnceLock::new();
        // Not imported before somebody asks: it imports asyncio.
        let coroutine = COROUTINE.import(slf.py(), "zinc._asyncio", "wait_async")?;
        Ok(coroutine.call1((slf, Wait::new(slf.get(), timeout)?))?)
    }

    fn __aiter__<'py>(slf: &Bound<'py, Self>) -> PyResult<Bound<'py, PyAny>> {
        static ITERATOR: PyOnceLock<Py<PyAny>> = PyOnceLock::new();
        ITERATOR.import(slf.py(), "zinc._notifications", "AsyncNotifications")?.call1((slf,))
    }

    fn __iter__<'py>(slf: &Bound<'py, Self>) -> PyResult<Bound<'py, PyAny>> {
        static ITERATOR: PyOnceLock<Py<PyAny>> = PyOnceLock::new();
        ITERATOR.import(slf.py(), "zinc._notifications", "Notifications")?.call1((slf,))
    }

    /// Wait until the sequence is greater than a number, for callers that keep their own count.
    ///
    /// Args:
    ///     sequence: The count to get past; this handle's own notifications count too.
    ///     timeout: As for `wait`.
    ///
    /// Returns:
    ///     The sequence reached, or None if the time is up. What `wait` has seen stays as it was.
    ///
    /// It raises what `wait` raises.
    ///
    /// Example:
    ///     >>> seen = region.sequence
    ///     >>> while (seen := region.wait_past(seen, 1000)) is not None:
    ///     ...     print(seen)
    #[pyo3(signature = (sequence, timeout=Timeout::FOREVER), text_signature = "($self, sequence, timeout=None)")]
    fn wait_past(
        &self,
        py: Python<'_>,
        sequence: Unsigned<u64>,
        timeout: Timeout,
    ) -> Result<Option<u64>, Failure> {
        let call = Call::new("wait_past", self.core.name());
        let (sequence, timeout) = (sequence.take(call, "sequence")?, timeout.take(call)?);
        binding::wait_past(&self.core, sequence, timeout, &mut Interpreter(py))
    }

    /// End the waits that are in progress on this handle with `WaitInterruptedError`. Waits of other handles go on.
    fn interrupt(&self) {
        self.core.interrupt();
    }

    /// Close this handle. Its waits end; closing twice is fine; anything else afterwards raises `ClosedError`.
    ///
    /// Arrays and memoryviews that were made from it stay valid, and keep the memory. The owner's close also takes the
    /// name away and ends the region for everyone at once, whatever views there are, unless it is persistent.
    fn close(&self, py: Python<'_>) -> Result<(), Failure> {
        Ok(py.detach(|| self.core.close())?)
    }

    fn __enter__(slf: Bound<'_, Self>) -> Result<Bound<'_, Self>, Failure> {
        if slf.get().core.is_closed() {
            return Err(binding::handle_closed("with", slf.get().core.name()).into());
        }
        Ok(slf)
    }

    #[pyo3(signature = (*_exception))]
    fn __exit__(&self, py: Python<'_>, _exception: &Bound<'_, PyTuple>) -> Result<(), Failure> {
        self.close(py)
    }

    fn __len__(&self) -> usize {
        self.core.capacity()
    }

    fn __repr__(slf: &Bound<'_, Self>) -> PyResult<String> {
        let core = slf.get().core();
        let class = slf.get_type().name()?;
        let mut text = format!("<zinc.{class} {:?}: {} bytes", core.name(), core.capacity());
        if let Ok(Some(descriptor)) = core.descriptor() {
            text += &format!(", {} {}", descriptor.dtype(), tuple(slf.py(), descriptor.shape())?);
        }
        if core.is_read_only() {
            text += ", read-only";
        }
        if core.is_copy_on_write() {
            text += ", copy-on-write";
        }
        if core.is_closed() {
            text += ", closed";
        }
        Ok(text + ">")
    }

    fn __reduce__<'py>(&self, py: Python<'py>) -> PyResult<(Bound<'py, PyAny>, Bound<'py, PyTuple>)> {
        let reopen = py.import("zinc._zinc")?.getattr("_reopen")?;
        // The other process may have another current directory.
        let directory = self.core.info().path.parent().map(std::path::absolute).transpose()?;
        let read_only = if self.core.is_read_only() { PlainOptions::READ_ONLY } else { 0 };
        let flags = self.handed_on.flags | read_only;
        let arguments =
            (self.core.name(), directory, flags, self.handed_on.numbers().to_vec(), self.core.info().id);
        Ok((reopen, arguments.into_pyobject(py)?))
    }

    /// Export the region as a tensor of its description, or of bytes, to any library that speaks DLPack.
    ///
    /// Libraries call this in their own `from_dlpack(region)`. The tensor keeps the handle, as every view does. The arguments are those of the Python array API standard.
    ///
    /// Raises:
    ///     BufferError: The consumer asks for another device or a stream, or the region is read-only and the consumer
    ///         speaks a DLPack that cannot say so.
    ///     ClosedError: The handle is closed.
    #[pyo3(signature = (*, stream=None, max_version=None, dl_device=None, copy=None))]
    fn __dlpack__<'py>(
        slf: &Bound<'py, Self>,
        stream: Option<Bound<'py, PyAny>>,
        max_version: Option<(u32, u32)>,
        dl_device: Option<(i32, i32)>,
        copy: Option<bool>,
    ) -> Result<Bound<'py, PyCapsule>, Failure> {
        dlpack::export(slf, &dlpack::Request { stream, max_version, dl_device, copy })
    }

    /// The DLPack device: (1, 0), plain memory.
    #[staticmethod]
    fn __dlpack_device__() -> (i32, i32) {
        dlpack::CPU
    }

    unsafe fn __getbuffer__(
        slf: &Bound<'_, Self>,
        buffer: *mut ffi::Py_buffer,
        flags: c_int,
    ) -> Result<(), Failure> {
        // SAFETY: the interpreter calls this by the buffer protocol.
        unsafe { buffer::export(slf, buffer, flags) }
    }

    unsafe fn __releasebuffer__(&self, buffer: *mut ffi::Py_buffer) {
        // SAFETY: the interpreter calls this by the buffer protocol, with what `__getbuffer__` filled.
        unsafe { buffer::release(buffer) };
    }
}
