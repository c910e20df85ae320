//! How many tests ran, as the runners' own reports say: a parser for each kind of report.

mod cargo;
mod go;
mod junit;
mod trx;

use std::collections::BTreeMap;
use std::fmt;
use std::path::Path;
use std::process::Command;

use crate::shell::Shell;
use anyhow::{Context, Result};

/// How many tests are named for one reason.
const NAMED: usize = 5;

/// The counts of one suite.
#[derive(Debug, Default)]
pub(crate) struct Tally {
    pub(crate) passed: usize,
    pub(crate) failed: usize,
    pub(crate) skipped: usize,
    /// Why something was skipped, and which tests how often; none of a test that left out a part of itself.
    reasons: BTreeMap<String, BTreeMap<String, usize>>,
}

impl Tally {
    /// Runs a command that writes JUnit XML to `report`: a file, or a folder of files.
    pub(crate) fn junit(
        &mut self,
        shell: &Shell,
        what: &str,
        command: &mut Command,
        report: &Path,
    ) -> Result<()> {
        let result = shell.run(what, command);
        self.read(result, report, "xml", junit::read)
    }

    /// The same, for tests that cannot tell their runner why they leave something out, and print it.
    pub(crate) fn junit_and_words(
        &mut self,
        shell: &Shell,
        what: &str,
        command: &mut Command,
        report: &Path,
    ) -> Result<()> {
        let (result, said) = shell.attempt(what, command);
        self.left_out(&said);
        self.read(result, report, "xml", junit::read)
    }

    /// Runs `dotnet test`, which writes a TRX file to `report`.
    pub(crate) fn trx(
        &mut self,
        shell: &Shell,
        what: &str,
        command: &mut Command,
        report: &Path,
    ) -> Result<()> {
        let result = shell.run(what, command);
        self.read(result, report, "trx", trx::read)
    }

    /// Runs `cargo test`, whose closing lines are all that a stable compiler offers.
    pub(crate) fn cargo(&mut self, shell: &Shell, what: &str, command: &mut Command) -> Result<()> {
        let (result, said) = shell.attempt(what, command);
        self.left_out(&said);
        self.add(cargo::read(&said));
        result
    }

    /// Runs `go test -json`, and logs what people want to read of it.
    pub(crate) fn go(&mut self, shell: &Shell, what: &str, command: &mut Command) -> Result<()> {
        let mut events = go::Events::default();
        let (result, said) = shell.listen(what, command, |line| events.hear(line));
        self.left_out(&said);
        self.add(events.tally);
        result
    }

    /// Notes the lines by which tests that pass say what they left out, and why.
    pub(crate) fn left_out(&mut self, said: &str) {
        for line in said.lines().map(str::trim).filter(|line| line.starts_with("skipped")) {
            self.reasons.entry(line.to_owned()).or_default();
        }
    }

    /// A run that failed may have written no report; its own error says more than that.
    fn read(
        &mut self,
        result: Result<()>,
        report: &Path,
        extension: &str,
        parse: fn(&str) -> Result<Self>,
    ) -> Result<()> {
        let read = (|| {
            let mut files = Vec::new();
            if report.is_dir() {
                for entry in std::fs::read_dir(report)? {
                    files.push(entry?.path());
                }
                files.retain(|file| file.extension().is_some_and(|found| found == extension));
                files.sort();
            } else {
                files.push(report.to_owned());
            }
            for file in files {
                let text =
                    std::fs::read_to_string(&file).with_context(|| format!("read {}", file.display()))?;
                self.add(parse(&text).with_context(|| format!("understand {}", file.display()))?);
            }
            Ok(())
        })();
        result.and(read)
    }

    fn add(&mut self, other: Self) {
        self.passed += other.passed;
        self.failed += other.failed;
        self.skipped += other.skipped;
        for (reason, tests) in other.reasons {
            let known = self.reasons.entry(reason).or_default();
            for (test, times) in tests {
                *known.entry(test).or_default() += times;
            }
        }
    }

    fn skip(&mut self, test: &str, reason: &str) {
        self.skipped += 1;
        let reason = format!("skipped: {}", reason.split_whitespace().collect::<Vec<_>>().join(" "));
        *self.reasons.entry(reason).or_default().entry(test.to_owned()).or_default() += 1;
    }

    /// A line for each reason.
    pub(crate) fn reasons(&self) -> impl Iterator<Item = String> {
        self.reasons.iter().map(|(reason, tests)| {
            let named: Vec<_> = tests
                .iter()
                .take(NAMED)
                .map(
                    |(test, times)| {
                        if *times == 1 { test.clone() } else { format!("{test} ({times} times)") }
                    },
                )
                .collect();
            match tests.len() {
                0 => reason.clone(),
                count if count > NAMED => {
                    format!("{reason}: {} and {} more", named.join(", "), count - NAMED)
                }
                _ => format!("{reason}: {}", named.join(", ")),
            }
        })
    }
}

impl fmt::Display for Tally {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { passed, failed, skipped, .. } = *self;
        if passed + failed + skipped == 0 {
            return Ok(());
        }
        write!(f, "{passed}")?;
        if failed > 0 {
            write!(f, ", {failed} failed")?;
        }
        if skipped > 0 {
            write!(f, ", {skipped} skipped")?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::Tally;

    #[test]
    fn a_reason_is_said_once_with_the_tests_that_it_is_for() {
        let mut tally = Tally::default();
        for test in ["a", "b", "c", "d", "e", "f", "g"] {
            tally.skip(test, "not\n  root");
        }
        tally.skip("h", "no tmpfs");
        tally.skip("h", "no tmpfs");
        tally.left_out("fine\n  skipped in bun: a buffer of 5 GiB\nskipped in bun: a buffer of 5 GiB\n");
        assert_eq!((tally.passed, tally.failed, tally.skipped), (0, 0, 9));
        assert_eq!(
            tally.reasons().collect::<Vec<_>>(),
            [
                "skipped in bun: a buffer of 5 GiB",
                "skipped: no tmpfs: h (2 times)",
                "skipped: not root: a, b, c, d, e and 2 more"
            ]
        );
        assert_eq!(tally.to_string(), "0, 9 skipped");
    }
}
