//! The owner's side: who created a region ends it, or lets it outlive itself.

use std::fmt;
use std::ops::Deref;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};

use super::system::wake_sequence;
use super::{RegionInfo, SharedRegion};
use crate::descriptor::Descriptor;
use crate::error::{ErrorKind, Operation, Result};
use crate::failpoint::failpoint;
use crate::header::{Header, PERSISTENT, Sequence};
use crate::hub::Attachment;
use crate::naming::{self, CloseAtExit, ExitTicket, HeldLock};
use crate::platform::Place;

/// The region's owner: the handle that created it, and the only sort that can unlink it.
///
/// It can do all that a [`SharedRegion`] can. When it is closed or dropped, or its process exits, the name goes, the
/// region is closed for everyone, and every waiter is woken. When its process is killed, the kernel drops its lock:
/// waiters get [`OwnerDied`](ErrorKind::OwnerDied) within a second, and the name is free.
///
/// In a forked child the copy of an owner is a peer: its end unlinks nothing.
#[must_use = "dropping the owner ends the region"]
pub struct OwnedRegion {
    region: SharedRegion,
    owner: Arc<Owner>,
}

impl OwnedRegion {
    pub(super) fn new(mut region: SharedRegion, lock: Option<HeldLock>) -> Self {
        let owner = Owner::new(&region, lock);
        region.owner = Some(owner.clone());
        Self { region, owner }
    }

    /// Takes the name away now. The region itself stays as it is for all who have it open; nobody new can open it.
    ///
    /// # Errors
    ///
    /// [`Closed`](ErrorKind::Closed); [`PermissionDenied`](ErrorKind::PermissionDenied) in a forked child, which owns
    /// nothing; an error of the operating system.
    pub fn unlink(&self) -> Result<()> {
        let operation = self.operation("unlink");
        self.as_owner(&operation, |owner| {
            owner.check_rights(&operation)?;
            owner.unlink(&operation)
        })
    }

    /// Lets the region outlive this handle and its process. It has no owner from now on: it is never reclaimed, waiters
    /// get no [`OwnerDied`](ErrorKind::OwnerDied), and it stays until [`remove`](crate::remove), the owner's
    /// [`unlink`](OwnedRegion::unlink), or the next start of the machine. Doing it twice is fine.
    ///
    /// # Errors
    ///
    /// [`Closed`](ErrorKind::Closed); [`PermissionDenied`](ErrorKind::PermissionDenied) in a forked child.
    pub fn persist(&self) -> Result<()> {
        let operation = self.operation("persist");
        self.as_owner(&operation, |owner| owner.persist(&operation))
    }

    /// Says what the data is, for everyone; readers that look meanwhile get the old description or the new one, whole.
    ///
    /// # Errors
    ///
    /// [`Descriptor`](ErrorKind::Descriptor) if it does not fit the region's capacity, [`Closed`](ErrorKind::Closed),
    /// [`PermissionDenied`](ErrorKind::PermissionDenied) in a forked child.
    pub fn describe(&self, descriptor: &Descriptor) -> Result<()> {
        let operation = self.operation("describe");
        self.as_owner(&operation, |owner| {
            owner.check_rights(&operation)?;
            descriptor.fit(&operation, self.capacity())?;
            let _turn = owner.turn();
            self.header().descriptor.write(descriptor);
            Ok(())
        })
    }

    fn as_owner(&self, operation: &Operation<'_>, act: impl FnOnce(&Owner) -> Result<()>) -> Result<()> {
        self.check_open(operation)?;
        act(&self.owner).or_else(|error| {
            // A close on another thread gives up the owner's rights, too: then that is why there are none.
            self.check_open(operation)?;
            Err(error)
        })
    }
}

impl Deref for OwnedRegion {
    type Target = SharedRegion;

    #[inline]
    fn deref(&self) -> &SharedRegion {
        &self.region
    }
}

impl fmt::Debug for OwnedRegion {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Owned{:?}", self.region)
    }
}

/// What only an owner has. Handles and the exit handler share it.
pub(super) struct Owner {
    lock: Option<HeldLock>,
    persistent: AtomicBool,
    attachment: Arc<Attachment>,
    info: Arc<RegionInfo>,
    /// Held while the descriptor is written, and from the question who owns the name to the end of what follows from it.
    one_at_a_time: Mutex<()>,
    _at_exit: Option<ExitTicket>,
}

impl Owner {
    /// Without a lock, the region persists from the start.
    fn new(region: &SharedRegion, lock: Option<HeldLock>) -> Arc<Self> {
        Arc::new_cyclic(|owner: &Weak<Self>| Self {
            persistent: AtomicBool::new(lock.is_none()),
            _at_exit: lock.is_some().then(|| ExitTicket::new(owner.clone())),
            lock,
            attachment: region.attachment.clone(),
            info: region.info.clone(),
            one_at_a_time: Mutex::new(()),
        })
    }

