//! The lines of the quickstart run in two processes, whichever language writes and whichever reads, and
//! whether the reader came before the notify or after it.

use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::mpsc::{self, Receiver};
use std::thread;
use std::time::Duration;

const SILENCE_LIMIT: Duration = Duration::from_secs(60);
const COUNT: usize = 16 * 1024 * 1024;
/// What the readers give `wait`, in milliseconds. A wait that took as long was not woken.
const WAIT_MS: f64 = 1000.0;

#[derive(Clone, Copy)]
enum Language {
    Rust,
    Python,
    Cpp,
    Go,
}
use Language::{Cpp, Go, Python, Rust};

macro_rules! pairs {
    ($($name:ident: $writer:ident, $reader:ident;)*) => {$(
        #[test]
        fn $name() {
            both_orders($writer, $reader);
        }
    )*};
}

pairs! {
    rust_writes_rust_reads: Rust, Rust;
    rust_writes_python_reads: Rust, Python;
    rust_writes_cpp_reads: Rust, Cpp;
    rust_writes_go_reads: Rust, Go;
    python_writes_rust_reads: Python, Rust;
    python_writes_python_reads: Python, Python;
    python_writes_cpp_reads: Python, Cpp;
    python_writes_go_reads: Python, Go;
    cpp_writes_rust_reads: Cpp, Rust;
    cpp_writes_python_reads: Cpp, Python;
    cpp_writes_cpp_reads: Cpp, Cpp;
    cpp_writes_go_reads: Cpp, Go;
    go_writes_rust_reads: Go, Rust;
    go_writes_python_reads: Go, Python;
    go_writes_cpp_reads: Go, Cpp;
    go_writes_go_reads: Go, Go;
}

fn both_orders(writer: Language, reader: Language) {
    let place = private_place();
    let (Some(mut write), Some(mut read)) =
        (writer.program("writer", place.path()), reader.program("reader", place.path()))
    else {
        return;
    };
    reader_first(&mut write, &mut read);
    notify_first(&mut write, &mut read);
    let left: Vec<_> = place.path().read_dir().unwrap().collect();
    assert!(left.is_empty(), "the writer went and left {left:?}");
}

/// The reader is about to wait, or waits, when the notify comes.
fn reader_first(write: &mut Command, read: &mut Command) {
    let mut writer = Program::start(write);
    assert_eq!(writer.hear(), "created");
    let mut reader = Program::start(read);
    assert_eq!(reader.hear(), "opened");
    writer.tell("42.5");
    assert_eq!(writer.hear(), "notified");
    reader.check("42.5");
    writer.dismiss();
}

/// The notify is over when the reader opens.
fn notify_first(write: &mut Command, read: &mut Command) {
    let mut writer = Program::start(write);
    assert_eq!(writer.hear(), "created");
    writer.tell("-0.25");
    assert_eq!(writer.hear(), "notified");
    let mut reader = Program::start(read);
    assert_eq!(reader.hear(), "opened");
    reader.check("-0.25");
    writer.dismiss();
}

impl Language {
    /// The quickstart's writer or reader, its regions in `place`. None, said aloud, if the language is not there.
    fn program(self, part: &str, place: &Path) -> Option<Command> {
        let mut command = match (self, part) {
            (Rust, "writer") => Command::new(env!("CARGO_BIN_EXE_quickstart_writer")),
            (Rust, _) => Command::new(env!("CARGO_BIN_EXE_quickstart_reader")),
            (Python, _) => {
                let mut command = Command::new(named("ZINC_PYTHON", "interpreter with zinc in it")?);
                command.arg(python_example(&format!("quickstart_{part}.py")));
                command
            }
            (Cpp, _) => built("ZINC_QUICKSTART_CPP", part)?,
            (Go, _) => built("ZINC_QUICKSTART_GO", part)?,
        };
        command.env("ZINC_DIR", place);
        Some(command)
    }
}

/// A program in the folder that this variable names.
fn built(variable: &str, part: &str) -> Option<Command> {
    let folder = named(variable, "folder with the quickstart's programs")?;
    Some(Command::new(folder.join(format!("quickstart_{part}"))))
}

fn named(variable: &str, what: &str) -> Option<PathBuf> {
    let path = std::env::var_os(variable);
    if path.is_none() {
        say_aloud(&format!("skipped: {variable} names no {what}"));
    }
    path.map(PathBuf::from)
}

fn python_example(file: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../python").join(file)
}

/// Past the test harness, which keeps what a passing test prints to itself.
fn say_aloud(text: &str) {
    std::io::stderr().write_all(format!("\n{text}\n").as_bytes()).unwrap();
}

/// Every test has its own folder, for the quickstart's region always has the same name.
fn private_place() -> tempfile::TempDir {
    let parent = std::env::var_os("ZINC_DIR").unwrap_or_else(|| "/dev/shm".into());
    tempfile::Builder::new().prefix("quickstart-").tempdir_in(parent).unwrap()
}

struct Program {
    process: Child,
    input: Option<ChildStdin>,
    lines: Receiver<String>,
}

impl Program {
    fn start(command: &mut Command) -> Self {
        let mut process = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
        let output = process.stdout.take().unwrap();
        let (sender, lines) = mpsc::channel();
        thread::spawn(move || {
            BufReader::new(output).lines().map_while(Result::ok).try_for_each(|line| sender.send(line))
        });
        let input = process.stdin.take();
        Self { process, input, lines }
    }

    fn tell(&mut self, line: &str) {
        writeln!(self.input.as_mut().unwrap(), "{line}").unwrap();
    }

    fn hear(&mut self) -> String {
        self.lines.recv_timeout(SILENCE_LIMIT).expect("a line from the program")
    }

    /// The reader saw `value` everywhere, and was woken rather than out of patience.
    fn check(mut self, value: &str) {
        let line = self.hear();
        let (seen, waited) = line.rsplit_once(", waited ").expect("how long it waited");
        assert_eq!(seen, format!("first {value} last {value} of {COUNT}"));
        let waited: f64 = waited.trim_end_matches(" ms").parse().unwrap();
        assert!(waited < WAIT_MS, "the wait was not ended by the notify: {line}");
        self.end();
    }

    /// The writer stays until it is told.
    fn dismiss(mut self) {
        self.tell("");
        self.end();
    }

    fn end(mut self) {
        drop(self.input.take());
        assert!(self.lines.recv_timeout(SILENCE_LIMIT).is_err(), "the program went on talking");
        assert!(self.process.wait().unwrap().success());
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        // Only after a failed test is there anything left to kill.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}
