//! The calls that a program may make through the C ABI, as the fuzzer makes them up.

use std::ffi::CString;

use arbitrary::Arbitrary;
use zinc::binding::PlainOptions;

/// From here on a region is more than this machine reserves, so that no call takes long.
const TOO_MUCH: usize = 1 << 46;

/// A handle: one that was given, be it open or ended, none, or just a number.
#[derive(Arbitrary, Clone, Copy, Debug)]
pub enum Handle {
    Slot(u8),
    Null,
    MadeUp(usize),
}

/// A name: one of a few, so that calls meet, or any bytes.
#[derive(Arbitrary, Clone, Debug)]
pub enum Name {
    A,
    B,
    Any(Vec<u8>),
}

impl Name {
    pub fn text(&self) -> CString {
        let bytes = match self {
            Self::A => b"a".to_vec(),
            Self::B => b"b".to_vec(),
            Self::Any(bytes) => bytes.iter().copied().take_while(|&byte| byte != 0).collect(),
        };
        CString::new(bytes).expect("cut at the first NUL")
    }
}

/// A time that a call may take without the fuzzer growing slow.
#[derive(Arbitrary, Clone, Copy, Debug, Default)]
pub struct Time(u16);

impl Time {
    pub fn nanoseconds(self) -> i64 {
        self.0.into()
    }
}

#[derive(Arbitrary, Clone, Debug, Default)]
pub struct Options {
    flags: u32,
    unknown_flag: bool,
    pub mode: u16,
    pub accept_owner: u32,
    pub from_the_future: bool,
    pub spin: Time,
    pub timeout: Time,
}

impl Options {
    pub fn flags(&self) -> u32 {
        let known = self.flags & PlainOptions::FLAGS;
        // Entering the pages of a sparse region makes memory of all of it.
        let too_much = if known & PlainOptions::SPARSE != 0 { PlainOptions::PREFAULT } else { 0 };
        known & !too_much | u32::from(self.unknown_flag) << 31
    }

    /// Small, or too much.
    pub fn capacity(&self, capacity: usize) -> usize {
        if capacity < TOO_MUCH { capacity % 20_000 } else { capacity }
    }
}

/// A shape of few bytes, or of too many.
pub fn small(shape: &[u64]) -> Vec<u64> {
    shape.iter().map(|&length| if length < 1 << 40 { length % 4 } else { length }).collect()
}

#[derive(Arbitrary, Clone, Debug)]
pub enum Call {
    Create { name: Name, capacity: usize, options: Options, out: Option<u8> },
    CreateTensor { name: Name, dtype: u32, shape: Vec<u64>, options: Options, out: Option<u8> },
    Open { name: Name, options: Options, out: Option<u8> },
    OpenOrCreate { name: Name, capacity: usize, options: Options, out: Option<u8> },
    NullName,
    Remove { name: Name },
    Clone { region: Handle, out: Option<u8> },
    Close { region: Handle },
    Unlink { region: Handle },
    Persist { region: Handle },
    Notify { region: Handle },
    Interrupt { region: Handle },
    Touch { region: Handle },
    Wait { region: Handle, time: Time },
    WaitPast { region: Handle, sequence: u64, time: Time },
    WaitAsync { region: Handle, time: Time, out: u8 },
    WaitCancel { wait: Handle },
    Describe { region: Handle, dtype: u32, shape: Vec<u64> },
    Tensor { region: Handle, dtype: u32, out: Option<u8> },
    ViewRetain { region: Handle, out: Option<u8> },
    ViewRelease { view: Handle },
    ViewRetire { view: Handle },
    ViewTouch { view: Handle },
    List { out: Option<u8> },
    ListingGet { listing: Handle, index: u8, size: bool },
    ListingFree { listing: Handle },
    Names { code: u32, text: Vec<u8> },
}
