//! Whatever a name is: it is taken or refused by the rule, and leads to one file, in the directory.
#![no_main]

use std::os::unix::fs::MetadataExt;
use std::sync::LazyLock;

use libfuzzer_sys::fuzz_target;
use zinc::{ErrorKind, RegionOptions};

static OPTIONS: LazyLock<RegionOptions> = LazyLock::new(|| {
    let options = zinc_fuzz::options();
    // The first create of a process sweeps.
    drop(options.create("first", 1));
    options
});

fn is_name(text: &str) -> bool {
    let allowed = |byte: u8| byte.is_ascii_alphanumeric() || b"._-".contains(&byte);
    (1..=128).contains(&text.len()) && !text.starts_with('.') && text.bytes().all(allowed)
}

fuzz_target!(|name: &str| {
    let options = &*OPTIONS;
    let error = options.open(name).expect_err("nobody has created it");
    let expected = if is_name(name) { ErrorKind::NotFound } else { ErrorKind::InvalidName };
    assert_eq!(error.kind(), expected, "{error}");
    if !is_name(name) {
        assert_eq!(options.create(name, 1).expect_err("no name").kind(), ErrorKind::InvalidName);
        assert_eq!(options.remove(name).expect_err("no name").kind(), ErrorKind::InvalidName);
        return;
    }
    let owner = options.create(name, 1).expect("a good name that is free");
    let file = zinc_fuzz::directory().join(format!("zinc.{name}"));
    assert_eq!((owner.name(), &owner.info().path), (name, &file));
    assert_eq!(file.symlink_metadata().expect("its file").nlink(), 1);
    let there: Vec<_> = options.list().expect("a list").into_iter().map(|info| info.name).collect();
    assert_eq!(there, [name]);
    assert_eq!(options.open(name).expect("it is there").info().id, owner.info().id);
    owner.close().expect("its end");
    assert_eq!(std::fs::read_dir(zinc_fuzz::directory()).expect("the directory").count(), 0);
});
