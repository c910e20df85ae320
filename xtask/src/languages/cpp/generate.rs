//! What `zinc.hpp` has of the spec, between marks: kinds of error with their exceptions, element types, options.

use std::fmt::Write as _;

use heck::ToSnakeCase;
use zinc_spec::{Choice, ChoiceType, Kind, Spec};

use crate::generate::options::lower;
use crate::generate::text::{comment, each};

/// Each part, by what its mark says.
pub(crate) fn blocks(spec: &Spec) -> [(&'static str, String); 3] {
    [
        ("kinds of error, element types", tables(spec)),
        ("exceptions", exceptions(&spec.kinds)),
        ("options", options(&spec.options)),
    ]
}

fn tables(spec: &Spec) -> String {
    let kinds = each(&spec.kinds, |kind| {
        format!("  /// {}\n  {} = {},", kind.doc, kind.name.to_snake_case(), kind.c_name())
    });
    let dtypes = each(&spec.dtypes, |dtype| {
        // That one is a keyword.
        let name = if dtype.name == "bool" { "boolean" } else { &dtype.name };
        format!("  {name} = ZINC_DTYPE_{},", dtype.variant.to_uppercase())
    });
    let newest = spec.kinds.iter().min_by_key(|kind| kind.code).map(|kind| kind.name.to_snake_case());
    let newest = newest.unwrap_or_default();
    let conditions = each(spec.kinds.iter().filter(|kind| kind.errno.is_some()), |kind| {
        format!("    case {}: return {};", kind.c_name(), kind.errno.as_deref().unwrap_or_default())
    });
    format!(
        "
/// What went wrong; the numbers are the same in every language.
enum class errc : int {{
{kinds}}};

/// The type of a tensor's elements.
enum class dtype : std::uint32_t {{
{dtypes}}};

namespace detail {{

/// The newest kind.
inline constexpr errc newest = errc::{newest};

/// The errno that says the like of a kind; 0 if none does.
constexpr int condition(int code) noexcept {{
  switch (code) {{
{conditions}    default: return 0;
  }}
}}

}}  // namespace detail

"
    )
}

fn exceptions(kinds: &[Kind]) -> String {
    let mut out = String::from("\n");
    for kind in kinds {
        let name = kind.name.to_snake_case();
        let _ = writeln!(out, "/// {}\nusing {name}_error = error_of<errc::{name}>;", kind.doc);
    }
    let cases = each(kinds, |kind| {
        let name = kind.name.to_snake_case();
        format!("    case errc::{name}: throw {name}_error();")
    });
    let _ = write!(
        out,
        "
#if defined(__cpp_exceptions)
namespace detail {{

/// Throws the calling thread's last error.
[[noreturn]] inline void raise(int code) {{
  switch (static_cast<errc>(code)) {{
{cases}  }}
  throw error(static_cast<errc>(code));
}}

}}  // namespace detail
#endif

"
    );
    out
}

fn options(options: &[Choice]) -> String {
    each(options, |option| {
        let (name, field) = (&option.name, option.c_field());
        let doc = comment(&format!("{}: {}", option.calls_text(), lower(&option.doc_in(None))), "  /// ");
        let (given, body) = match option.kind {
            ChoiceType::Bool => {
                let line = format!("return flag({}, yes);", option.c_flag());
                return format!("{doc}\n  options& {name}(bool yes = true) noexcept {{ {line} }}");
            }
            ChoiceType::Mode => ("std::uint32_t bits) noexcept", format!("c_.{field} = bits;")),
            ChoiceType::User => ("std::uint32_t id) noexcept", format!("c_.{field} = id;")),
            ChoiceType::Group => {
                let set = format!("c_.{field} = id;\n    c_.flags |= {};", option.c_flag());
                ("std::uint32_t id) noexcept", set)
            }
            ChoiceType::Duration => (
                "std::chrono::nanoseconds limit) noexcept",
                format!("c_.{field} = limit.count() > 0 ? limit.count() : -1;"),
            ),
            ChoiceType::Timeout => {
                ("zinc::timeout time) noexcept", format!("c_.{field} = time.nanoseconds();"))
            }
            ChoiceType::Path => {
                let body = format!("{name}_ = detail::c_string(path);");
                // A template, so that what is both a string and a path is taken for a string.
                let of_path = format!(
                    "  template <class Path, std::enable_if_t<std::is_same_v<Path, std::filesystem::path>, int> = 0>\n  \
                     options& {name}(const Path& path) {{\n    return {name}(std::string_view(path.native()));\n  }}"
                );
                return format!(
                    "{doc}\n  options& {name}(std::string_view path) {{\n    {body}\n    return *this;\n  }}\n{of_path}"
                );
            }
        };
        format!("{doc}\n  options& {name}({given} {{\n    {body}\n    return *this;\n  }}")
    })
}
