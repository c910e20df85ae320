//! The calls of the Python package that take options: the extension's functions, and their stubs.

use anyhow::Result;
use zinc_spec::{Call, Choice, ChoiceType, Language, Spec};

use crate::generate::text::{each, plain, wrapped};
use crate::generate::{MARK, Project, rust};

/// One of the static methods that give a region.
struct Way {
    name: &'static str,
    call: Call,
    /// What it takes beside the options: in Rust, in a stub, and what it says of each.
    arguments: &'static [(&'static str, &'static str, &'static str, &'static str)],
    /// What it does, before its arguments.
    doc: &'static str,
    /// And after them.
    rest: &'static str,
    /// The core's call, on `options`.
    core: &'static str,
    returns: &'static str,
}

const NAME: &str = "1 to 128 of the characters A-Z a-z 0-9 . _ - not starting with a dot.";

const WAYS: [Way; 6] = [
    Way {
        name: "create",
        call: Call::Create,
        arguments: &[
            ("name", "&str", "str", NAME),
            ("capacity", "Unsigned<usize>", "SupportsIndex", "The size in bytes. It never changes."),
        ],
        doc: "Create a region and own it.

Its memory is zero, and reserved: it cannot run out later. A name that an owner left behind when it died is free.
Reserving much memory takes time, during which other threads run.",
        rest: "Returns:
    The `OwnedRegion`.

Raises:
    AlreadyExistsError: A living process owns a region of that name, or a persistent one has it.
    NoSpaceError: The memory cannot be reserved; `needed` and `free` say by how much.
    InvalidNameError, InvalidSizeError: The name or the capacity cannot be used.
    InvalidArgumentError: An option means nothing, such as a negative number or a mode that lets nobody read.

Example:
    >>> region = SharedRegion.create(\"pipeline\", 64 * 1024 * 1024)",
        core: "OwnedRegion::object(py, py.detach(|| options.create(name, capacity))?.into(), &options)?",
        returns: "OwnedRegion",
    },
    Way {
        name: "create_tensor",
        call: Call::Create,
        arguments: &[
            ("name", "&str", "str", "As for `create`."),
            (
                "dtype",
                "&Bound<'_, PyAny>",
                "DTypeLike",
                "The element type: a name such as \"float32\", or anything that `numpy.dtype` takes.",
            ),
            (
                "shape",
                "Shape",
                "_Shape",
                "The lengths, outermost first; an int is one dimension. At most eight.",
            ),
        ],
        doc: "Create a region of the size of one tensor, described by its type and shape, which readers find in the region.",
        rest: "The rest is as for `create`.

Raises:
    TypeError: Zinc has no such element type.
    DescriptorError: The shape is impossible.

Example:
    >>> region = SharedRegion.create_tensor(\"frame\", \"uint8\", (1080, 1920, 3))
    >>> region.as_numpy()[:] = frame
    >>> region.notify()",
        core: "{
            let dtype = dtype::given(dtype)?;
            OwnedRegion::object(py, py.detach(|| options.create_tensor(name, dtype, &shape))?.into(), &options)?
        }",
        returns: "OwnedRegion",
    },
    Way {
        name: "create_from",
        call: Call::Create,
        arguments: &[
            ("name", "&str", "str", "As for `create`."),
            ("array", "&Bound<'_, PyAny>", "ArrayLike", "What to copy: anything that `numpy.asarray` takes."),
        ],
        doc: "Create a region with a copy of an array in it, and say what it is.

Whoever opens it finds it filled, and its first `wait` returns at once.",
        rest: "The rest is as for `create`.

Raises:
    TypeError: Zinc has no such element type.
    ImportError: numpy is not installed.

It also raises what `create_tensor` and `OwnedRegion.link` raise. Whether the name is free is asked last.

Example:
    >>> region = SharedRegion.create_from(\"weights\", np.ones((3, 4)))",
        core: "numpy::create_from(py, &options, name, array)?",
        returns: "OwnedRegion",
    },
    Way {
        name: "open",
        call: Call::Open,
        arguments: &[("name", "&str", "str", "The region's name.")],
        doc: "Open a region that another process, or this one, created.

Other threads run while it waits for the region to appear, and Ctrl-C ends that.",
        rest: "Returns:
    The `SharedRegion`.

Raises:
    NotFoundError: There is no region of that name, or none appeared in time, or its owner died.
    WrongOwnerError: It belongs to another user, and neither `accept_owner` nor `accept_group` accepts it.
    PermissionDeniedError: Its mode forbids it; if it does not forbid reading, `read_only` helps.
    NotARegionError, VersionMismatchError: The file of that name is no region, or one of another version.
    InvalidArgumentError: An option means nothing, such as a negative number.

Example:
    >>> region = SharedRegion.open(\"pipeline\", timeout=5000)",
        core: "OwnedRegion::object(py, binding::open(&options, name, &mut Interpreter(py), None)?.into(), &options)?",
        returns: "SharedRegion",
    },
    Way {
        name: "open_async",
        call: Call::Open,
        arguments: &[("name", "&str", "str", "The region's name.")],
        doc: "`open` for asyncio: `await SharedRegion.open_async(\"pipeline\", timeout=5000)`. A coroutine that lets its event
loop run while it waits for the region to appear.

Nothing happens before it is awaited; the time begins then, too. While it is pending it needs no thread of its own: one
thread of the process waits for all opens, and sleeps while nothing happens. A pending open does not keep the process
alive. Cancelling it (`task.cancel`, `asyncio.timeout`, `asyncio.TaskGroup`) takes effect at once and leaves nothing open.
It works on any loop that has `add_reader`, such as asyncio's own on Unix and uvloop's.",
        rest: "Returns:
    A coroutine, which returns the `SharedRegion`.

Raises:
    InvalidArgumentError: An option means nothing, such as a negative number. The call raises it, before the await.
    SystemCallError: The system gives no thread to wait on, or the process has no file descriptors left.

The await also raises what `open` raises.

Example:
    >>> region = await SharedRegion.open_async(\"pipeline\", timeout=timedelta(seconds=5))",
        core: "asynchronous::open(py, options, name)?",
        returns: "Coroutine[Any, Any, SharedRegion]",
    },
    Way {
        name: "open_or_create",
        call: Call::OpenOrCreate,
        arguments: &[
            ("name", "&str", "str", "As for `create`."),
            (
                "capacity",
                "Unsigned<usize>",
                "SupportsIndex",
                "The size in bytes, of which a region that exists must have at least as many.",
            ),
        ],
        doc: "Open a region, or create it if there is none: the process that comes first owns it.",
        rest: "Returns:
    An `OwnedRegion` if this call created it, else a `SharedRegion`.

Raises:
    InvalidSizeError: The region is there, but with a smaller capacity.

It also raises what `create` and `open` raise.

Example:
    >>> region = SharedRegion.open_or_create(\"board\", 4096)
    >>> isinstance(region, OwnedRegion)
    True",
        core: "OwnedRegion::object(py, py.detach(|| options.open_or_create(name, capacity))?, &options)?",
        returns: "SharedRegion",
    },
];

/// `zinc-py/src/calls.rs`.
pub(crate) fn calls(project: &Project, spec: &Spec) -> Result<String> {
    let methods: String = WAYS.iter().map(|way| method(spec, way)).collect();
    rust::format_rust(
        project,
        &format!(
            r#"//! The calls that give regions: what Python passes, as the core takes it.
//!
//! {MARK} `crates/zinc/spec/options.toml`.

use std::path::PathBuf;
use std::time::Duration;

use pyo3::prelude::*;
use zinc::{{RegionOptions, binding}};

use crate::asynchronous;
use crate::convert::{{Call, Shape, Unsigned}};
use crate::dtype;
use crate::errors::Failure;
use crate::handle::SharedRegion;
use crate::host::Interpreter;
use crate::numpy;
use crate::owned::OwnedRegion;
use crate::timeout::Timeout;

#[expect(clippy::too_many_arguments, reason = "Python's keyword arguments are Rust's positional ones")]
#[pymethods]
impl SharedRegion {{
{methods}}}
"#
        ),
    )
}

fn method(spec: &Spec, way: &Way) -> String {
    let options: Vec<_> = spec.options_of(way.call).collect();
    let documented = way.arguments.iter().map(|(name, _, _, doc)| format!("{name}: {doc}"));
    let chosen = options.iter().map(|option| format!("{}: {}", option.name_with_unit(), doc(spec, option)));
    let arguments: String = documented.chain(chosen).map(|line| indented(&line) + "\n").collect();
    let text = format!("{}\n\nArgs:\n{arguments}\n{}", way.doc, way.rest);
    let text: String = text.lines().map(|line| format!("/// {line}").trim_end().to_owned() + "\n").collect();

    let positional: Vec<_> = way.arguments.iter().map(|(name, ..)| *name).collect();
    let positional = positional.join(", ");
    let signature =
        options.iter().map(|option| format!("{}={}", option.name_with_unit(), rust_default(option)));
    let signature = signature.collect::<Vec<_>>().join(", ");
    let shown = options.iter().map(|option| format!("{}={}", option.name_with_unit(), default(option)));
    let shown = shown.collect::<Vec<_>>().join(", ");
    let taken = each(way.arguments, |(name, kind, ..)| format!("{name}: {kind},"))
        + &each(options.iter().copied(), |option| {
            format!("{}: {},", option.name_with_unit(), rust_type(option.kind))
        });
    let set = each(options.iter().copied(), set);
    let object = if way.returns.starts_with("Coroutine") { "PyAny" } else { "Self" };
    let take: String = way.arguments.iter().map(|(name, kind, ..)| take(name, kind)).collect();
    format!(
        "{text}#[staticmethod]\n#[pyo3(\n    signature = ({positional}, *, {signature}),\n    text_signature = \"({positional}, *, {shown})\"\n)]\n\
         fn {}(\n    py: Python<'_>,\n{taken}) -> Result<Py<{}>, Failure> {{\n\
         let call = Call::new({:?}, name);\n{take}let mut options = RegionOptions::new();\n{set}\
         let region = {};\nOk(region.unbind())\n}}\n\n",
        way.name, object, way.name, way.core
    )
}

/// An argument's line, as wide as fits where the documentation is indented in a class.
fn indented(line: &str) -> String {
    let wide = wrapped(line, "            ", "                ");
    wide.lines().map(|line| &line[8..]).collect::<Vec<_>>().join("\n")
}

fn doc(spec: &Spec, option: &Choice) -> String {
    let unit = match option.kind {
        ChoiceType::Duration => " In microseconds.",
        ChoiceType::Timeout => " Milliseconds, a timedelta, or None for ever.",
        _ => "",
    };
    let said = option.doc_in(Some(Language::Python));
    // Kinds of errors are classes here.
    let said = spec
        .kinds
        .iter()
        .fold(said, |said, kind| said.replace(&format!("`{}`", kind.name), &kind.python_class));
    plain(&said) + unit
}

/// The default as Python writes it.
fn default(option: &Choice) -> String {
    match (option.kind, option.default_number()) {
        (ChoiceType::Bool, _) => "False".to_owned(),
        (ChoiceType::Mode, number) => format!("0o{:o}", number.unwrap_or(0)),
        (ChoiceType::Timeout, _) => "0".to_owned(),
        _ => "None".to_owned(),
    }
}

fn rust_default(option: &Choice) -> String {
    match option.kind {
        ChoiceType::Bool => "false".to_owned(),
        ChoiceType::Mode => format!("Unsigned::of({})", default(option)),
        ChoiceType::Timeout => "Timeout::POLL".to_owned(),
        _ => "None".to_owned(),
    }
}

fn rust_type(kind: ChoiceType) -> &'static str {
    match kind {
        ChoiceType::Bool => "bool",
        ChoiceType::Mode => "Unsigned<u32>",
        ChoiceType::User | ChoiceType::Group => "Option<Unsigned<u32>>",
        ChoiceType::Duration => "Option<Unsigned<u64>>",
        ChoiceType::Timeout => "Timeout",
        ChoiceType::Path => "Option<PathBuf>",
    }
}

fn stub_type(kind: ChoiceType) -> &'static str {
    match kind {
        ChoiceType::Bool => "bool",
        ChoiceType::Mode => "int",
        ChoiceType::Timeout => "_Timeout",
        ChoiceType::Path => "_Directory",
        _ => "int | None",
    }
}

/// What is left to convert of an argument when the call is known.
fn take(name: &str, kind: &str) -> String {
    match kind {
        "Shape" => format!("let {name} = {name}.take(call)?;\n"),
        _ if kind.starts_with("Unsigned") => format!("let {name} = {name}.take(call, \"{name}\")?;\n"),
        _ => String::new(),
    }
}

fn set(option: &Choice) -> String {
    let (name, given) = (&option.name, option.name_with_unit());
    let some =
        |value: &str| format!("if let Some({given}) = {given} {{ options = options.{name}({value}); }}");
    match option.kind {
        ChoiceType::Bool => format!("options = options.{name}({given});"),
        ChoiceType::Mode => format!("options = options.{name}({given}.take(call, \"{given}\")?);"),
        ChoiceType::Timeout => format!("options = options.{name}({given}.take(call)?);"),
        ChoiceType::User | ChoiceType::Group => some(&format!("{given}.take(call, \"{given}\")?")),
        ChoiceType::Duration => some(&format!("Duration::from_micros({given}.take(call, \"{given}\")?)")),
        ChoiceType::Path => some(&given),
    }
}

/// The part of the stubs that declares them.
pub(crate) fn stubs(spec: &Spec) -> String {
    WAYS.iter()
        .map(|way| {
            let arguments = each(way.arguments, |(name, _, stub, _)| format!("        {name}: {stub},"));
            let options = each(spec.options_of(way.call), |option| {
                format!(
                    "        {}: {} = {},",
                    option.name_with_unit(),
                    stub_type(option.kind),
                    default(option)
                )
            });
            format!(
                "    @staticmethod\n    def {}(\n{arguments}        *,\n{options}    ) -> {}: ...\n",
                way.name, way.returns
            )
        })
        .collect()
}
