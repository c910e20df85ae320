//! The owner's side: who created a region ends it, or lets it outlive itself.

use std::fmt;
use std::ops::Deref;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};

use super::system::wake_sequence;
use super::{RegionInfo, RegionOptions, SharedRegion, create};
use crate::descriptor::Descriptor;
use crate::error::{Error, ErrorKind, Operation, Result};
use crate::failpoint::failpoint;
use crate::header::{Header, PERSISTENT, Sequence};
use crate::hub::Attachment;
use crate::naming::{self, CloseAtExit, ExitTicket, HeldLock};
use crate::platform::{Access, Identity, Place, identity, is_named_at};

/// The region's owner: the handle that created it, and the only sort that can unlink it.
///
/// It can do all that a [`SharedRegion`] can. When it is closed or dropped, or its process exits, the name goes, the
/// region is closed for everyone, and every waiter is woken. When its process is killed, the kernel drops its lock:
/// waiters get [`OwnerDied`](ErrorKind::OwnerDied) within a second after it has closed the process's files (a core dump
/// comes before that, and may take long), and the name is free.
///
/// In a forked child the copy of an owner is a peer: its end unlinks nothing.
///
/// A process that closes descriptors which it does not know, to daemonize say, loses its owners' locks with them: others
/// take them for dead, and the owner's own calls give [`OwnerDied`](ErrorKind::OwnerDied), except
/// [`notify`](SharedRegion::notify), which asks nobody.
#[must_use = "dropping the owner ends the region"]
pub struct OwnedRegion {
    region: SharedRegion,
    owner: Arc<Owner>,
}

impl OwnedRegion {
    pub(super) fn new(
        mut region: SharedRegion,
        file: Identity,
        lock: Option<HeldLock>,
        options: &RegionOptions,
    ) -> Self {
        let owner = Owner::new(&region, file, lock, options);
        region.owner = Some(owner.clone());
        Self { region, owner }
    }

    /// Gives the region its name, under which others find it whole. The counterpart of [`unlink`](OwnedRegion::unlink),
    /// for regions created [`unlinked`](RegionOptions::unlinked). If it has its name already, this does nothing.
    ///
    /// ```
    /// # let dir = tempfile::tempdir_in("/dev/shm").unwrap();
    /// # let options = zinc::RegionOptions::new().directory(dir.path());
    /// let owner = options.clone().unlinked(true).create("model", 4)?;
    /// assert!(options.open("model").is_err(), "nobody sees it before it is filled");
    /// // SAFETY: nobody else can have it open.
    /// unsafe { owner.as_mut_slice() }.copy_from_slice(b"full");
    /// owner.link()?;
    /// assert_eq!(options.open("model")?.capacity(), 4);
    /// # Ok::<_, zinc::Error>(())
    /// ```
    ///
    /// # Errors
    ///
    /// [`AlreadyExists`](ErrorKind::AlreadyExists) if another region has the name: it may be tried again. What a dead
    /// owner left does not count. [`Unsupported`](ErrorKind::Unsupported) if this region has had the name and lost it: a
    /// file does not get its name back. [`NotARegion`](ErrorKind::NotARegion) if something else has the name;
    /// [`Closed`](ErrorKind::Closed); [`PermissionDenied`](ErrorKind::PermissionDenied) in a forked child; an error of
    /// the operating system.
    pub fn link(&self) -> Result<()> {
        let operation = self.operation("link");
        self.as_owner(&operation, |owner| owner.link(&operation))
    }

    /// Takes the name away now. The region itself stays as it is for all who have it open; nobody new can open it.
    ///
    /// # Errors
    ///
    /// [`Closed`](ErrorKind::Closed); [`PermissionDenied`](ErrorKind::PermissionDenied) in a forked child, which owns
    /// nothing; an error of the operating system.
    pub fn unlink(&self) -> Result<()> {
        let operation = self.operation("unlink");
        self.as_owner(&operation, |owner| owner.unlink(&operation))
    }

    /// Whether the name leads to this region at this moment, which one system call tells. It does not before
    /// [`link`](OwnedRegion::link) and after [`unlink`](OwnedRegion::unlink), and when somebody has removed the file:
    /// `rm`, say, or systemd when the user's last session ends (`RemoveIPC=` in logind.conf(5)). Whoever has the region
    /// open goes on as before, and nobody else finds it. Another owner may have taken the name meanwhile.
    ///
    /// # Errors
    ///
    /// [`Closed`](ErrorKind::Closed); an error of the operating system, such as
    /// [`PermissionDenied`](ErrorKind::PermissionDenied) for the directory.
    pub fn is_named(&self) -> Result<bool> {
        let operation = self.operation("is_named");
        self.check_open(&operation)?;
        let named = self.owner.is_named(&operation);
        // Asked again: the file of a region that was closed meanwhile may be gone, and its inode another's.
        self.check_open(&operation)?;
        named
    }

    /// Whether this handle may still do what only the owner can: not in a forked child, whose copy owns nothing, and not
    /// after [`close`](SharedRegion::close).
    pub fn is_owner(&self) -> bool {
        !self.is_closed() && self.owner.check_rights(&self.operation("is_owner")).is_ok()
    }

    /// Lets the region outlive this handle and its process; from [`link`](OwnedRegion::link) on, if it has no name yet. It has no owner from now on: it is never reclaimed, waiters
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
            let _turn = owner.turn_of_owner(&operation)?;
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
    /// A persistent region has none once it has its name.
    lock: Option<HeldLock>,
    persistent: AtomicBool,
    /// Whether `link` removes a persistent region that has the name.
    replace: bool,
    file: Identity,
    attachment: Arc<Attachment>,
    info: Arc<RegionInfo>,
    /// Held while the descriptor is written, and from the question who owns the name to the end of what follows from it.
    one_at_a_time: Mutex<Linked>,
    _at_exit: Option<ExitTicket>,
}

