//! Whatever file has a region's name, opening it gives a region within its bounds or a named error, never a crash.

mod common;

use std::fs::File;
use std::os::unix::fs::FileExt;
use std::os::unix::net::UnixListener;
use std::path::Path;

use common::sleeper::promptly;
use common::{Stage, is_root, note, word};
use proptest::prelude::*;
use zinc::{DType, ErrorKind, RegionState, Timeout};

/// Offsets of the header's fields. They are written out here, and not read from `spec/layout.toml`: what damages files
/// by them is a witness of the layout that does not follow a mistake in the spec.
mod offset {
    pub(crate) const MAGIC: u64 = 0;
    pub(crate) const VERSION: u64 = 8;
    pub(crate) const HEADER_LEN: u64 = 12;
    pub(crate) const CAPACITY: u64 = 16;
    pub(crate) const FLAGS: u64 = 24;
    pub(crate) const SEQUENCE: u64 = 128;
    pub(crate) const DESCRIPTOR: u64 = 512;
}

const PAGE: usize = 4096;

/// The whole file of a good region, which is persistent and so needs no owner.
fn good() -> Vec<u8> {
    let stage = Stage::new();
    drop(stage.options().persistent(true).create_tensor("r", DType::F32, &[5, 5]).unwrap());
    let bytes = std::fs::read(stage.file("r")).unwrap();
    assert_eq!(bytes.len(), 2 * PAGE);
    bytes
}

/// What every way to use the name gives, in the order: open, open read-only, create, open or create, remove, list.
fn try_all(stage: &Stage) -> [String; 6] {
    let options = stage.options();
    promptly(move || {
        [
            word(options.open("r").map(drop)),
            word(options.clone().read_only(true).open("r").map(drop)),
            word(options.create("r", 1).map(drop)),
            word(options.open_or_create("r", 1).map(drop)),
            word(options.remove("r")),
            word(options.list().map(|regions| regions.len())),
        ]
    })
}

#[track_caller]
fn assert_refused(stage: &Stage, what: &str, kind: ErrorKind) {
    let answers = try_all(stage);
    assert!(answers[..5].iter().all(|answer| answer == kind.name()), "{what}: {answers:?}");
    assert_eq!(answers[5], "0", "{what}: the list leaves it out");
    assert!(stage.file("r").symlink_metadata().is_ok(), "{what}: it is not ours to take away");
    let error = stage.options().open("r").unwrap_err();
    assert!(
        error.to_string().contains("remove") || kind == ErrorKind::VersionMismatch,
        "{what}: what to do: {error}"
    );
}

#[test]
fn files_that_are_too_short_or_something_else_are_not_a_region() {
    let good = good();
    let text = "Four score and seven years ago ".repeat(500).into_bytes();
    for (what, bytes) in [
        ("empty", &good[..0]),
        ("one byte", &good[..1]),
        ("not even a header's fixed part", &good[..63]),
        ("the fixed part only", &good[..64]),
        ("the header without the data", &good[..PAGE]),
        ("one byte of data missing", &good[..PAGE + 99]),
        ("the data without the header", &good[PAGE..]),
        ("zeroes", &[0; 3 * PAGE]),
        ("text", &text),
        ("mangled as text", &String::from_utf8_lossy(&good).replace("\r\n", "\n").into_bytes()),
    ] {
        let stage = Stage::new();
        std::fs::write(stage.file("r"), bytes).unwrap();
        assert_refused(&stage, what, ErrorKind::NotARegion);
    }
}

