//! What the benches share: a clock, percentiles, and a report that says which targets a run met.

use std::fmt::Write as _;
use std::time::Instant;

use comfy_table::{Cell, CellAlignment, Table, presets};
use hdrhistogram::Histogram;
use serde_json::{Value, json};

/// Time in units of the processor's own counter, where there is one that is cheap to read.
///
/// A round trip lasts about 100 ns, and reading the system's clock 20 to 40: what is being measured would drown in it.
/// The counter takes about a tenth. It is compared with the system's clock over the whole run, which gives its unit.
pub struct Clock {
    instant: Instant,
    ticks: u64,
}

impl Clock {
    pub fn start() -> Self {
        Self { instant: Instant::now(), ticks: ticks() }
    }

    /// Nanoseconds a tick, measured since the start; the longer ago, the better.
    pub fn tick(&self) -> f64 {
        self.instant.elapsed().as_nanos() as f64 / (ticks() - self.ticks) as f64
    }
}

#[cfg(target_arch = "x86_64")]
#[inline(always)]
pub fn ticks() -> u64 {
    // SAFETY: every x86-64 processor has this instruction; Linux does not forbid it unless asked to by prctl.
    unsafe { std::arch::x86_64::_rdtsc() }
}

#[cfg(not(target_arch = "x86_64"))]
#[inline(always)]
pub fn ticks() -> u64 {
    let now = rustix::time::clock_gettime(rustix::time::ClockId::Monotonic);
    now.tv_sec as u64 * 1_000_000_000 + now.tv_nsec as u64
}

/// Runs `step` so many times; gives how long each took. One reading of the clock lies in each, whatever the step.
pub fn sample(samples: &mut Vec<u64>, count: usize, mut step: impl FnMut(u64)) {
    samples.clear();
    samples.resize(count, 0);
    let mut before = ticks();
    for (n, slot) in samples.iter_mut().enumerate() {
        step(n as u64 + 1);
        let now = ticks();
        *slot = now.wrapping_sub(before);
        before = now;
    }
}

/// The percentiles that are reported, and what they are called.
pub const PERCENTILES: [(f64, &str); 4] = [(50.0, "p50"), (90.0, "p90"), (99.0, "p99"), (99.9, "p99.9")];

/// One round's percentiles, each less what reading the clock takes.
pub fn percentiles(samples: &[u64], clock: u64) -> [f64; 4] {
    let mut histogram = Histogram::<u64>::new(3).expect("three digits are allowed");
    for &sample in samples {
        histogram.record(sample.saturating_sub(clock)).expect("the histogram grows");
    }
    PERCENTILES.map(|(percentile, _)| histogram.value_at_percentile(percentile) as f64)
}

pub fn median(values: impl IntoIterator<Item = f64>) -> f64 {
    let mut values: Vec<f64> = values.into_iter().collect();
    values.sort_by(f64::total_cmp);
    match values.len() {
        0 => f64::NAN,
        len => (values[(len - 1) / 2] + values[len / 2]) / 2.0,
    }
}

/// What a run found: numbers, and how they compare with what they should be.
#[derive(Default)]
pub struct Report {
    notes: Vec<String>,
    rows: Vec<(String, Vec<(&'static str, f64)>)>,
    targets: Vec<Target>,
}

struct Target {
    what: String,
    ratio: f64,
    limit: f64,
    met: bool,
}

impl Report {
    pub fn note(&mut self, note: impl Into<String>) {
        self.notes.push(note.into());
    }

    /// A line of numbers, which say their unit in their names.
    pub fn row(&mut self, name: &str, values: Vec<(&'static str, f64)>) {
        self.rows.push((name.to_owned(), values));
    }

    pub fn at_most(&mut self, what: impl Into<String>, ratio: f64, limit: f64) {
        self.targets.push(Target { what: what.into(), ratio, limit, met: ratio <= limit });
    }

    pub fn at_least(&mut self, what: impl Into<String>, ratio: f64, limit: f64) {
        self.targets.push(Target { what: what.into(), ratio, limit, met: ratio >= limit });
    }

    /// Prints tables for people, and with `--json` everything once more on one last line.
    pub fn print(&self) {
        for note in &self.notes {
            println!("{note}");
        }
        for group in self.rows.chunk_by(|a, b| a.1.iter().map(|v| v.0).eq(b.1.iter().map(|v| v.0))) {
            let names = group[0].1.iter().map(|(name, _)| (*name).to_owned());
            let lines = group.iter().map(|(name, values)| {
                std::iter::once(name.clone()).chain(values.iter().map(|(_, value)| number(*value))).collect()
            });
            table(std::iter::once(String::new()).chain(names).collect(), lines);
        }
        let header = ["", "ratio", "target", ""].map(str::to_owned).to_vec();
        let lines = self.targets.iter().map(|target| {
            let met = if target.met { "met in this run" } else { "MISSED in this run" };
            vec![target.what.clone(), number(target.ratio), number(target.limit), met.to_owned()]
        });
        table(header, lines);
        if std::env::args().any(|argument| argument == "--json") {
            println!("{}", self.json());
        }
    }

    fn json(&self) -> Value {
        let rows: serde_json::Map<_, _> = self
            .rows
            .iter()
            .map(|(name, values)| {
                let values: serde_json::Map<_, _> = values.iter().map(|(name, value)| ((*name).to_owned(), json!(value))).collect();
                (name.clone(), Value::Object(values))
            })
            .collect();
        let targets: Vec<_> = self
            .targets
            .iter()
            .map(|target| json!({ "what": target.what, "ratio": target.ratio, "target": target.limit, "met": target.met }))
            .collect();
        json!({ "notes": self.notes, "rows": rows, "targets": targets })
    }
}

fn table(header: Vec<String>, lines: impl Iterator<Item = Vec<String>>) {
    let mut table = Table::new();
    table.load_preset(presets::NOTHING).set_header(header);
    for line in lines {
        table.add_row(line.into_iter().enumerate().map(|(column, text)| {
            let numeric = column > 0 && text.parse::<f64>().is_ok();
            Cell::new(text).set_alignment(if numeric { CellAlignment::Right } else { CellAlignment::Left })
        }));
    }
    println!("\n{table}");
}

/// Three digits or more, whatever the size.
fn number(value: f64) -> String {
    let mut text = String::new();
    let digits = if value >= 100.0 { 0 } else if value >= 10.0 { 1 } else { 3 };
    let _ = write!(text, "{value:.digits$}");
    text
}

/// How busy the machine is with other things; numbers taken while it was are of little worth.
pub fn load() -> String {
    let load = std::fs::read_to_string("/proc/loadavg").unwrap_or_default();
    format!("load before: {}", load.split(' ').take(3).collect::<Vec<_>>().join(" "))
}
