//! How to make and find regions, beyond the defaults.

use std::path::PathBuf;
use std::time::Duration;

use super::{OwnedRegion, Region, RegionInfo, SharedRegion, create, open};
use crate::descriptor::{DType, Descriptor};
use crate::error::{Error, ErrorKind, Operation, Result};
use crate::name;
use crate::platform::{Place, process};
use crate::wait::{Host, NoHost, Timeout};

/// The spin budget where nothing else is said: about what sleeping in the kernel and being woken costs both sides
/// together on a virtual machine (`cargo bench -p zinc --bench roundtrip` shows it as the bare futex).
const SPIN: Duration = Duration::from_micros(50);

/// How often `open_or_create` tries one and then the other before it gives up. Each round means that the region came or
/// went meanwhile; a name that this user can neither open nor take makes every round fail.
const OPEN_OR_CREATE_ROUNDS: u32 = 100;

/// How to create or open a region. Every choice has a default; the shortcuts on [`SharedRegion`] use them all.
///
/// ```
/// # let dir = tempfile::tempdir_in("/dev/shm").unwrap();
/// use std::time::Duration;
/// use zinc::RegionOptions;
///
/// let options = RegionOptions::new().directory(dir.path()).mode(0o640);
/// let owner = options.create("camera", 4096)?;
/// let reader = options.clone().read_only(true).timeout(Duration::from_secs(5)).open("camera")?;
/// assert!(reader.is_read_only());
/// # Ok::<_, zinc::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct RegionOptions {
    pub(super) directory: Option<PathBuf>,
    pub(super) mode: u32,
    pub(super) accept_owner: Option<u32>,
    pub(super) reserve: bool,
    pub(super) prefault: bool,
    pub(super) persistent: bool,
    pub(super) read_only: bool,
    pub(super) timeout: Timeout,
    spin: Option<Duration>,
}

impl Default for RegionOptions {
    fn default() -> Self {
        Self {
            directory: None,
            mode: 0o600,
            accept_owner: None,
            reserve: true,
            prefault: false,
            persistent: false,
            read_only: false,
            timeout: Timeout::POLL,
            spin: None,
        }
    }
}

impl RegionOptions {
    /// The defaults.
    pub fn new() -> Self {
        Self::default()
    }

    /// Where the region lives: a directory on a tmpfs or hugetlbfs. Default: the environment variable `ZINC_DIR`, else
    /// `/dev/shm`.
    #[must_use]
    pub fn directory(mut self, path: impl Into<PathBuf>) -> Self {
        self.directory = Some(path.into());
        self
    }

    /// Create: who may open the region, as the permission bits of its file; the umask does not touch them, and the
    /// owner itself always may. Default: `0o600`, this user alone. Who may read only (`0o640`, say) opens read-only.
    #[must_use]
    pub fn mode(mut self, mode: u32) -> Self {
        self.mode = mode & 0o777 | 0o600;
        self
    }

    /// Open: accept regions of this user too, and not only the caller's own and root's. Default: none.
    #[must_use]
    pub fn accept_owner(mut self, uid: u32) -> Self {
        self.accept_owner = Some(uid);
        self
    }

    /// Create: take all the memory now, so that using it cannot fail later. Default: true. A sparse region takes memory
    /// as it is written to, and kills the writer with SIGBUS when there is none left.
    #[must_use]
    pub fn reserve(mut self, reserve: bool) -> Self {
        self.reserve = reserve;
        self
    }

    /// Create, open: enter all pages in this process's page table now, so that the first touch of each costs nothing.
    /// Default: false.
    #[must_use]
    pub fn prefault(mut self, prefault: bool) -> Self {
        self.prefault = prefault;
        self
    }

    /// Create: let the region outlive its creator from the start, as [`OwnedRegion::persist`] does. Default: false.
    #[must_use]
    pub fn persistent(mut self, persistent: bool) -> Self {
        self.persistent = persistent;
        self
    }

    /// Open: map the data without the right to write. Waiting works as ever. Where the file itself may only be read,
    /// this handle cannot tell notifiers that it sleeps: it waits by sleeps of up to 4 ms, and cannot notify. Default:
    /// false.
    #[must_use]
    pub fn read_only(mut self, read_only: bool) -> Self {
        self.read_only = read_only;
        self
    }

    /// How long a wait looks before it sleeps, at the most; 0 sleeps at once. Within this bound it adapts itself.
    /// Default: the environment variable `ZINC_SPIN_US` in microseconds, else 50 µs. On a machine with one processor
    /// no wait spins.
    #[must_use]
    pub fn spin(mut self, limit: Duration) -> Self {
        self.spin = Some(limit);
        self
    }

    /// Open: how long to wait for a region that does not exist yet. Readers are often started first. Sleeps until the
    /// directory changes; without the directory itself it fails at once. Default: not at all.
    #[must_use]
    pub fn timeout(mut self, timeout: impl Into<Timeout>) -> Self {
        self.timeout = timeout.into();
        self
    }

