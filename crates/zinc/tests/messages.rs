//! What errors say fits the call that failed: who owns the name, how long it waited, and what to do about it.

mod common;

use std::time::Duration;

use common::{Part, Stage};
use zinc::{DType, ErrorKind, RegionOptions, Timeout, binding};

common::parts!(own, be_told_to_spin, spell_in_camel_case);

#[track_caller]
fn says<T: std::fmt::Debug>(result: zinc::Result<T>, kind: ErrorKind, words: &str) {
    let error = result.unwrap_err();
    assert_eq!(error.kind(), kind, "{error}");
    assert!(error.to_string().contains(words), "{words:?} in: {error}");
}

#[test]
fn an_open_that_found_nothing_says_how_long_it_waited() {
    let stage = Stage::new();
    let open = |options: RegionOptions| options.open("r");
    says(
        open(stage.options()),
        ErrorKind::NotFound,
        "create it first, or open it with a timeout to wait for it",
    );
    for (time, words) in [(50.0, "within 50 ms"), (1.5, "within 1.5 ms"), (0.01, "within 0.01 ms")] {
        let time = Duration::from_secs_f64(time / 1e3);
        says(open(stage.options().timeout(time)), ErrorKind::NotFound, words);
    }
    assert_eq!(Timeout::from(Duration::from_secs(90)).to_string(), "90 s");
    assert_eq!(Timeout::FOREVER.to_string(), "for ever");
}

fn own(part: &mut Part) {
    let _owner = part.options().create("r", 1).unwrap();
    part.say("created");
    part.hear();
}

#[test]
fn who_has_the_name_is_told() {
    let stage = Stage::new();
    let mut other = stage.start("own");
    other.expect("created");
    let owner = format!("process {} owns", other.pid());
    says(stage.options().create("r", 1), ErrorKind::AlreadyExists, &owner);
    says(stage.options().remove("r"), ErrorKind::PermissionDenied, &owner);
    other.kill();
    let timeout = stage.options().timeout(5);
    std::mem::forget(stage.options().remove("r"));
    says(timeout.open("r"), ErrorKind::NotFound, "none appeared within 5 ms");

    let _mine = stage.options().create("r", 1).unwrap();
    says(stage.options().create("r", 1), ErrorKind::AlreadyExists, "this process owns it already");
    says(stage.options().remove("r"), ErrorKind::PermissionDenied, "this process owns it");
    says(stage.options().remove("s"), ErrorKind::NotFound, "nothing to remove");
}

#[test]
fn data_that_nobody_described_is_looked_at_as_bytes() {
    let stage = Stage::new();
    let owner = stage.options().create("r", 4).unwrap();
    says(
        owner.tensor::<f32>(),
        ErrorKind::Descriptor,
        "look at its bytes, or have its owner describe them as float32",
    );
}

#[test]
fn a_number_that_was_negative_is_shown_as_such() {
    let stage = Stage::new();
    says(
        stage.options().create("r", usize::MAX),
        ErrorKind::InvalidSize,
        "-1 (or 18446744073709551615) bytes",
    );
    says(stage.options().mode(u32::MAX).create("r", 1), ErrorKind::InvalidArgument, "the mode -1 ");
    let shape = [2, -3_i64 as u64];
    says(stage.options().create_tensor("r", DType::I8, &shape), ErrorKind::Descriptor, "int8[2, -3 (or ");
}

fn be_told_to_spin(part: &mut Part) {
    let options = part.options();
    let create = |value: &str| {
        // SAFETY: this process has one thread that looks at its environment, this one.
        unsafe { std::env::set_var("ZINC_SPIN_US", value) };
        (options.create("r", 1), options.clone().spin(Duration::ZERO).create("s", 1))
    };
    for wrong in ["abc", "-1", "1.5", "5us", " "] {
        let (by_environment, by_option) = create(wrong);
        says(by_environment, ErrorKind::InvalidArgument, &format!("ZINC_SPIN_US is {wrong:?}"));
        drop(by_option.expect("an option that says how long to spin asks no environment"));
        says(options.open("none"), ErrorKind::InvalidArgument, "a number of microseconds, or unset it");
    }
    for right in ["", "0", "50", " 7 "] {
        drop(create(right).0.expect("a number, or nothing"));
    }
    part.say("done");
}

#[test]
fn a_spin_that_is_no_number_is_a_wrong_argument() {
    let stage = Stage::new();
    let mut process = stage.start("be_told_to_spin");
    process.expect("done");
    assert!(process.end().success());
    assert!(stage.files().is_empty());
}

fn spell_in_camel_case(part: &mut Part) {
    binding::spell_operations(binding::Spelling::Camel);
    let options = part.options().read_only(true).copy_on_write(true);
    let error = options.open("r").unwrap_err();
    part.say(error);
    part.say(part.options().open_or_create("r", 0).unwrap_err());
}

#[test]
fn operations_and_options_are_spelt_as_the_language_spells_them() {
    let stage = Stage::new();
    let mut process = stage.start("spell_in_camel_case");
    let error = process.hear();
    assert!(error.contains("the options readOnly and copyOnWrite exclude each other"), "{error}");
    let error = process.hear();
    assert!(error.starts_with("openOrCreate \"r\": "), "{error}");
}
