//! How the suites ended: a table, the reasons for what was skipped, and one last line.

use std::time::Duration;

use crate::reports::Tally;
use comfy_table::presets::UTF8_BORDERS_ONLY;
use comfy_table::{ContentArrangement, Table};

/// How one suite ended, or that a required toolchain is missing.
pub(super) struct Row {
    pub(super) name: String,
    pub(super) end: End,
    pub(super) tally: Tally,
    pub(super) time: Duration,
}

pub(super) enum End {
    Passed,
    Failed(String),
    Skipped(String),
}

impl Row {
    pub(super) fn missing(language: &str, reason: &str) -> Self {
        let end = End::Failed(format!("required: {reason}"));
        Self { name: format!("toolchain {language}"), end, tally: Tally::default(), time: Duration::ZERO }
    }

    /// The row as one line.
    pub(super) fn line(&self) -> String {
        let tests = self.tally.to_string();
        let tests = if tests.is_empty() { tests } else { format!(", {tests} tests") };
        let seconds = self.time.as_secs_f64();
        match &self.end {
            End::Passed => format!("{}: passed{tests}, {seconds:.1} s", self.name),
            End::Failed(reason) => format!("{}: FAILED{tests}, {seconds:.1} s: {reason}", self.name),
            End::Skipped(reason) => format!("{}: skipped: {reason}", self.name),
        }
    }
}

/// Prints everything; whether nothing failed.
pub(super) fn print(rows: &[Row]) -> bool {
    let mut table = Table::new();
    table.load_preset(UTF8_BORDERS_ONLY).set_content_arrangement(ContentArrangement::Dynamic);
    table.set_header(["suite", "result", "tests", "seconds", "reason"]);
    for Row { name, end, tally, time } in rows {
        let (result, reason) = match end {
            End::Passed => ("passed", ""),
            End::Failed(reason) => ("FAILED", reason.lines().next().unwrap_or_default()),
            End::Skipped(reason) => ("skipped", reason.as_str()),
        };
        table.add_row([name, result, &tally.to_string(), &format!("{:.1}", time.as_secs_f64()), reason]);
    }
    println!("\n{table}");
    for Row { name, tally, .. } in rows {
        for reason in tally.reasons() {
            println!("{name}: {reason}");
        }
    }
    let of = |matches: fn(&End) -> bool| rows.iter().filter(move |row| matches(&row.end));
    let left_out: Vec<_> = of(|end| matches!(end, End::Skipped(_))).map(|row| row.name.as_str()).collect();
    if !left_out.is_empty() {
        println!("left out: {}", left_out.join(", "));
    }
    let failed = of(|end| matches!(end, End::Failed(_))).count();
    println!("{} passed, {failed} failed", of(|end| matches!(end, End::Passed)).count());
    failed == 0
}
