//! `zinc.h`, by cbindgen from the sources of the C ABI.

use anyhow::{Context, Result};

use super::{MARK, Project};

/// The folder of the C ABI's crate.
const HOME: &str = "crates/zinc-sys";

/// Where `zinc.h` comes from, in the order in which it tells.
pub(super) const SOURCES: [&str; 15] = [
    "../zinc/src/error/kind.rs",
    "../zinc/src/descriptor/dtype.rs",
    "src/handles.rs",
    "src/eight.rs",
    "src/failure.rs",
    "src/options/fields.rs",
    "src/options.rs",
    "src/waits.rs",
    "src/async_waits.rs",
    "src/async_opens.rs",
    "src/facts.rs",
    "src/regions.rs",
    "src/tensors.rs",
    "src/views.rs",
    "src/names.rs",
];

/// The first function of each part of the header, and what the part is about.
const PARTS: [(&str, &str); 10] = [
    ("zinc_create", "The eight frozen functions: the whole main job"),
    ("zinc_error_message", "The second group, which grows. Errors"),
    ("zinc_options_init", "Options"),
    ("zinc_wait_ns", "Waiting, more finely"),
    ("zinc_wait_async", "Waiting without a thread"),
    ("zinc_open_async", "Opening without a thread"),
    ("zinc_name", "Regions: what is known of them, what their owner may do, which there are"),
    ("zinc_create_tensor", "Tensors"),
    ("zinc_view_retain", "Views: memory that outlives the handle"),
    ("zinc_version", "Names and versions"),
];

pub(super) fn source(project: &Project, source: &str) -> std::path::PathBuf {
    project.path(HOME).join(source)
}

pub(super) fn zinc_h(project: &Project) -> Result<String> {
    let config = project.path(HOME).join("cbindgen.toml");
    let mut config = cbindgen::Config::from_file(config).map_err(anyhow::Error::msg)?;
    config.autogen_warning = Some(format!("/* {MARK} {HOME}/src. */"));
    let mut builder = cbindgen::Builder::new().with_config(config);
    for name in SOURCES {
        builder = builder.with_src(source(project, name));
    }
    let mut made = Vec::new();
    builder.generate().context("cbindgen reads the C ABI's sources")?.write(&mut made);
    let mut made = String::from_utf8(made)?;
    for (function, title) in PARTS {
        let call = format!("{function}(");
        // The introduction mentions some of them, too.
        let declares =
            |at: &usize| made[..*at].lines().last().is_some_and(|line| !line.starts_with([' ', '/']));
        let declared = made.match_indices(&call).map(|(at, _)| at).find(declares);
        let declared = declared.with_context(|| format!("zinc.h has no {function}"))?;
        let comment = made[..declared].rfind("\n\n").context("a blank line before each comment")? + 1;
        made.insert_str(comment, &format!("\n// --- {title} ---\n"));
    }
    Ok(made)
}
