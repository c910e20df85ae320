//! `zinc.h`, and the tables in `zinc.hpp`, are what their sources make. `ZINC_WRITE_HEADERS=1 cargo test -p zinc-sys
//! --test header` writes them.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use toml::{Table, Value};

/// Where `zinc.h` comes from, in the order in which it tells.
const SOURCES: [&str; 12] = [
    "../zinc/src/error/kind.rs",
    "../zinc/src/descriptor/dtype.rs",
    "src/handles.rs",
    "src/eight.rs",
    "src/failure.rs",
    "src/options.rs",
    "src/waits.rs",
    "src/async_waits.rs",
    "src/regions.rs",
    "src/tensors.rs",
    "src/views.rs",
    "src/names.rs",
];

/// The first function of each part of the header, and what the part is about.
const PARTS: [(&str, &str); 9] = [
    ("zinc_create", "The eight frozen functions: the whole main job"),
    ("zinc_error_message", "The second group, which grows. Errors"),
    ("zinc_options_init", "Options"),
    ("zinc_wait_ns", "Waiting, more finely"),
    ("zinc_wait_async", "Waiting without a thread"),
    ("zinc_name", "Regions: what is known of them, what their owner may do, which there are"),
    ("zinc_create_tensor", "Tensors"),
    ("zinc_view_retain", "Views: memory that outlives the handle"),
    ("zinc_version", "Names and versions"),
];

#[test]
fn the_c_header_is_what_the_sources_make() {
    let config = cbindgen::Config::from_file(home("cbindgen.toml")).expect("cbindgen.toml");
    let mut builder = cbindgen::Builder::new().with_config(config);
    for source in SOURCES {
        builder = builder.with_src(home(source));
    }
    let mut made = Vec::new();
    builder.generate().expect("cbindgen reads the sources").write(&mut made);
    let mut made = String::from_utf8(made).expect("a header is text");
    for (function, title) in PARTS {
        let call = format!("{function}(");
        // The introduction mentions some of them, too.
        let declares =
            |at: &usize| made[..*at].lines().last().is_some_and(|line| !line.starts_with([' ', '/']));
        let declared = made.match_indices(&call).map(|(at, _)| at).find(declares);
        let declared = declared.expect("a function of the header");
        let comment = made[..declared].rfind("\n\n").expect("a blank line before each comment") + 1;
        made.insert_str(comment, &format!("\n// --- {title} ---\n"));
    }
    compare("include/zinc.h", &made);
}

#[test]
fn the_cpp_header_has_the_kinds_and_types_of_the_spec() {
    let kinds = spec("errors.toml", "kind");
    let dtypes = spec("dtypes.toml", "dtype");
    let mut made = std::fs::read_to_string(home("include/zinc.hpp")).expect("include/zinc.hpp");
    fill(&mut made, "kinds of error, element types", &tables(&kinds, &dtypes));
    fill(&mut made, "exceptions", &exceptions(&kinds));
    compare("include/zinc.hpp", &made);
}

fn home(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(path)
}

fn compare(file: &str, made: &str) {
    if std::env::var_os("ZINC_WRITE_HEADERS").is_some() {
        std::fs::write(home(file), made).expect("write the header");
    }
    let committed = std::fs::read_to_string(home(file)).expect("the header is there");
    let same = committed.lines().zip(made.lines()).take_while(|(old, new)| old == new).count();
    assert!(
        committed == made,
        "{file} is stale from line {} on; ZINC_WRITE_HEADERS=1 cargo test -p zinc-sys --test header writes it",
        same + 1
    );
}

fn spec(file: &str, table: &str) -> Vec<Table> {
    let text = std::fs::read_to_string(home("../zinc/spec").join(file)).expect("a spec file");
    let spec: Table = text.parse().expect("a spec file is TOML");
    let rows = spec[table].as_array().expect("an array of tables");
    rows.iter().filter_map(Value::as_table).cloned().collect()
}

fn text<'a>(row: &'a Table, key: &str) -> &'a str {
    row.get(key).and_then(Value::as_str).unwrap_or_default()
}

/// A kind's name in C++: `not_found` for `NotFound`.
fn snake(kind: &Table) -> String {
    let mut name = String::new();
    for letter in text(kind, "name").chars() {
        if letter.is_uppercase() && !name.is_empty() {
            name.push('_');
        }
        name.extend(letter.to_lowercase());
    }
    name
}

/// Replaces what is between the marks that say `what`.
fn fill(header: &mut String, what: &str, lines: &str) {
    let mark = format!("by tests/header.rs: {what}.\n");
    let start = header.find(&mark).expect("the opening mark") + mark.len();
    let end = start + header[start..].find("// >>>\n").expect("the closing mark");
    header.replace_range(start..end, lines);
}

fn tables(kinds: &[Table], dtypes: &[Table]) -> String {
    let mut out = String::from(
        "\n/// What went wrong; the numbers are the same in every language.\nenum class errc : int {\n",
    );
    for kind in kinds {
        let name = snake(kind);
        let _ = writeln!(out, "  /// {}", text(kind, "doc"));
        let _ = writeln!(out, "  {name} = ZINC_ERROR_{},", name.to_uppercase());
    }
    out += "};\n\n/// The type of a tensor's elements.\nenum class dtype : std::uint32_t {\n";
    for dtype in dtypes {
        // That one is a keyword.
        let name = if text(dtype, "name") == "bool" { "boolean" } else { text(dtype, "name") };
        let _ = writeln!(out, "  {name} = ZINC_DTYPE_{},", text(dtype, "variant").to_uppercase());
    }
    out += "};\n\nnamespace detail {\n\n";
    out += "/// The errno that says the like of a kind; 0 if none does.\n";
    out += "constexpr int condition(int code) noexcept {\n  switch (code) {\n";
    for kind in kinds.iter().filter(|kind| kind.contains_key("errno")) {
        let code = snake(kind).to_uppercase();
        let _ = writeln!(out, "    case ZINC_ERROR_{code}: return {};", text(kind, "errno"));
    }
    out += "    default: return 0;\n  }\n}\n\n";
    out += "}  // namespace detail\n\n";
    out
}

fn exceptions(kinds: &[Table]) -> String {
    let mut out = String::from("\n");
    for kind in kinds {
        let name = snake(kind);
        let _ = writeln!(out, "/// {}", text(kind, "doc"));
        let _ = writeln!(out, "using {name}_error = error_of<errc::{name}>;");
    }
    out += "\n#if defined(__cpp_exceptions)\nnamespace detail {\n\n";
    out += "/// Throws the calling thread's last error.\n";
    out += "[[noreturn]] inline void raise(int code) {\n  switch (static_cast<errc>(code)) {\n";
    for kind in kinds {
        let name = snake(kind);
        let _ = writeln!(out, "    case errc::{name}: throw {name}_error();");
    }
    out += "  }\n  throw error(static_cast<errc>(code));\n}\n\n}  // namespace detail\n#endif\n\n";
    out
}