#[test]
fn fields_that_cannot_be_are_refused() {
    for (what, at, bytes, kind) in [
        ("no magic", offset::MAGIC, &b"zinc"[..], ErrorKind::NotARegion),
        ("the next version", offset::VERSION, &2u32.to_le_bytes(), ErrorKind::VersionMismatch),
        ("no version", offset::VERSION, &0u32.to_le_bytes(), ErrorKind::VersionMismatch),
        ("no header", offset::HEADER_LEN, &0u32.to_le_bytes(), ErrorKind::NotARegion),
        ("a short header", offset::HEADER_LEN, &64u32.to_le_bytes(), ErrorKind::NotARegion),
        ("a long header", offset::HEADER_LEN, &8192u32.to_le_bytes(), ErrorKind::NotARegion),
        ("no capacity", offset::CAPACITY, &0u64.to_le_bytes(), ErrorKind::NotARegion),
        ("a byte too much", offset::CAPACITY, &(PAGE as u64 + 1).to_le_bytes(), ErrorKind::NotARegion),
        ("a capacity that wraps", offset::CAPACITY, &(u64::MAX - 4095).to_le_bytes(), ErrorKind::NotARegion),
        ("all the capacity there is", offset::CAPACITY, &u64::MAX.to_le_bytes(), ErrorKind::NotARegion),
        ("half of that", offset::CAPACITY, &(u64::MAX / 2).to_le_bytes(), ErrorKind::NotARegion),
    ] {
        let stage = Stage::new();
        let file = File::create_new(stage.file("r")).unwrap();
        file.write_all_at(&good(), 0).unwrap();
        file.write_all_at(bytes, at).unwrap();
        assert_refused(&stage, what, kind);
    }
}

#[test]
fn what_is_no_file_is_not_a_region() {
    let elsewhere = Stage::new();
    drop(elsewhere.options().persistent(true).create("r", 100).unwrap());
    let link = |to: &Path, there: &Path| std::os::unix::fs::symlink(to, there);
    let good = elsewhere.file("r");
    for what in [
        "a directory",
        "a link to a good region",
        "a link to nothing",
        "a link to itself",
        "a socket",
        "a pipe",
    ] {
        let stage = Stage::new();
        let there = stage.file("r");
        match what {
            "a directory" => std::fs::create_dir(&there).unwrap(),
            "a link to a good region" => link(&good, &there).unwrap(),
            "a link to nothing" => link("nothing".as_ref(), &there).unwrap(),
            "a link to itself" => link(&there, &there).unwrap(),
            "a socket" => drop(UnixListener::bind(&there).unwrap()),
            _ => node(&stage, rustix::fs::FileType::Fifo),
        }
        assert_refused(&stage, what, ErrorKind::NotARegion);
    }
    if is_root() {
        let stage = Stage::new();
        node(&stage, rustix::fs::FileType::CharacterDevice);
        match File::open(stage.file("r")) {
            Ok(_) => assert_refused(&stage, "a device", ErrorKind::NotARegion),
            Err(error) => note(format_args!("skipped, a device in place of a region: {error}")),
        }
    }
}

fn node(stage: &Stage, kind: rustix::fs::FileType) {
    // The device is /dev/zero, which can be read and mapped.
    let device = rustix::fs::makedev(1, 5);
    rustix::fs::mknodat(rustix::fs::CWD, stage.file("r"), kind, 0o600.into(), device).unwrap();
}

#[test]
fn a_good_header_without_a_living_owner_is_remains() {
    let stage = Stage::new();
    let mut bytes = good();
    bytes[offset::FLAGS as usize] = 0;
    std::fs::write(stage.file("r"), &bytes).unwrap();
    assert_eq!(stage.options().list().unwrap()[0].state, RegionState::Dead);
    assert_eq!(word(stage.options().open("r")), "NotFound");
    std::fs::write(stage.file("r"), &bytes).unwrap();
    assert_eq!(word(stage.options().create("r", 5).map(|owner| owner.capacity())), "5");
}

#[test]
fn a_file_longer_than_its_region_is_read_to_the_capacity() {
    let stage = Stage::new();
    std::fs::write(stage.file("r"), good()).unwrap();
    let file = File::options().write(true).open(stage.file("r")).unwrap();
    file.set_len(1 << 40).unwrap();
    assert_eq!(stage.options().open("r").unwrap().capacity(), 100);
    file.write_all_at(&((1u64 << 40) - PAGE as u64).to_le_bytes(), offset::CAPACITY).unwrap();
    let huge = stage.options().open("r").unwrap();
    assert_eq!(huge.capacity(), (1 << 40) - PAGE);
    // SAFETY: the byte is the region's last.
    assert_eq!(unsafe { huge.as_ptr().add(huge.capacity() - 1).read_volatile() }, 0);
}

