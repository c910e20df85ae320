//! The Java package's generated classes: error kinds, an exception for each, element types, options.

mod options;

use crate::generate::MARK;
use crate::generate::text::{each, javadoc};
use heck::ToShoutySnakeCase;
use zinc_spec::{DType, Kind, Spec};

pub(super) const FOLDER: &str = "crates/zinc-jni/src/main/java/dev/zinc";

/// Every generated file, by its path in the checkout.
pub(crate) fn files(spec: &Spec) -> Vec<(String, String)> {
    let classes = [
        ("ErrorKind".to_owned(), error_kind(spec)),
        ("Failures".to_owned(), failures(spec)),
        ("DType".to_owned(), dtype(spec)),
        ("Choices".to_owned(), options::choices(spec)),
    ];
    let exceptions = spec.kinds.iter().map(|kind| (kind.exception(), exception(kind)));
    let file = |(class, text)| (format!("{FOLDER}/{class}.java"), text);
    classes.into_iter().chain(exceptions).map(file).collect()
}

/// The classes that the sealed base class permits.
pub(super) fn permitted(spec: &Spec) -> String {
    let classes: Vec<_> =
        spec.kinds.iter().map(|kind| format!("                {}", kind.exception())).collect();
    classes.join(",\n") + "\n"
}

fn error_kind(spec: &Spec) -> String {
    let constants = each(&spec.kinds, |kind| {
        format!("    /** {} */\n    {}({}, {:?}),", javadoc(&kind.doc), kind.constant(), kind.code, kind.name)
    });
    let constants = constants.trim_end().trim_end_matches(',');
    format!(
        r#"// {MARK} crates/zinc/spec/errors.toml.

package dev.zinc;

/** What went wrong, as programs tell it apart: one list for every language. Codes are never reused or renumbered. */
public enum ErrorKind {{
{constants};

    private final int code;
    private final String title;

    ErrorKind(int code, String title) {{
        this.code = code;
        this.title = title;
    }}

    /**
     * The stable negative number that every language uses.
     *
     * @return the code
     */
    public int code() {{
        return code;
    }}

    /**
     * The kind's name in every language, such as {{@code NotFound}}.
     *
     * @return the name
     */
    @Override
    public String toString() {{
        return title;
    }}
}}
"#
    )
}

fn exception(kind: &Kind) -> String {
    let (class, constant, doc) = (kind.exception(), kind.constant(), javadoc(&kind.doc));
    format!(
        r#"// {MARK} crates/zinc/spec/errors.toml.

package dev.zinc;

/** {doc} */
public final class {class} extends ZincException {{
    private static final long serialVersionUID = 1;

    {class}(Details details) {{
        super(ErrorKind.{constant}, details);
    }}
}}
"#
    )
}

fn failures(spec: &Spec) -> String {
    let cases = each(&spec.kinds, |kind| {
        format!("            case {} -> new {}(details);", kind.code, kind.exception())
    });
    format!(
        r#"// {MARK} crates/zinc/spec/errors.toml.

package dev.zinc;

/** Makes the exception for an error of the core; native code calls it. */
final class Failures {{
    private Failures() {{}}

    static ZincException of(
            int code, String message, String operation, String region, int osError, long needed, long free) {{
        var details = new ZincException.Details(message, operation, region, osError, needed, free);
        return switch (code) {{
{cases}            default -> throw new IllegalArgumentException("zinc: no kind of error has the code " + code);
        }};
    }}
}}
"#
    )
}

fn dtype(spec: &Spec) -> String {
    let constants = each(&spec.dtypes, |dtype| {
        let DType { name, code, size, .. } = dtype;
        let (bytes, constant) = (dtype.bytes(), name.to_shouty_snake_case());
        format!("    /** {{@code {name}}}: {bytes} each. */\n    {constant}({code}, {name:?}, {size}),")
    });
    let constants = constants.trim_end().trim_end_matches(',');
    format!(
        r#"// {MARK} crates/zinc/spec/dtypes.toml.

package dev.zinc;

import java.util.Optional;

/** The type of a tensor's elements. Numbers are little-endian. */
public enum DType {{
{constants};

    private final int code;
    private final String title;
    private final int size;

    DType(int code, String title, int size) {{
        this.code = code;
        this.title = title;
        this.size = size;
    }}

    /**
     * The stable code that a region stores.
     *
     * @return the code
     */
    public int code() {{
        return code;
    }}

    /**
     * Bytes of one element.
     *
     * @return the size in bytes
     */
    public int size() {{
        return size;
    }}

    /**
     * The name that every language uses, numpy's where numpy has one, such as {{@code float32}}.
     *
     * @return the name
     */
    @Override
    public String toString() {{
        return title;
    }}

    /**
     * The element type of a name, such as {{@code float32}}.
     *
     * @param name what {{@link #toString()}} gives
     * @return the element type, or nothing if there is none of that name
     */
    public static Optional<DType> named(String name) {{
        for (DType dtype : values()) {{
            if (dtype.title.equals(name)) {{
                return Optional.of(dtype);
            }}
        }}
        return Optional.empty();
    }}

    static DType of(int code) {{
        for (DType dtype : values()) {{
            if (dtype.code == code) {{
                return dtype;
            }}
        }}
        throw new IllegalArgumentException("zinc: no element type has the code " + code);
    }}
}}
"#
    )
}
