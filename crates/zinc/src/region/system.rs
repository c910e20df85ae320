//! What waiting needs of the operating system, for a region.

use std::sync::Arc;

use super::RegionInfo;
use crate::error::Operation;
use crate::generation;
use crate::header::Header;
use crate::hub::{Attachment, LongSleep};
use crate::mapping::Mapping;
use crate::naming;
use crate::platform::futex::{self, low_half};
use crate::platform::{Place, process};
use crate::wait::{Sleep, System};

impl System for Arc<Attachment> {
    type LongSleep = LongSleep;

    #[inline]
    fn generation(&self) -> u32 {
        generation::last_known()
    }

    fn ask_generation(&self) {
        let _ = generation::generation();
    }

    fn now(&self) -> u64 {
        process::now()
    }

    fn now_coarse(&self) -> u64 {
        process::now_coarse()
    }

    fn park(&self, sleep: &Sleep<'_>) {
        let (word, expected) = sleep.sequence;
        futex::park(low_half(word), expected.0 as u32, sleep.bits, sleep.until);
    }

    fn wake(&self, header: &Header, bits: u32) {
        futex::wake_shared(low_half(&header.sequence), bits);
    }

    fn owner_died(&self) -> bool {
        Attachment::is_owner_known_dead(self) || Attachment::owner_died(self)
    }

    fn is_cut_short(&self) -> bool {
        self.mapping.is_cut_short()
    }

    fn is_owner_known_dead(&self) -> bool {
        Attachment::is_owner_known_dead(self)
    }

    fn is_owner_watched(&self, sleep: &mut Option<LongSleep>) -> bool {
        sleep.get_or_insert_with(LongSleep::new).is_owner_watched(self)
    }
}

/// Takes away the name that a region's dead owner left behind.
pub(super) fn sweep(mapping: &Mapping, info: &RegionInfo) {
    let operation = Operation::on("wait", &info.name);
    // Without the right to do so it is left to others.
    let _ = mapping.with_file(|file| {
        let place = Place::open(info.directory()).ok()?;
        naming::sweep_file(&operation, &place, &info.name, file, naming::IN_PASSING).ok()
    });
}

pub(super) fn wake_sequence(header: &Header) {
    futex::wake_shared(low_half(&header.sequence), u32::MAX);
}
