//! The Rust testee: takes the conformance runner's commands, calls the public API, reports what it gave.

mod options;
mod values;
mod waits;

use serde_json::{Map, Value, json};
use std::collections::HashMap;
use std::io::{BufRead, Write};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use waits::Canceller;
use zinc::{DType, Descriptor, OwnedRegion, Region, RegionOptions, RegionState, Timeout};

/// Why a command has no value to report.
enum Failure {
    /// What the library reports.
    Zinc(zinc::Error),
    /// This kind of handle has no such call.
    NoSuchCall,
    /// The handle gives no way to write.
    ReadOnly,
    /// The asynchronous wait was cancelled.
    Cancelled,
    /// The command makes no sense to this testee.
    Testee(String),
}

impl From<zinc::Error> for Failure {
    fn from(error: zinc::Error) -> Self {
        Self::Zinc(error)
    }
}

impl From<String> for Failure {
    fn from(why: String) -> Self {
        Self::Testee(why)
    }
}

type Result<T = Value> = std::result::Result<T, Failure>;

/// The open handles, by the names that the commands give them.
pub(crate) type Handles = Arc<Mutex<HashMap<String, Arc<Region>>>>;

/// The means to cancel asynchronous waits, by the ids of the commands that started them.
type Waits = HashMap<u64, Canceller>;

fn main() {
    let handles = Handles::default();
    serve(std::io::stdin().lock(), &handles);
    // Without dropping the handles: what is left open is closed by the end of the process.
    std::process::exit(0);
}

/// Carries commands out, one a line, to the end of the input.
pub(crate) fn serve(input: impl BufRead, handles: &Handles) {
    let mut waits = Waits::new();
    for line in input.lines() {
        let line = line.expect("the runner sends text");
        let command = Command(serde_json::from_str(&line).expect("a command is a JSON object"));
        match command.text("do") {
            Ok("wait_async") => wait_async(command, handles, &mut waits),
            Ok("open_async") => open_async(command, handles, &mut waits),
            Ok("cancel") => answer(&command, cancel(&command, &waits)),
            Ok("reset") => {
                waits.clear();
                answer(&command, perform(&command, handles));
            }
            _ if command.0.contains_key("background") => {
                let handles = handles.clone();
                std::thread::spawn(move || answer(&command, perform(&command, &handles)));
            }
            _ => answer(&command, perform(&command, handles)),
        }
    }
}

fn answer(command: &Command, outcome: Result) {
    let id = &command.0["id"];
    let line = match outcome {
        Ok(value) => json!({ "id": id, "ok": value }),
        Err(Failure::Zinc(error)) => json!({
            "id": id, "error": error.kind().name(), "code": error.code(), "message": error.to_string(),
        }),
        Err(Failure::NoSuchCall) => json!({ "id": id, "error": "NoSuchCall" }),
        Err(Failure::ReadOnly) => json!({ "id": id, "error": "ReadOnly" }),
        Err(Failure::Cancelled) => json!({ "id": id, "error": "Cancelled" }),
        Err(Failure::Testee(why)) => json!({ "id": id, "error": "Testee", "message": why }),
    };
    writeln!(std::io::stdout().lock(), "{line}").expect("the runner listens");
}

/// One command and its arguments.
struct Command(Map<String, Value>);

impl Command {
    fn text(&self, name: &str) -> Result<&str> {
        Ok(self.0.get(name).and_then(Value::as_str).ok_or_else(|| format!("no {name}"))?)
    }

    fn number(&self, name: &str) -> Option<u64> {
        self.0.get(name).and_then(Value::as_u64)
    }

    fn size(&self, name: &str) -> Result<usize> {
        let number = self.number(name).ok_or_else(|| format!("no {name}"))?;
        Ok(usize::try_from(number).map_err(|error| error.to_string())?)
    }

    fn list(&self, name: &str) -> Result<&[Value]> {
        Ok(self.0.get(name).and_then(Value::as_array).ok_or_else(|| format!("no {name}"))?)
    }

    fn dtype(&self) -> Result<DType> {
        Ok(DType::from_name(self.text("dtype")?).ok_or("no such dtype".to_owned())?)
    }

