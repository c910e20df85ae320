//! The closing lines of `cargo test`, one for each program of tests.

use super::Tally;

/// Adds up `test result: ok. 3 passed; 0 failed; ...`.
pub(super) fn read(said: &str) -> Tally {
    let mut tally = Tally::default();
    for line in said.lines().filter(|line| line.starts_with("test result: ")) {
        tally.passed += number_before(line, "passed;");
        tally.failed += number_before(line, "failed;");
    }
    tally
}

fn number_before(line: &str, word: &str) -> usize {
    let words: Vec<_> = line.split_whitespace().collect();
    let pair = words.windows(2).find(|pair| pair[1] == word);
    pair.and_then(|pair| pair[0].parse().ok()).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::read;

    #[test]
    fn every_program_of_a_run_counts() {
        let tally = read(
            "running 3 tests\n\
             test result: ok. 3 passed; 0 failed; 1 ignored; 0 measured; 0 filtered out; finished in 0.00s\n\
             test result: FAILED. 1 passed; 2 failed; 0 ignored; 0 measured; 0 filtered out; finished in 0.10s\n",
        );
        assert_eq!((tally.passed, tally.failed, tally.skipped), (4, 2, 0));
    }

    #[test]
    fn a_filter_that_matches_nothing_counts_as_nothing() {
        let tally = read("test result: ok. 0 passed; 0 failed; 0 ignored; 0 measured; 9 filtered out\n");
        assert_eq!((tally.passed, tally.failed), (0, 0));
    }
}
