//! Whatever commands the conformance runner sends, with whatever arguments: the Rust testee answers, and does not end.
#![no_main]

#[allow(dead_code, reason = "its own `main` reads standard input")]
#[path = "../../conformance/testees/rust/main.rs"]
mod testee;

use std::collections::BTreeMap;
use std::sync::LazyLock;

use arbitrary::Arbitrary;
use libfuzzer_sys::fuzz_target;
use serde_json::{Map, Number, Value, json};
use zinc_spec::{ArgumentType, Spec};

/// Left out are `fork` and `become`, which would end the fuzzer, and `ping_pong`, which waits for another process.
const LEFT_OUT: [&str; 3] = ["fork", "become", "ping_pong"];

/// The commands that there are, and one that is none; and their arguments, each with a value that makes sense.
static KNOWN: LazyLock<(Vec<String>, Vec<(String, Value)>)> = LazyLock::new(|| {
    let spec = Spec::load().expect("the core's spec files are sound");
    let asked = spec.commands.iter().filter(|command| !LEFT_OUT.contains(&command.name.as_str()));
    let arguments: BTreeMap<_, _> = asked
        .clone()
        .flat_map(|command| spec.arguments_of(command))
        .map(|argument| (argument.name, argument.kind))
        .chain([("handle".to_owned(), ArgumentType::Text), ("wait".to_owned(), ArgumentType::Number)])
        .collect();
    let names = asked.map(|command| command.name.clone()).chain(["no such command".to_owned()]).collect();
    (names, arguments.into_iter().map(|(name, kind)| (name, sense(kind))).collect())
});

fn sense(kind: ArgumentType) -> Value {
    match kind {
        ArgumentType::Bool => json!(true),
        ArgumentType::Dtype => json!("float32"),
        ArgumentType::Hex => json!("00ff"),
        ArgumentType::Number => json!(4),
        ArgumentType::Numbers => json!([2, 3]),
        ArgumentType::Text => json!("r"),
        ArgumentType::Values => json!([1, 2, 3, 4, 5, 6]),
    }
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
        let (names, known) = &*KNOWN;
        for (index, made) in &self.arguments {
            let (name, sense) = &known[usize::from(*index) % known.len()];
            command.insert(name.clone(), bounded(name, made.value(sense)));
        }
        command.insert("id".to_owned(), json!(id));
        command.insert("do".to_owned(), json!(names[usize::from(self.what) % names.len()]));
        // Without one, waits would wait for ever.
        command.insert("timeout".to_owned(), json!(u8::from(self.timeout)));
        command.insert("directory".to_owned(), json!(zinc_fuzz::directory()));
        if command.get("sparse").is_some_and(|sparse| sparse == true) {
            // Entering the pages of a sparse region makes memory of all of it.
            command.remove("prefault");
        }
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
