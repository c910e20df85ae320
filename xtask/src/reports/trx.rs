//! TRX, which `dotnet test` writes.

use super::Tally;
use anyhow::Result;
use roxmltree::{Document, Node};

/// Counts the results.
pub(super) fn read(text: &str) -> Result<Tally> {
    let mut tally = Tally::default();
    let document = Document::parse(text)?;
    for result in document.descendants().filter(|node| is(node, "UnitTestResult")) {
        match result.attribute("outcome") {
            Some("Passed") => tally.passed += 1,
            Some("NotExecuted") => {
                // Which of them has it depends on the adapter's age.
                let said = result.descendants().find(|node| is(node, "Message") || is(node, "StdOut"));
                let reason = said.and_then(|said| said.text()).unwrap_or("no reason given");
                tally.skip(result.attribute("testName").unwrap_or("a test"), reason);
            }
            _ => tally.failed += 1,
        }
    }
    Ok(tally)
}

/// By its local name: everything in the file is in one namespace.
fn is(node: &Node, name: &str) -> bool {
    node.tag_name().name() == name
}

#[cfg(test)]
mod tests {
    use super::read;

    #[test]
    fn dotnet_is_understood() {
        let tally = read(
            r#"<?xml version="1.0" encoding="utf-8"?>
<TestRun id="1" xmlns="http://microsoft.com/schemas/VisualStudio/TeamTest/2010">
  <Results>
    <UnitTestResult testName="Zinc.Tests.WaitTests.Skips" duration="00:00:00.001" outcome="NotExecuted">
      <Output><StdOut>not root</StdOut></Output>
    </UnitTestResult>
    <UnitTestResult testName="Zinc.Tests.WaitTests.Fails" duration="00:00:00.003" outcome="Failed">
      <Output><ErrorInfo><Message>Assert.Equal() Failure</Message></ErrorInfo></Output>
    </UnitTestResult>
    <UnitTestResult testName="Zinc.Tests.WaitTests.Passes" duration="00:00:00.102" outcome="Passed" />
  </Results>
  <TestDefinitions><UnitTest name="Zinc.Tests.WaitTests.Passes" id="2" /></TestDefinitions>
  <ResultSummary outcome="Failed"><Counters total="3" passed="1" failed="1" /></ResultSummary>
</TestRun>"#,
        )
        .unwrap();
        assert_eq!((tally.passed, tally.failed, tally.skipped), (1, 1, 1));
        assert_eq!(tally.reasons().collect::<Vec<_>>(), ["skipped: not root: Zinc.Tests.WaitTests.Skips"]);
    }
}
