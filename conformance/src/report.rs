//! What a run shows: the matrix on the terminal, a Markdown page and an HTML page.

use crate::case::Case;
use crate::matrix::{Result, Status};
use comfy_table::presets::UTF8_FULL_CONDENSED;
use comfy_table::{Cell, CellAlignment, Color, Table};
use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::time::Duration;

/// Everything there is to say about a run of the suite.
pub(crate) struct Report<'a> {
    pub(crate) cases: &'a [Case],
    /// The languages that ran.
    pub(crate) languages: Vec<&'a str>,
    /// The version of Zinc that each of them runs on.
    pub(crate) versions: BTreeMap<String, String>,
    /// The languages that are not there, each with what to do about it.
    pub(crate) missing: Vec<(&'a str, &'a str)>,
    pub(crate) results: Vec<Result>,
    pub(crate) took: Duration,
}

/// How many runs ended in which way.
#[derive(Clone, Copy, Default)]
pub(crate) struct Totals {
    pub(crate) passed: usize,
    pub(crate) failed: usize,
    /// Skipped ones and known gaps.
    pub(crate) skipped: usize,
}

impl Totals {
    fn of<'a>(results: impl Iterator<Item = &'a Result>) -> Self {
        let mut totals = Self::default();
        for result in results {
            match result.status {
                Status::Passed => totals.passed += 1,
                Status::Failed(_) => totals.failed += 1,
                Status::Skipped(_) | Status::Gap(_) => totals.skipped += 1,
            }
        }
        totals
    }

    /// `12/13`: passed of those that say something.
    fn cell(self) -> String {
        format!("{}/{}", self.passed, self.passed + self.failed)
    }
}

impl std::fmt::Display for Totals {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} passed, {} failed", self.passed, self.failed)?;
        if self.skipped > 0 {
            write!(f, ", {} skipped", self.skipped)?;
        }
        Ok(())
    }
}