    fn shape(&self) -> Result<Vec<u64>> {
        Ok(self.list("shape")?.iter().filter_map(Value::as_u64).collect())
    }

    /// Milliseconds; without any, for ever.
    fn timeout(&self) -> Timeout {
        self.number("timeout").map_or(Timeout::FOREVER, Timeout::from)
    }

    fn options(&self) -> RegionOptions {
        options::options(&self.0)
    }
}

fn lock(handles: &Handles) -> MutexGuard<'_, HashMap<String, Arc<Region>>> {
    handles.lock().unwrap_or_else(PoisonError::into_inner)
}

fn region(command: &Command, handles: &Handles) -> Result<Arc<Region>> {
    let name = command.text("handle")?;
    Ok(lock(handles).get(name).cloned().ok_or_else(|| format!("no handle {name}"))?)
}

fn wait_async(command: Command, handles: &Handles, waits: &mut Waits) {
    let count = command.number("count").unwrap_or(1) as usize;
    match region(&command, handles) {
        Ok(region) => {
            let (id, timeout) = (command.number("id").unwrap_or_default(), command.timeout());
            let canceller = waits::start(&region, timeout, count, move |outcome| answer(&command, outcome));
            waits.insert(id, canceller);
        }
        Err(failure) => answer(&command, Err(failure)),
    }
}

fn open_async(command: Command, handles: &Handles, waits: &mut Waits) {
    let named =
        command.text("name").and_then(|name| Ok((name.to_owned(), command.text("handle")?.to_owned())));
    match named {
        Ok((name, handle)) => {
            let id = command.number("id").unwrap_or_default();
            let open = command.options().open_async(name);
            let handles = handles.clone();
            let keep = move |region: zinc::SharedRegion| {
                lock(&handles).insert(handle, Arc::new(region.into()));
                Value::Null
            };
            waits.insert(id, waits::open(open, keep, move |outcome| answer(&command, outcome)));
        }
        Err(failure) => answer(&command, Err(failure)),
    }
}

fn cancel(command: &Command, waits: &Waits) -> Result {
    let wait = command.number("wait").and_then(|id| waits.get(&id)).ok_or("no such wait".to_owned())?;
    wait.cancel();
    Ok(Value::Null)
}

fn perform(command: &Command, handles: &Handles) -> Result {
    let keep = |region: Region| -> Result<()> {
        lock(handles).insert(command.text("handle")?.to_owned(), Arc::new(region));
        Ok(())
    };
    match command.text("do")? {
        "hello" => return Ok(hello()),
        "create" if command.0.contains_key("dtype") => {
            let options = command.options();
            keep(options.create_tensor(command.text("name")?, command.dtype()?, &command.shape()?)?.into())?;
        }
        "create" => {
            keep(command.options().create(command.text("name")?, command.size("capacity")?)?.into())?;
        }
        "open" => keep(command.options().open(command.text("name")?)?.into())?,
        "open_or_create" => {
            let region =
                command.options().open_or_create(command.text("name")?, command.size("capacity")?)?;
            let owner = region.is_owner();
            keep(region)?;
            return Ok(json!({ "owner": owner }));
        }
        "remove" => command.options().remove(command.text("name")?)?,
        "list" => return list(&command.options()),
        "views" => return views(command),
        "fork" => return Ok(json!({ "pid": fork() })),
        "become" => become_user(command.number("uid").unwrap_or_default() as u32),
        "reset" => {
            for (_, region) in lock(handles).drain() {
                region.close()?;
            }
        }
        of_a_handle => {
            return perform_on(&*region(command, handles)?, of_a_handle, command);
        }
    }
    Ok(Value::Null)
}

/// How many open files belong to views whose handles are closed.
fn views(command: &Command) -> Result {
    let open_files = || std::fs::read_dir("/proc/self/fd").map_or(0, Iterator::count);
    let before = open_files();
    let views = (0..command.number("count").unwrap_or_default()).map(|_| {
        let region = command.options().open(command.text("name")?)?;
        let view = region.view()?;
        region.close()?;
        Ok(view)
    });
    let kept = views.collect::<Result<Vec<_>>>()?;
    let held = open_files() - before;
    drop(kept);
    Ok(json!(held))
}