/// Whether the region has its name, or had it, which comes once.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Linked {
    Yes,
    NotYet,
}

impl Owner {
    fn new(
        region: &SharedRegion,
        file: Identity,
        lock: Option<HeldLock>,
        options: &RegionOptions,
    ) -> Arc<Self> {
        Arc::new_cyclic(|owner: &Weak<Self>| Self {
            persistent: AtomicBool::new(options.persistent),
            replace: options.replace,
            _at_exit: lock.is_some().then(|| ExitTicket::new(owner.clone())),
            lock,
            file,
            attachment: region.attachment.clone(),
            info: region.info.clone(),
            one_at_a_time: Mutex::new(if options.unlinked { Linked::NotYet } else { Linked::Yes }),
        })
    }

    /// Whether this is still the living owner: neither closed, nor persisted, nor a forked child's copy.
    pub(super) fn is_alive(&self) -> bool {
        self.lock.as_ref().is_some_and(HeldLock::is_held)
    }

    /// Whether other processes take this living owner for dead: this process has closed the lock's descriptor.
    fn is_lost(&self) -> bool {
        self.is_alive() && self.lock.as_ref().is_some_and(HeldLock::is_lost)
    }

    fn check_rights(&self, operation: &Operation<'_>) -> Result<()> {
        if self.is_lost() {
            return Err(lost(operation));
        }
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
        let linked = self.turn_of_owner(operation)?;
        // Whoever finds the lock free looks at the flag afterwards, so the flag comes first.
        self.header().flags.fetch_or(PERSISTENT, Ordering::SeqCst);
        failpoint!("persist: has set the flag");
        self.persistent.store(true, Ordering::Release);
        if *linked == Linked::Yes {
            self.let_go();
        }
        Ok(())
    }

    fn turn(&self) -> MutexGuard<'_, Linked> {
        self.one_at_a_time.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The turn, if this is the owner still.
    fn turn_of_owner(&self, operation: &Operation<'_>) -> Result<MutexGuard<'_, Linked>> {
        // Asked before, too: in a forked child some thread of the parent's may hold the turn for good.
        self.check_rights(operation)?;
        let turn = self.turn();
        self.check_rights(operation)?;
        Ok(turn)
    }

    fn link(&self, operation: &Operation<'_>) -> Result<()> {
        let mut linked = self.turn_of_owner(operation)?;
        if *linked == Linked::Yes {
            if self.is_named(operation)? {
                return Ok(());
            }
            let why = "the region has had its name and lost it, and a file does not get its name back; create a new one";
            return Err(operation.error(ErrorKind::Unsupported, why));
        }
        let place = self.place(operation)?;
        let publish = |file: &_| create::publish(operation, &place, file, &self.info.name, self.replace);
        self.lock
            .as_ref()
            .and_then(|lock| lock.with_file(publish))
            .unwrap_or_else(|| Err(lost(operation)))?;
        failpoint!("link: has its name");
        *linked = Linked::Yes;
        if self.persistent.load(Ordering::Acquire) {
            self.let_go();
        }
        Ok(())
    }

    fn unlink(&self, operation: &Operation<'_>) -> Result<()> {
        let _turn = self.turn_of_owner(operation)?;
        self.take_name_away(operation)
    }

    fn is_named(&self, operation: &Operation<'_>) -> Result<bool> {
        if self.is_lost() {
            return Err(lost(operation));
        }
        let named = is_named_at(&self.info.path, self.file);
        named.map_err(|error| operation.os("looking at the name", &error))
    }

    fn place(&self, operation: &Operation<'_>) -> Result<Place> {
        Place::open(self.info.directory()).map_err(|error| operation.os("opening its directory", &error))
    }

    /// The caller has the turn.
    fn take_name_away(&self, operation: &Operation<'_>) -> Result<()> {
        let RegionInfo { name, path, .. } = &*self.info;
        if self.is_lost() {
            // Others may be taking the name away, too, or have given it to a region of theirs.
            let place = self.place(operation)?;
            let found = place.find(name, Access::ReadWrite).ok();
            let own = found.filter(|file| identity(file).is_ok_and(|file| file == self.file));
            own.map(|file| naming::sweep_file(operation, &place, name, &file, naming::IN_PASSING))
                .transpose()?;
            return Err(lost(operation));
        }
        if self.is_alive() {
            return naming::give_name_up(operation, path, self.file).map(drop);
        }
        let take = |file: &_| {
            let place = self.place(operation)?;
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
        let turn = self.turn();
        if !self.is_alive() {
            return Ok(());
        }
        failpoint!("close: has begun");
        let taken = self.take_name_away(operation);
        if *turn == Linked::NotYet {
            self.discard(operation);
        }
        failpoint!("close: has taken the name away");
        mark_closed(self.header());
        failpoint!("close: has said so");
        self.let_go();
        taken
    }

    /// Removes the hidden name that a file without a name has where there are no nameless ones.
    fn discard(&self, operation: &Operation<'_>) {
        // What cannot be removed now is swept later.
        if let Ok(place) = self.place(operation)
            && let Some(lock) = &self.lock
        {
            lock.with_file(|file| place.discard(file));
        }
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

#[cold]
fn lost(operation: &Operation<'_>) -> Error {
    let why = "this process has closed Zinc's file descriptors (daemonizing libraries close all that they do not know), so the                region counts as a dead owner's; close it, and create it again, after daemonizing";
    operation.error(ErrorKind::OwnerDied, why)
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