/// Cut below its data, and not below its header, which every wait looks at.
#[test]
fn a_wait_tells_of_a_file_that_was_cut_short() {
    let stage = Stage::new();
    let _owner = stage.options().create("r", 4 * PAGE).unwrap();
    for sleeps in [Timeout::POLL, Timeout::from_millis(1), Timeout::FOREVER] {
        let region = stage.options().open("r").unwrap();
        let file = File::options().write(true).open(stage.file("r")).unwrap();
        let len = file.metadata().unwrap().len();
        file.set_len(3 * PAGE as u64).unwrap();
        assert_eq!(region.wait(sleeps).unwrap_err().kind(), ErrorKind::NotARegion);
        assert_eq!(pollster::block_on(region.wait_async(sleeps)).unwrap_err().kind(), ErrorKind::NotARegion);
        file.set_len(len).unwrap();
        assert!(!region.wait(0).unwrap());
    }
}

/// Where a change is likely to matter: the fixed part, the words that processes share, and anywhere else.
fn place() -> impl Strategy<Value = u64> {
    prop_oneof![
        4 => 0..64u64,
        1 => offset::FLAGS..offset::FLAGS + 1,
        2 => prop::sample::select(vec![offset::SEQUENCE, 132, 256, 260, 384]),
        3 => offset::DESCRIPTOR..offset::DESCRIPTOR + 80,
        1 => 0..PAGE as u64,
    ]
}

fn bytes() -> impl Strategy<Value = Vec<u8>> {
    prop_oneof![
        any::<u8>().prop_map(|byte| vec![byte]),
        any::<u32>().prop_map(|word| word.to_le_bytes().to_vec()),
        any::<u64>().prop_map(|word| word.to_le_bytes().to_vec()),
        (0..64u32).prop_map(|bit| (u64::MAX >> bit).to_le_bytes().to_vec()),
        (0..64u32).prop_map(|bit| (1u64 << bit).to_le_bytes().to_vec()),
        (0..20u64).prop_map(|small| small.to_le_bytes().to_vec()),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 1500, ..ProptestConfig::default() })]

    #[test]
    fn no_mutation_of_a_good_header_crashes_its_reader(
        changes in prop::collection::vec((place(), bytes()), 0..5),
        length in prop_oneof![4 => Just(2 * PAGE as u64), 1 => 0..3 * PAGE as u64, 1 => Just(1 << 30)],
        read_only in any::<bool>(),
    ) {
        let stage = Stage::new();
        let file = File::create_new(stage.file("r")).unwrap();
        file.write_all_at(&good(), 0).unwrap();
        for (at, bytes) in &changes {
            file.write_all_at(bytes, *at).unwrap();
        }
        file.set_len(length).unwrap();

        let options = stage.options().read_only(read_only);
        match options.open("r") {
            Ok(region) => {
                prop_assert!(region.capacity() > 0 && region.capacity() as u64 + PAGE as u64 <= length);
                for at in [0, region.capacity() / 2, region.capacity() - 1] {
                    // SAFETY: the byte is within the region.
                    unsafe { region.as_ptr().add(at).read_volatile() };
                }
                match region.descriptor() {
                    Ok(Some(descriptor)) => prop_assert!(descriptor.byte_len() <= region.capacity() as u64),
                    Ok(None) => {}
                    Err(error) => prop_assert_eq!(error.kind(), ErrorKind::Descriptor),
                }
                if let Ok(tensor) = region.tensor::<f32>() {
                    prop_assert!(tensor.len() * 4 <= region.capacity());
                    // SAFETY: nobody writes to the file any more.
                    unsafe { tensor.as_slice() }.iter().for_each(|element| {
                        std::hint::black_box(*element);
                    });
                }
                let ends = [word(region.wait(0)), word(region.wait(1)), word(region.wait_past(u64::MAX, 0))];
                let possible = ["true", "false", "None", "Closed"];
                prop_assert!(ends.iter().all(|end| possible.contains(&end.as_str())), "{:?}", ends);
                prop_assert!(region.sequence().is_ok() && region.notify().is_ok());
            }
            Err(error) => {
                let named = [ErrorKind::NotARegion, ErrorKind::VersionMismatch, ErrorKind::NotFound];
                prop_assert!(named.contains(&error.kind()), "{:?}", error);
            }
        }
        let answers = try_all(&stage);
        prop_assert!(!answers.iter().any(|answer| answer == "Os"), "{:?}", answers);
    }
}
