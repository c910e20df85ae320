//! A mode says who may open a region, and one that cannot mean anything is refused, with what it was and what was meant.

mod common;

use std::os::unix::fs::MetadataExt;

use common::{Stage, word};
use zinc::ErrorKind;

#[test]
fn a_mode_that_means_something_is_the_mode_of_the_file() {
    let stage = Stage::new();
    for mode in [0o600, 0o640, 0o660, 0o644, 0o664, 0o666, 0o604, 0o606, 0o646] {
        let _owner = stage.options().mode(mode).create("r", 1).unwrap();
        assert_eq!(stage.file("r").metadata().unwrap().mode() & 0o7777, mode, "{mode:o}");
    }
}

#[test]
fn a_mode_that_means_nothing_is_refused_and_shown_in_octal_digits() {
    let stage = Stage::new();
    for (mode, told) in [
        // The decimal numbers of those who forget the prefix.
        (600, ["0o1130", "did you mean 0o600?"]),
        (660, ["0o1224", "did you mean 0o660?"]),
        (644, ["0o1204", "did you mean 0o644?"]),
        (666, ["0o1232", "did you mean 0o666?"]),
        (640, ["0o1200", "did you mean 0o640?"]),
        (u32::MAX, ["the mode -1 ", "beyond"]),
        (0o1600, ["0o1600", "beyond"]),
        (0o4600, ["0o4600", "beyond"]),
        // The owner's own rights.
        (0o400, ["0o400", "owner"]),
        (0o200, ["0o200", "owner"]),
        (0o066, ["0o66", "owner"]),
        // Execution, and writing unread.
        (0o700, ["0o700", "execute"]),
        (0o777, ["0o777", "execute"]),
        (0o610, ["0o610", "execute"]),
        (0o620, ["0o620", "write who may not read"]),
        (0o602, ["0o602", "write who may not read"]),
        (0o642, ["0o642", "write who may not read"]),
    ] {
        let options = stage.options().mode(mode);
        let error = options.create("r", 1).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::InvalidArgument, "{mode:o}");
        for told in told {
            assert!(error.to_string().contains(told), "{told} in: {error}");
        }
        assert_eq!(word(options.open_or_create("r", 1)), "InvalidArgument", "{mode:o}");
        assert!(stage.files().is_empty(), "{mode:o}");
    }
}

#[test]
fn a_group_without_rights_is_refused() {
    let stage = Stage::new();
    let group = stage.path().metadata().unwrap().gid();
    for mode in [0o600, 0o604, 0o606] {
        let error = stage.options().group(group).mode(mode).create("r", 1).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::InvalidArgument);
        assert!(error.to_string().contains("0o660"), "{error}");
    }
}
