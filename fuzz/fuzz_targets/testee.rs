//! Whatever commands the conformance runner sends, with whatever arguments: the Rust testee answers, and does not end.
#![no_main]

#[allow(dead_code, reason = "its own `main` reads standard input")]
#[path = "../../conformance/testees/rust/main.rs"]
mod testee;

use arbitrary::Arbitrary;
use libfuzzer_sys::fuzz_target;
use serde_json::{Map, Number, Value, json};

/// What can be asked for. Left out are `fork` and `become`, which would end the fuzzer, and `ping_pong`, which waits for
/// another process.
const COMMANDS: &[&str] = &[
    "hello",
    "reset",
    "create",
    "open",
    "open_or_create",
    "remove",
    "list",
    "name",
    "capacity",
    "sequence",
    "notify",
    "interrupt",
    "close",
    "unlink",
    "persist",
    "wait",
    "wait_past",
    "read",
    "write",
    "describe",
    "descriptor",
    "fill",
    "tensor",
    "wait_async",
    "cancel",
    "no such command",
];

/// The arguments that there are, each with a value that makes sense.
fn arguments() -> [(&'static str, Value); 17] {
    [
        ("handle", json!("r")),
        ("name", json!("r")),
        ("capacity", json!(100)),
        ("dtype", json!("float32")),
        ("shape", json!([2, 3])),
        ("values", json!([1, 2, 3, 4, 5, 6])),
        ("at", json!(1)),
        ("length", json!(4)),
        ("hex", json!("00ff")),
        ("sequence", json!(1)),
        ("count", json!(2)),
        ("wait", json!(1)),
        ("mode", json!(0o640)),
        ("reserve", json!(false)),
        ("persistent", json!(true)),
        ("read_only", json!(true)),
        ("accept_owner", json!(1000)),
    ]
}

#[derive(Arbitrary, Debug)]
enum Made {
    Sense,
    Null,
    Bool(bool),
    Signed(i64),
    Unsigned(u64),
    Float(f64),
    Text(String),
    Word(u8),
    List(Vec<Made>),
}

impl Made {
    fn value(&self, sense: &Value) -> Value {
        match self {
            Self::Sense => sense.clone(),
            Self::Null => Value::Null,
            Self::Bool(value) => json!(value),
            Self::Signed(value) => json!(value),
            Self::Unsigned(value) => json!(value),
            Self::Float(value) => Number::from_f64(*value).map_or(Value::Null, Value::Number),
            Self::Text(text) => json!(text),
            Self::Word(index) => {
                let dtypes = zinc::DType::ALL;
                json!(dtypes[usize::from(*index) % dtypes.len()].name())
            }
            Self::List(values) => values.iter().map(|made| made.value(sense)).collect(),
        }
    }
}

#[derive(Arbitrary, Debug)]
struct Command {
    what: u8,
    arguments: Vec<(u8, Made)>,
    timeout: bool,
}

impl Command {
    fn line(&self, id: usize) -> String {
        let mut command = Map::new();
        let known = arguments();
        for (index, made) in &self.arguments {
            let (name, sense) = &known[usize::from(*index) % known.len()];
            command.insert((*name).to_owned(), bounded(name, made.value(sense)));
        }
        command.insert("id".to_owned(), json!(id));
        command.insert("do".to_owned(), json!(COMMANDS[usize::from(self.what) % COMMANDS.len()]));
        // Without one, waits would wait for ever.
        command.insert("timeout".to_owned(), json!(u8::from(self.timeout)));
        command.insert("directory".to_owned(), json!(zinc_fuzz::directory()));
        Value::Object(command).to_string()
    }
}

/// Sizes are small, or more than can be mapped: what lies between takes the fuzzer's time and memory.
fn bounded(name: &str, value: Value) -> Value {
    let below = match name {
        "count" => 8,
        "shape" => 4,
        "capacity" | "length" => 1000,
        _ => u64::MAX,
    };
    match value {
        Value::Array(list) => list.into_iter().map(|value| bounded(name, value)).collect(),
        value => match value.as_u64() {
            Some(size) if size < 1 << 62 || name == "count" => json!(size % below),
            _ => value,
        },
    }
}

fuzz_target!(|commands: Vec<Command>| {
    let lines: Vec<_> =
        commands.iter().take(32).enumerate().map(|(index, command)| command.line(index)).collect();
    let handles = testee::Handles::default();
    testee::serve(lines.join("\n").as_bytes(), &handles);
    drop(handles);
    zinc_fuzz::remove_what_persists();
});