impl Report<'_> {
    pub(crate) fn totals(&self) -> Totals {
        Totals::of(self.results.iter())
    }

    fn pair(&self, creator: usize, opener: usize) -> Totals {
        Totals::of(self.results.iter().filter(|result| (result.creator, result.opener) == (creator, opener)))
    }

    /// `owner-died, python x rust`.
    fn name(&self, result: &Result) -> String {
        let (creator, opener) = (self.languages[result.creator], self.languages[result.opener]);
        format!("{}, {creator} x {opener}", self.cases[result.case].id)
    }

    /// The matrix for the terminal, with totals by creator and by opener.
    pub(crate) fn table(&self) -> Table {
        let mut table = Table::new();
        table.load_preset(UTF8_FULL_CONDENSED);
        let openers = self.languages.iter().map(|name| Cell::new(name).set_alignment(CellAlignment::Center));
        table.set_header(
            std::iter::once(Cell::new("creator \\ opener")).chain(openers).chain([Cell::new("all")]),
        );
        let shown = |totals: Totals| {
            let color = if totals.failed > 0 { Color::Red } else { Color::Green };
            Cell::new(totals.cell()).fg(color).set_alignment(CellAlignment::Right)
        };
        for (creator, name) in self.languages.iter().enumerate() {
            let mut row = vec![Cell::new(name)];
            row.extend((0..self.languages.len()).map(|opener| shown(self.pair(creator, opener))));
            row.push(shown(Totals::of(self.results.iter().filter(|result| result.creator == creator))));
            table.add_row(row);
        }
        let mut row = vec![Cell::new("all")];
        for opener in 0..self.languages.len() {
            row.push(shown(Totals::of(self.results.iter().filter(|result| result.opener == opener))));
        }
        row.push(shown(self.totals()));
        table.add_row(row);
        for (name, _) in &self.missing {
            let blank = std::iter::repeat_n(
                Cell::new("-").set_alignment(CellAlignment::Right),
                self.languages.len() + 1,
            );
            table.add_row(std::iter::once(Cell::new(format!("{name} (missing)"))).chain(blank));
        }
        table
    }

    /// Each failed run with everything that was said in it.
    pub(crate) fn failures(&self) -> impl Iterator<Item = (String, &str)> {
        self.results.iter().filter_map(|result| match &result.status {
            Status::Failed(report) => Some((self.name(result), report.as_str())),
            _ => None,
        })
    }

    /// Why runs were skipped, and which: one line per case and reason.
    pub(crate) fn skipped(&self) -> Vec<String> {
        let mut reasons: BTreeMap<(usize, &str), usize> = BTreeMap::new();
        for result in &self.results {
            if let Status::Skipped(reason) | Status::Gap(reason) = &result.status {
                *reasons.entry((result.case, reason)).or_default() += 1;
            }
        }
        let line = |((case, reason), count): ((usize, &str), usize)| {
            let pairs = if count == 1 { "1 pair".to_owned() } else { format!("{count} pairs") };
            format!("{}: {reason} ({pairs})", self.cases[case].id)
        };
        reasons.into_iter().map(line).collect()
    }

    /// The page for people who read it in a terminal or a forge.
    pub(crate) fn markdown(&self) -> String {
        let mut page = String::from("# Conformance\n\n");
        let _ = writeln!(
            page,
            "{} in {:.1} s, each case over every ordered pair of languages.\n",
            self.totals(),
            self.took.as_secs_f64()
        );
        let _ = writeln!(page, "| creator \\ opener | {} |", self.languages.join(" | "));
        let _ = writeln!(page, "| --- |{}", " ---: |".repeat(self.languages.len()));
        for (creator, name) in self.languages.iter().enumerate() {
            let cells = (0..self.languages.len()).map(|opener| self.pair(creator, opener).cell());
            let _ = writeln!(page, "| {name} | {} |", cells.collect::<Vec<_>>().join(" | "));
        }
        page.push('\n');
        for (name, version) in &self.versions {
            let _ = writeln!(page, "- {name}: Zinc {version}");
        }
        for (name, next) in &self.missing {
            let _ = writeln!(page, "- {name}: missing ({next})");
        }
        page.push_str("\n## Cases\n\n| case | what it says | pairs passed |\n| --- | --- | ---: |\n");
        for (index, case) in self.cases.iter().enumerate() {
            let totals = Totals::of(self.results.iter().filter(|result| result.case == index));
            let _ = writeln!(page, "| `{}` | {} | {} |", case.id, case.title, totals.cell());
        }
        let skipped = self.skipped();
        if !skipped.is_empty() {
            let _ = writeln!(page, "\n## Skipped\n\n- {}", skipped.join("\n- "));
        }
        for (name, report) in self.failures() {
            let _ = writeln!(page, "\n## Failed: {name}\n\n```text\n{report}\n```");
        }
        page
    }

    /// The page with every single run: a row per case, a column per pair.
    pub(crate) fn html(&self) -> String {
        let mut page = String::from(concat!(
            "<!doctype html>\n<html lang=\"en\"><meta charset=\"utf-8\"><title>Zinc conformance</title>\n<style>\n",
            "body { font: 14px system-ui, sans-serif; margin: 2em } table { border-collapse: collapse }\n",
            "th, td { border: 1px solid #ccc; padding: 2px 6px; text-align: center } td:first-child { text-align: left }\n",
            "th { position: sticky; top: 0; background: #fff } pre { overflow-x: auto; background: #f6f6f6; padding: 1em }\n",
            ".passed { background: #bfe5bf } .failed { background: #f2a6a6 } .skipped { background: #e8e8e8 }\n",
            "</style>\n<h1>Zinc conformance</h1>\n"
        ));
        let _ = writeln!(page, "<p>{} in {:.1} s.</p>", self.totals(), self.took.as_secs_f64());
        for (name, next) in &self.missing {
            let _ = writeln!(page, "<p>Missing: {} ({}).</p>", escape(name), escape(next));
        }
        page.push_str("<table><tr><th>case</th>");
        for creator in &self.languages {
            for opener in &self.languages {
                let _ = write!(page, "<th>{}<br>{}</th>", escape(creator), escape(opener));
            }
        }
        page.push_str("</tr>\n");
        for row in self.results.chunk_by(|one, other| one.case == other.case) {
            let case = &self.cases[row[0].case];
            let _ = write!(page, "<tr><td title=\"{}\">{}</td>", escape(&case.title), escape(&case.id));
            for result in row {
                let (class, mark, why) = match &result.status {
                    Status::Passed => ("passed", format!("{:.0}", result.took.as_secs_f64() * 1000.0), ""),
                    Status::Failed(report) => {
                        ("failed", "failed".into(), report.lines().next().unwrap_or_default())
                    }
                    Status::Skipped(reason) => ("skipped", "-".into(), reason.as_str()),
                    Status::Gap(reason) => ("skipped", "gap".into(), reason.as_str()),
                };
                let _ = write!(page, "<td class=\"{class}\" title=\"{}\">{mark}</td>", escape(why));
            }
            page.push_str("</tr>\n");
        }
        page.push_str("</table>\n<p>A number is the milliseconds that a passed run took.</p>\n");
        for (name, report) in self.failures() {
            let _ = writeln!(page, "<h2>Failed: {}</h2>\n<pre>{}</pre>", escape(&name), escape(report));
        }
        page + "</html>\n"
    }
}

fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}