    /// Whether this is still the living owner: neither closed, nor persisted, nor a forked child's copy.
    pub(super) fn is_alive(&self) -> bool {
        self.lock.as_ref().is_some_and(HeldLock::is_held)
    }

    fn check_rights(&self, operation: &Operation<'_>) -> Result<()> {
        if self.is_alive() || self.persistent.load(Ordering::Acquire) {
            return Ok(());
        }
        if self.header().sequence().is_closed() {
            let why = "the region is over: its owner has closed it, perhaps because the process exits";
            return Err(operation.error(ErrorKind::Closed, why));
        }
        let why = "this process was forked from the owner's and owns nothing; let the owner do it";
        Err(operation.error(ErrorKind::PermissionDenied, why))
    }

    fn persist(&self, operation: &Operation<'_>) -> Result<()> {
        let _turn = self.turn();
        self.check_rights(operation)?;
        // Whoever finds the lock free looks at the flag afterwards, so the flag comes first.
        self.header().flags.fetch_or(PERSISTENT, Ordering::SeqCst);
        failpoint!("persist: has set the flag");
        self.persistent.store(true, Ordering::Release);
        self.let_go();
        Ok(())
    }

    fn turn(&self) -> MutexGuard<'_, ()> {
        self.one_at_a_time.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn unlink(&self, operation: &Operation<'_>) -> Result<()> {
        let _turn = self.turn();
        self.take_name_away(operation)
    }

    /// The caller has the turn.
    fn take_name_away(&self, operation: &Operation<'_>) -> Result<()> {
        let RegionInfo { name, path, .. } = &*self.info;
        let take = |file: &_| {
            if self.is_alive() {
                return naming::give_name_up(operation, path, file);
            }
            let place = Place::open(self.info.directory())
                .map_err(|error| operation.os("opening its directory", &error))?;
            naming::take_name_away(operation, &place, name, file, naming::PATIENT, |_| Ok(true))
        };
        self.attachment.mapping.with_file(take).unwrap_or(Ok(false)).map(drop)
    }

    /// Ends the region for everyone, unless it persists or is the parent's.
    pub(super) fn close(&self, operation: &Operation<'_>) -> Result<()> {
        // Asked before the turn is taken, which in a forked child some thread of the parent's may hold for good.
        if !self.is_alive() {
            return Ok(());
        }
        let _turn = self.turn();
        if !self.is_alive() {
            return Ok(());
        }
        failpoint!("close: has begun");
        let taken = self.take_name_away(operation);
        failpoint!("close: has taken the name away");
        mark_closed(self.header());
        failpoint!("close: has said so");
        self.let_go();
        taken
    }

    fn let_go(&self) {
        if let Some(lock) = &self.lock {
            lock.release();
        }
    }

    fn header(&self) -> &Header {
        self.attachment.mapping.header()
    }
}

/// Marks a region closed and wakes everyone.
pub(super) fn mark_closed(header: &Header) {
    header.sequence.fetch_or(Sequence::CLOSED, Ordering::SeqCst);
    wake_sequence(header);
}

impl CloseAtExit for Owner {
    fn close_at_exit(&self) {
        // Nobody is left to be told; a name that could not be taken away is swept by the next create.
        let _ = self.close(&Operation::on("close", &self.info.name));
    }
}

/// A region that was opened or created, whichever came first.
///
/// What can be done with either is there directly, by `Deref`.
#[derive(Debug)]
#[must_use = "dropping the owner ends the region"]
pub enum Region {
    /// Created by this call, which made this handle the owner.
    Owned(OwnedRegion),
    /// Opened: somebody else owns it, or nobody.
    Shared(SharedRegion),
}

impl Region {
    /// Whether this handle owns the region.
    pub fn is_owner(&self) -> bool {
        self.as_owner().is_some()
    }

    /// The owner, if this is one.
    pub fn as_owner(&self) -> Option<&OwnedRegion> {
        match self {
            Self::Owned(owner) => Some(owner),
            Self::Shared(_) => None,
        }
    }
}

impl Deref for Region {
    type Target = SharedRegion;

    #[inline]
    fn deref(&self) -> &SharedRegion {
        match self {
            Self::Owned(owner) => owner,
            Self::Shared(region) => region,
        }
    }
}

impl From<OwnedRegion> for Region {
    fn from(owner: OwnedRegion) -> Self {
        Self::Owned(owner)
    }
}

impl From<SharedRegion> for Region {
    fn from(region: SharedRegion) -> Self {
        Self::Shared(region)
    }
}