fn perform_on(region: &Region, what: &str, command: &Command) -> Result {
    Ok(match what {
        "name" => json!(region.name()),
        "capacity" => json!(region.capacity()),
        "sequence" => json!(region.sequence()?),
        "notify" => json!(region.notify()?),
        "wait" => json!(region.wait(command.timeout())?),
        "wait_past" => {
            json!(region.wait_past(command.number("sequence").unwrap_or_default(), command.timeout())?)
        }
        "interrupt" => json!(region.interrupt()),
        "close" => json!(region.close()?),
        "unlink" => json!(owner(region)?.unlink()?),
        "link" => json!(owner(region)?.link()?),
        "is_named" => json!(owner(region)?.is_named()?),
        "persist" => json!(owner(region)?.persist()?),
        "describe" => {
            json!(owner(region)?.describe(&Descriptor::new(command.dtype()?, &command.shape()?)?)?)
        }
        "descriptor" => match region.descriptor()? {
            Some(descriptor) => json!({ "dtype": descriptor.dtype().name(), "shape": descriptor.shape() }),
            None => Value::Null,
        },
        "read" => json!(values::read(region, command.size("at")?, command.size("length")?)?),
        "write" => json!(values::write(region, command.size("at")?, command.text("hex")?)?),
        "tensor" => values::tensor(region, command.dtype().ok())?,
        "fill" => json!(values::fill(region, command.list("values")?)?),
        "ping_pong" => {
            let first = command.0.get("first").is_some_and(|first| first == true);
            json!(ping_pong(region, command.size("rounds")?, first)?)
        }
        other => return Err(Failure::Testee(format!("{other:?} is not known here"))),
    })
}

fn hello() -> Value {
    let dtypes = DType::ALL.iter().map(|dtype| format!("dtype:{dtype}"));
    let can = ["async", "async-open", "exit-handlers", "fork", "setuid", "read-only-views", "views"]
        .into_iter()
        .map(str::to_owned)
        .chain(dtypes);
    json!({
        "protocol": 1, "pid": std::process::id(), "version": zinc::version(), "can": can.collect::<Vec<_>>(),
    })
}

fn owner(region: &Region) -> Result<&OwnedRegion> {
    match region {
        Region::Owned(owner) => Ok(owner),
        Region::Shared(_) => Err(Failure::NoSuchCall),
    }
}

fn list(options: &RegionOptions) -> Result {
    let regions = options.list()?.into_iter().map(|info| {
        let state = match info.state {
            RegionState::Owned => "owned",
            RegionState::Persistent => "persistent",
            RegionState::Dead => "dead",
            _ => "unknown to the testee",
        };
        json!({ "name": info.name, "capacity": info.capacity, "state": state })
    });
    Ok(regions.collect())
}

/// Adds 1 to the first byte and notifies, in turns with another process.
fn ping_pong(region: &Region, rounds: usize, first: bool) -> Result<()> {
    for turn in 0..2 * rounds {
        if (turn % 2 == 0) == first {
            let byte = values::read(region, 0, 1)?;
            let byte = u8::from_str_radix(&byte, 16).map_err(|error| error.to_string())?;
            values::write(region, 0, &format!("{:02x}", byte.wrapping_add(1)))?;
            region.notify()?;
        } else {
            region.wait(Timeout::FOREVER)?;
        }
    }
    Ok(())
}

/// A child that holds copies of everything, does nothing, and ends by itself should nobody end it.
fn fork() -> i32 {
    // SAFETY: the child calls nothing but async-signal-safe functions, which is what a child of many threads may do.
    unsafe {
        let child = libc::fork();
        if child == 0 {
            libc::alarm(60);
            loop {
                libc::pause();
            }
        }
        child
    }
}

/// Gives up root's rights for those of another user.
fn become_user(uid: u32) {
    // SAFETY: the calls take no memory but an empty list of groups.
    let failed = unsafe { libc::setgroups(0, std::ptr::null()) + libc::setgid(uid) + libc::setuid(uid) };
    assert_eq!(failed, 0, "only root can become another user");
}
