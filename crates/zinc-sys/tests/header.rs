//! `include/zinc.h` is what its sources make: `ZINC_WRITE_HEADER=1 cargo test -p zinc-sys --test header` writes it.

use std::path::Path;

/// In the order in which the header tells of them.
const SOURCES: [&str; 11] = [
    "../zinc/src/error/kind.rs",
    "../zinc/src/descriptor/dtype.rs",
    "src/handles.rs",
    "src/eight.rs",
    "src/failure.rs",
    "src/options.rs",
    "src/waits.rs",
    "src/regions.rs",
    "src/tensors.rs",
    "src/views.rs",
    "src/names.rs",
];

#[test]
fn the_header_is_what_the_sources_make() {
    let home = Path::new(env!("CARGO_MANIFEST_DIR"));
    let config = cbindgen::Config::from_file(home.join("cbindgen.toml")).expect("cbindgen.toml");
    let mut builder = cbindgen::Builder::new().with_config(config);
    for source in SOURCES {
        builder = builder.with_src(home.join(source));
    }
    let mut made = Vec::new();
    builder.generate().expect("cbindgen reads the sources").write(&mut made);
    let made = String::from_utf8(made).expect("a header is text");

    let path = home.join("include/zinc.h");
    if std::env::var_os("ZINC_WRITE_HEADER").is_some() {
        std::fs::write(&path, &made).expect("write include/zinc.h");
    }
    let committed = std::fs::read_to_string(&path).expect("include/zinc.h");
    let same = committed.lines().zip(made.lines()).position(|(old, new)| old != new);
    assert!(
        committed == made,
        "include/zinc.h is stale from line {} on: ZINC_WRITE_HEADER=1 cargo test -p zinc-sys --test header",
        same.unwrap_or(committed.lines().count().min(made.lines().count())) + 1
    );
}