    /// [`SharedRegion::create`] with these options.
    ///
    /// # Errors
    ///
    /// As there.
    pub fn create(&self, name: impl AsRef<str>, capacity: usize) -> Result<OwnedRegion> {
        let operation = name::check("create", name.as_ref())?;
        create::create(self, &operation, name.as_ref(), capacity, None)
    }

    /// [`SharedRegion::create_tensor`] with these options.
    ///
    /// # Errors
    ///
    /// As there.
    pub fn create_tensor(&self, name: impl AsRef<str>, dtype: DType, shape: &[u64]) -> Result<OwnedRegion> {
        let operation = name::check("create_tensor", name.as_ref())?;
        let descriptor = Descriptor::checked(&operation, dtype, shape)?;
        // A tensor without elements still gets a region, which cannot be empty.
        let capacity = descriptor.byte_len().max(1) as usize;
        create::create(self, &operation, name.as_ref(), capacity, Some(&descriptor))
    }

    /// [`SharedRegion::open`] with these options.
    ///
    /// # Errors
    ///
    /// As there.
    pub fn open(&self, name: impl AsRef<str>) -> Result<SharedRegion> {
        self.open_hosted(name.as_ref(), &mut NoHost)
    }

    /// [`open`](RegionOptions::open) for a binding whose language runtime must know of each sleep.
    ///
    /// # Errors
    ///
    /// As [`SharedRegion::open`], and what the host gives.
    pub fn open_hosted<H: Host>(&self, name: &str, host: &mut H) -> Result<SharedRegion, H::Error> {
        let operation = name::check("open", name)?;
        open::open(self, &operation, name, host)
    }

    /// [`SharedRegion::open_or_create`] with these options; the timeout does not count.
    ///
    /// # Errors
    ///
    /// As there.
    pub fn open_or_create(&self, name: impl AsRef<str>, capacity: usize) -> Result<Region> {
        let operation = name::check("open_or_create", name.as_ref())?;
        let mut last = None;
        for _ in 0..OPEN_OR_CREATE_ROUNDS {
            if let open::Found::Region(region) = open::attach(self, &operation, name.as_ref())? {
                if region.capacity() < capacity {
                    let why =
                        format!("it exists with {} bytes and {capacity} were asked for", region.capacity());
                    return Err(operation.error(ErrorKind::InvalidSize, why));
                }
                return Ok(Region::Shared(region));
            }
            match create::create(self, &operation, name.as_ref(), capacity, None) {
                Ok(owner) => return Ok(Region::Owned(owner)),
                // Somebody was quicker, so there is something to open, or was.
                Err(error) if error.kind() == ErrorKind::AlreadyExists => last = Some(error),
                Err(error) => return Err(error),
            }
        }
        Err(last.expect("a round that gives no region gives an error"))
    }

    /// Takes away a persistent region, or the remains of a dead owner's. Who has it open keeps it; waiters on a
    /// persistent one get [`Closed`](ErrorKind::Closed).
    ///
    /// # Errors
    ///
    /// [`NotFound`](ErrorKind::NotFound); [`PermissionDenied`](ErrorKind::PermissionDenied) if its owner is alive, who
    /// alone may end it, or if this user may not; [`NotARegion`](ErrorKind::NotARegion);
    /// [`InvalidName`](ErrorKind::InvalidName).
    pub fn remove(&self, name: impl AsRef<str>) -> Result<()> {
        let operation = name::check("remove", name.as_ref())?;
        open::remove(self, &operation, name.as_ref())
    }

    /// All regions of the directory that this user may read, in the order of their names. Files that are no regions,
    /// or of another layout version, are left out.
    ///
    /// # Errors
    ///
    /// [`NotFound`](ErrorKind::NotFound) if there is no such directory; an error of the operating system.
    pub fn list(&self) -> Result<Vec<RegionInfo>> {
        open::list(self, &Operation { name: "list", region: None })
    }

    pub(super) fn place(&self, operation: &Operation<'_>) -> Result<Place> {
        let path = self.directory.clone().unwrap_or_else(Place::default_path);
        Place::open(&path).map_err(|error| no_directory(operation, &path, &error))
    }

    /// The spin budget in nanoseconds.
    pub(super) fn spin_limit(&self) -> u32 {
        if process::processors() < 2 {
            return 0;
        }
        let limit = self.spin.or_else(spin_from_environment).unwrap_or(SPIN);
        u32::try_from(limit.as_nanos()).unwrap_or(u32::MAX)
    }
}

fn no_directory(operation: &Operation<'_>, path: &std::path::Path, error: &std::io::Error) -> Error {
    if error.kind() == std::io::ErrorKind::NotFound {
        let why = format!("there is no directory {}; make it, or choose another by ZINC_DIR", path.display());
        return operation.error(ErrorKind::NotFound, why).with_os(error);
    }
    operation.os(&format!("opening the directory {}", path.display()), error)
}

fn spin_from_environment() -> Option<Duration> {
    std::env::var("ZINC_SPIN_US").ok()?.trim().parse().ok().map(Duration::from_micros)
}
