//! A region as this process has it: its memory, and beside that what the hub notes of it.

use std::path::PathBuf;
use std::sync::atomic::{AtomicU32, Ordering};

use super::per_process::PerProcess;
use super::shard::HubRegion;
use crate::header::Header;
use crate::mapping::Mapping;

/// One mapped region with the hub's notes, shared by all handles, views and waits of it in this process.
pub(crate) struct Attachment {
    pub(crate) mapping: Mapping,
    /// Where its file was.
    path: PathBuf,
    /// Not 0 once it is known that the owner died.
    owner_died: AtomicU32,
    /// The station that has the region, or had it: 1 + its index. 0 for none.
    pub(super) station: PerProcess,
    /// How many waits of this process have the owner watched.
    pub(super) owner_watches: PerProcess,
}

impl Attachment {
    pub(crate) fn new(mapping: Mapping, path: PathBuf) -> Self {
        Self {
            mapping,
            path,
            owner_died: AtomicU32::new(0),
            station: PerProcess::zero(),
            owner_watches: PerProcess::zero(),
        }
    }

    /// Asks the kernel whether the owner died without closing the region.
    pub(crate) fn owner_died(&self) -> bool {
        self.mapping.owner_died(&self.path)
    }

    /// Whether it is known already that the owner died.
    pub(crate) fn is_owner_known_dead(&self) -> bool {
        self.owner_died.load(Ordering::SeqCst) != 0
    }

    /// From now on it is known. Wakes nobody.
    pub(super) fn note_owner_died(&self) {
        self.owner_died.store(1, Ordering::SeqCst);
    }
}

impl HubRegion for Attachment {
    fn header(&self) -> &Header {
        self.mapping.header()
    }

    fn can_arm(&self) -> bool {
        self.mapping.writable().header()
    }

    fn is_owner_known_dead(&self) -> bool {
        Attachment::is_owner_known_dead(self)
    }
}
