//! The events of `go test -json`, a JSON object a line (`go doc test2json`).

use std::collections::HashMap;

use super::Tally;
use serde::Deserialize;

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Event {
    action: String,
    #[serde(default)]
    package: String,
    test: Option<String>,
    #[serde(default)]
    output: String,
}

/// What has been heard so far.
#[derive(Default)]
pub(super) struct Events {
    pub(super) tally: Tally,
    /// The last line that each test has printed: why it is skipped, if it is.
    last_words: HashMap<(String, String), String>,
}

impl Events {
    /// Takes one line; what people want to read of it.
    pub(super) fn hear(&mut self, line: &str) -> String {
        let Ok(event) = serde_json::from_str::<Event>(line) else { return format!("{line}\n") };
        if let Some(name) = event.test {
            let test = (event.package, name);
            match event.action.as_str() {
                "pass" => self.tally.passed += 1,
                "fail" => self.tally.failed += 1,
                "skip" => {
                    let reason = self.last_words.get(&test).map_or("no reason given", String::as_str);
                    self.tally.skip(&test.1, reason);
                }
                "output" => {
                    let said = event.output.trim();
                    if !said.starts_with("---") && !said.starts_with("===") {
                        self.last_words.insert(test, said.to_owned());
                    }
                }
                _ => {}
            }
        }
        event.output
    }
}

#[cfg(test)]
mod tests {
    use super::Events;

    #[test]
    fn tests_and_their_parts_are_counted_and_packages_are_not() {
        let mut events = Events::default();
        let log: String =
            include_str!("fixtures/go-test.json").lines().map(|line| events.hear(line)).collect();
        let tally = &events.tally;
        assert_eq!((tally.passed, tally.failed, tally.skipped), (3, 1, 1));
        assert_eq!(
            tally.reasons().collect::<Vec<_>>(),
            ["skipped: x_test.go:9: no futex_waitv: TestSkipped"]
        );
        assert!(log.contains("--- FAIL: TestFails"), "{log}");
    }
}
