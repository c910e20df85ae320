//! What the benches share: a clock, percentiles, and a report that says which targets a run met.

use std::fmt::Write as _;
use std::ops::{Bound, RangeBounds};
use std::time::Instant;

use comfy_table::{Cell, CellAlignment, Table, presets};
use hdrhistogram::Histogram;
use serde_json::{Value, json};

/// Time in units of the processor's own counter, where there is one that is cheap to read.
///
/// A round trip lasts about 100 ns, and reading the system's clock 20 to 40: what is being measured would drown in it.
/// The counter takes about a tenth. It is compared with the system's clock over the whole run, which gives its unit.
pub(crate) struct Clock {
    instant: Instant,
    ticks: u64,
}

impl Clock {
    pub(crate) fn start() -> Self {
        Self { instant: Instant::now(), ticks: ticks() }
    }

    /// Nanoseconds a tick, measured since the start; the longer ago, the better.
    pub(crate) fn tick(&self) -> f64 {
        self.instant.elapsed().as_nanos() as f64 / (ticks() - self.ticks) as f64
    }
}

#[cfg(target_arch = "x86_64")]
#[inline(always)]
pub(crate) fn ticks() -> u64 {
    // SAFETY: every x86-64 processor has this instruction; Linux does not forbid it unless asked to by prctl.
    unsafe { std::arch::x86_64::_rdtsc() }
}

#[cfg(not(target_arch = "x86_64"))]
#[inline(always)]
pub(crate) fn ticks() -> u64 {
    let now = rustix::time::clock_gettime(rustix::time::ClockId::Monotonic);
    now.tv_sec as u64 * 1_000_000_000 + now.tv_nsec as u64
}

/// The percentiles p50, p90, p99 and p99.9, each less what reading the clock takes.
///
/// Some counters advance in steps (of 10 ns on some processors of AMD's), far apart beside a trip. What lies between
/// two values that do occur is shared out evenly, so that a percentile moves smoothly, not from step to step.
pub(crate) fn percentiles(samples: &[u64], clock: f64) -> [f64; 4] {
    let mut histogram = Histogram::<u64>::new(3).expect("three digits are allowed");
    for &sample in samples {
        histogram.record(sample).expect("the histogram grows");
    }
    let bins: Vec<(f64, f64)> = histogram
        .iter_recorded()
        .map(|bin| (bin.value_iterated_to() as f64, bin.count_at_value() as f64))
        .collect();
    [0.5, 0.9, 0.99, 0.999].map(|share| {
        let mut left = samples.len() as f64 * share;
        let at = bins.iter().position(|(_, count)| {
            left -= count;
            left <= 0.0
        });
        let at = at.unwrap_or(bins.len() - 1);
        let (value, count) = bins[at];
        let below = at.checked_sub(1).map_or(value, |before| (bins[before].0 + value) / 2.0);
        let above = bins.get(at + 1).map_or(value, |after| (value + after.0) / 2.0);
        below + (above - below) * (1.0 + left / count) - clock
    })
}

pub(crate) fn median(values: impl IntoIterator<Item = f64>) -> f64 {
    let mut values: Vec<f64> = values.into_iter().collect();
    values.sort_by(f64::total_cmp);
    match values.len() {
        0 => f64::NAN,
        len => (values[(len - 1) / 2] + values[len / 2]) / 2.0,
    }
}

/// What a run found: numbers, and how they compare with what they should be.
#[derive(Default)]
pub(crate) struct Report {
    notes: Vec<String>,
    rows: Vec<(String, Vec<(&'static str, f64)>)>,
    targets: Vec<Target>,
}

struct Target {
    what: String,
    ratio: f64,
    words: &'static str,
    limit: f64,
    met: bool,
}

impl Report {
    pub(crate) fn note(&mut self, note: impl Into<String>) {
        self.notes.push(note.into());
    }

    /// A line of numbers, which say their unit in their names.
    pub(crate) fn row(&mut self, name: &str, values: Vec<(&'static str, f64)>) {
        self.rows.push((name.to_owned(), values));
    }

    /// What a ratio should be: `..=1.5` at most that, `0.98..` at least.
    pub(crate) fn target(&mut self, what: impl Into<String>, ratio: f64, range: impl RangeBounds<f64>) {
        let (words, limit) = match (range.start_bound(), range.end_bound()) {
            (_, Bound::Included(most) | Bound::Excluded(most)) => ("at most", *most),
            (Bound::Included(least) | Bound::Excluded(least), _) => ("at least", *least),
            (Bound::Unbounded, Bound::Unbounded) => unreachable!("a target has a bound"),
        };
        self.targets.push(Target { what: what.into(), ratio, words, limit, met: range.contains(&ratio) });
    }

    /// Prints tables for people, and with `--json` everything once more on one last line.
    pub(crate) fn print(&self) {
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
            vec![
                target.what.clone(),
                number(target.ratio),
                format!("{} {}", target.words, target.limit),
                met.to_owned(),
            ]
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
                let values: serde_json::Map<_, _> =
                    values.iter().map(|(name, value)| ((*name).to_owned(), json!(value))).collect();
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
    let digits = if value >= 100.0 {
        0
    } else if value >= 10.0 {
        1
    } else {
        3
    };
    let _ = write!(text, "{value:.digits$}");
    text
}

/// How busy the machine is with other things; numbers taken while it was are of little worth.
pub(crate) fn load() -> String {
    let load = std::fs::read_to_string("/proc/loadavg").unwrap_or_default();
    format!("load before: {}", load.split(' ').take(3).collect::<Vec<_>>().join(" "))
}
