//! How to make and find regions, beyond the defaults.

mod choices;
mod plain;

use std::time::Duration;

use super::{Cancel, OwnedRegion, Region, RegionInfo, SharedRegion, create, open};
use crate::descriptor::{DType, Descriptor};
use crate::error::{Error, ErrorKind, Operation, Result};
use crate::name;
use crate::platform::{Place, process};
use crate::wait::{Host, NoHost};

pub use choices::RegionOptions;
pub use plain::PlainOptions;

/// The spin budget where nothing else is said: about what sleeping in the kernel and being woken costs both sides
/// together on a virtual machine (`cargo bench -p zinc --bench roundtrip` shows it as the bare futex).
const SPIN: Duration = Duration::from_micros(50);

/// How often `open_or_create` tries one and then the other before it gives up. Each round means that the region came or
/// went meanwhile; a name that this user can neither open nor take makes every round fail.
const OPEN_OR_CREATE_ROUNDS: u32 = 100;

impl RegionOptions {
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
        self.open_hosted(name.as_ref(), &mut NoHost, None)
    }

    pub(crate) fn open_hosted<H: Host>(
        &self,
        name: &str,
        host: &mut H,
        cancel: Option<&Cancel>,
    ) -> Result<SharedRegion, H::Error> {
        let operation = name::check("open", name)?;
        open::open(self, &operation, name, host, cancel)
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

    /// Takes away a persistent region, or the remains of a dead owner's. Handles that are open keep it; waiters on a
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
    pub(super) fn spin_limit(&self, operation: &Operation<'_>) -> Result<u32> {
        let limit = match self.spin {
            Some(limit) => limit,
            None => spin_from_environment(operation)?.unwrap_or(SPIN),
        };
        let limit = if process::processors() < 2 { Duration::ZERO } else { limit };
        Ok(u32::try_from(limit.as_nanos()).unwrap_or(u32::MAX))
    }
}

fn no_directory(operation: &Operation<'_>, path: &std::path::Path, error: &std::io::Error) -> Error {
    if error.kind() == std::io::ErrorKind::NotFound {
        let why = format!("there is no directory {}; make it, or choose another by ZINC_DIR", path.display());
        return operation.error(ErrorKind::NotFound, why).with_os(error);
    }
    operation.os(&format!("opening the directory {}", path.display()), error)
}

/// What `ZINC_SPIN_US` says, if it says anything.
fn spin_from_environment(operation: &Operation<'_>) -> Result<Option<Duration>> {
    let Some(value) = std::env::var_os("ZINC_SPIN_US").filter(|value| !value.is_empty()) else {
        return Ok(None);
    };
    let number = value.to_str().and_then(|value| value.trim().parse().ok());
    number.map(|number| Some(Duration::from_micros(number))).ok_or_else(|| {
        let why = format!("the environment variable ZINC_SPIN_US is {value:?}; set it to a number of microseconds, or unset it");
        operation.error(ErrorKind::InvalidArgument, why)
    })
}

#[cfg(test)]
mod tests {
    use super::{PlainOptions, RegionOptions};
    use crate::wait::Timeout;
    use std::time::Duration;

    #[test]
    fn options_come_back_from_their_plain_form_as_they_went() {
        let all = RegionOptions::new()
            .mode(0o640)
            .sparse(true)
            .read_only(true)
            .accept_owner(7)
            .spin(Duration::ZERO)
            .timeout(Timeout::FOREVER)
            .directory("/x");
        for options in [RegionOptions::new(), all.clone(), all.spin(Duration::from_micros(3)).timeout(5)] {
            let plain = PlainOptions::from(&options);
            let parts = PlainOptions::from_parts(plain.flags, plain.numbers(), plain.directory.clone());
            assert_eq!(parts, plain);
            assert_eq!(format!("{:?}", RegionOptions::from(plain)), format!("{options:?}"));
        }
        assert_eq!(
            PlainOptions::from(&RegionOptions::new()),
            PlainOptions::default(),
            "every 0 is the default"
        );
    }

    #[test]
    fn a_user_id_that_is_too_large_is_nobodys_and_not_anothers() {
        let id = 1000 | 1 << 32;
        let numbers = PlainOptions { accept_owner: u32::MAX, ..PlainOptions::default() }.numbers();
        let given = numbers.map(|number| if number == i64::from(u32::MAX) { id } else { number });
        assert_eq!(PlainOptions::from_parts(0, given, None).accept_owner, u32::MAX);
    }

    #[test]
    fn a_handle_that_is_handed_on_keeps_how_to_open_it_and_not_how_it_was_made() {
        let options = RegionOptions::new()
            .mode(0o644)
            .sparse(true)
            .prefault(true)
            .copy_on_write(true)
            .accept_owner(7)
            .directory("/x");
        let kept =
            PlainOptions { flags: PlainOptions::COPY_ON_WRITE, accept_owner: 7, ..PlainOptions::default() };
        assert_eq!(PlainOptions::from(&options).handed_on(), kept);
    }
}
