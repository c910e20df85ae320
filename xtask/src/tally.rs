//! How many tests a suite's log says it ran, and which it skipped for what reason.

use std::fmt;

/// The counts in one log.
#[derive(Default)]
pub(crate) struct Tally {
    pub(crate) passed: usize,
    pub(crate) skipped: usize,
    /// The lines that say why something was skipped.
    pub(crate) reasons: Vec<String>,
}

impl Tally {
    /// Adds up the closing lines of cargo test (`test result: ok. 3 passed; ...`), pytest (`=== 3 passed, ... ===`),
    /// ctest (`100% tests passed, ... out of 3`) the conformance runner (`3 passed, ...`), node's
    /// (`ℹ pass 3`), Bun's (`3 pass`) and Deno's (`ok | 3 passed | ...`), dotnet test (`Passed! - ..., Passed: 3,
    /// ...`), Maven (`Tests run: 3, ...`) and go test's `--- PASS` lines, and collects the lines that say what was skipped and why.
    pub(crate) fn of(log: &str) -> Self {
        let mut tally = Self::default();
        let (mut before, mut skipped_by_ctest) = ("", 0);
        for line in log.lines().map(str::trim) {
            let pytest = line.starts_with("==") && line.ends_with("==");
            let conformance =
                line.starts_with(|first: char| first.is_ascii_digit()) && line.contains(" passed, ");
            if line.contains("% tests passed,") {
                tally.passed += number_after(line, "of").saturating_sub(skipped_by_ctest);
                tally.skipped += std::mem::take(&mut skipped_by_ctest);
            } else if line.contains("***Skipped") {
                skipped_by_ctest += 1;
            } else if line.starts_with("test result:") || pytest || conformance {
                tally.passed += number_before(line, "passed");
                tally.skipped += number_before(line, "skipped");
            } else if line.starts_with("ℹ pass ") {
                tally.passed += number_after(line, "pass");
            } else if line.starts_with("ok | ") {
                tally.passed += number_before(line, "passed");
            } else if line.ends_with(" pass") {
                tally.passed += number_before(line, "pass");
            } else if line.contains("] Tests run:") && !line.contains("Time elapsed") {
                let skipped = number_after(line, "Skipped:");
                tally.passed += number_after(line, "run:").saturating_sub(skipped);
                tally.skipped += skipped;
            } else if line.starts_with("Passed!") {
                tally.passed += number_after(line, "Passed:");
            } else if line.starts_with("--- PASS") {
                tally.passed += 1;
            } else if let Some(test) = line.strip_prefix("--- SKIP: ") {
                // The test has said why on the line before.
                tally.skipped += 1;
                tally.reasons.push(format!("skipped: {test}: {before}"));
            } else if line.starts_with("SKIPPED [") || line.starts_with("skipped") {
                tally.reasons.push(line.to_owned());
            }
            before = line;
        }
        tally
    }
}

impl fmt::Display for Tally {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (self.passed, self.skipped) {
            (0, 0) => Ok(()),
            (passed, 0) => write!(f, "{passed}"),
            (passed, skipped) => write!(f, "{passed}, {skipped} skipped"),
        }
    }
}

fn number_before(line: &str, word: &str) -> usize {
    let words: Vec<_> = line.split_whitespace().collect();
    let pair = words.windows(2).find(|pair| pair[1].trim_end_matches([',', ';']) == word);
    pair.and_then(|pair| pair[0].parse().ok()).unwrap_or(0)
}

fn number_after(line: &str, word: &str) -> usize {
    let mut words = line.split_whitespace().skip_while(|candidate| *candidate != word);
    words.nth(1).and_then(|number| number.trim_end_matches(',').parse().ok()).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::Tally;

    #[test]
    fn adds_up_every_runner() {
        let tally = Tally::of(
            "running 3 tests\n\
             skipped: no tmpfs: not root\n\
             test result: ok. 3 passed; 0 failed; 1 ignored; 0 measured; 0 filtered out; finished in 0.00s\n\
             SKIPPED [1] tests/test_numpy.py:3: no bfloat16\n\
             ======== 40 passed, 2 skipped, 1 warning in 3.21s ========\n\
             500 passed, 0 failed, 4 skipped\n\
             2/20 Test  #7: c.waits.valgrind ....***Skipped   0.00 sec\n\
             100% tests passed, 0 tests failed out of 20\n\
             --- PASS: TestWait (0.00s)\n\
             ℹ tests 51\n\
             ℹ pass 50\n\
             53 pass\n\
             0 fail\n\
             ok | 54 passed | 0 failed (13s)\n\
             \x20   wait_test.go:9: no futex_waitv\n\
             --- SKIP: TestInterrupt (0.00s)\n\
             [INFO] Tests run: 5, Failures: 0, Errors: 0, Skipped: 1, Time elapsed: 0.1 s -- in dev.zinc.tests.WaitTest\n\
             [INFO] Tests run: 78, Failures: 0, Errors: 0, Skipped: 1\n\
             Passed!  - Failed:     0, Passed:    45, Skipped:     0, Total:    45, Duration: 1 s\n",
        );
        assert_eq!((tally.passed, tally.skipped), (842, 9));
        assert_eq!(
            tally.reasons,
            [
                "skipped: no tmpfs: not root",
                "SKIPPED [1] tests/test_numpy.py:3: no bfloat16",
                "skipped: TestInterrupt (0.00s): wait_test.go:9: no futex_waitv",
            ]
        );
    }

    #[test]
    fn a_filter_that_matches_nothing_counts_as_nothing() {
        let tally = Tally::of("test result: ok. 0 passed; 0 failed; 0 ignored; 0 measured; 9 filtered out");
        assert_eq!((tally.passed, tally.skipped), (0, 0));
    }
}
