//! JUnit XML, as pytest, CTest, Node, Bun, Deno, Surefire, the C# stand-in and the conformance runner write it.

use super::Tally;
use anyhow::Result;
use roxmltree::{Document, Node};

/// Before the reason, in the output of a test that CTest takes for skipped.
const CTEST_REASON: &str = "SKIPPED: ";

/// Counts the test cases, however suites are nested.
pub(super) fn read(text: &str) -> Result<Tally> {
    let mut tally = Tally::default();
    let document = Document::parse(text)?;
    for case in document.descendants().filter(|node| node.has_tag_name("testcase")) {
        let child = |name: &str| case.children().find(|node| node.has_tag_name(name));
        if child("failure").or_else(|| child("error")).is_some() {
            tally.failed += 1;
        } else if let Some(skipped) = child("skipped") {
            tally.skip(case.attribute("name").unwrap_or("a test"), reason(skipped, child("system-out")));
        } else {
            tally.passed += 1;
        }
    }
    Ok(tally)
}

fn reason<'a>(skipped: Node<'a, '_>, output: Option<Node<'a, '_>>) -> &'a str {
    let printed = output.and_then(|output| output.text()).unwrap_or_default();
    let printed = printed.lines().find_map(|line| line.strip_prefix(CTEST_REASON));
    // Java's ends in a stack trace.
    let text = || skipped.text().and_then(|text| text.lines().next());
    printed.or_else(|| skipped.attribute("message")).or_else(text).unwrap_or("no reason given")
}

#[cfg(test)]
mod tests {
    use super::read;

    /// Passed, failed, skipped, and the reasons of a captured report.
    macro_rules! captured {
        ($($name:ident: $file:literal, $passed:literal, $failed:literal, $skipped:literal, $reasons:expr;)*) => {$(
            #[test]
            fn $name() {
                let tally = read(include_str!(concat!("fixtures/", $file))).unwrap();
                assert_eq!((tally.passed, tally.failed, tally.skipped), ($passed, $failed, $skipped));
                let reasons: [&str; _] = $reasons;
                assert_eq!(tally.reasons().collect::<Vec<_>>(), reasons);
            }
        )*};
    }

    captured! {
        pytest_is_understood: "pytest.xml", 2, 1, 1, ["skipped: no bfloat16: test_skipped"];
        ctest_is_understood: "ctest.xml", 1, 1, 1, ["skipped: valgrind is not installed: c.waits.valgrind"];
        node_is_understood: "node.xml", 2, 1, 1, ["skipped: not root: is skipped"];
        bun_is_understood: "bun.xml", 2, 1, 1, ["skipped: no reason given: is skipped"];
        deno_is_understood: "deno.xml", 2, 1, 1, ["skipped: no reason given: is skipped"];
        surefire_is_understood: "surefire.xml", 2, 1, 1, ["skipped: org.opentest4j.TestAbortedException: Assumption failed: no futex_waitv: isSkipped"];
        the_conformance_runner_is_understood: "conformance.xml", 1, 1, 1, ["skipped: node cannot fork: owner-died-child-lives"];
        the_stand_in_of_xunit_is_understood: "standin.xml", 1, 1, 0, [];
    }

    #[test]
    fn what_is_no_report_is_an_error() {
        assert!(read("<testsuites><testsuite>").is_err());
        assert!(read("").is_err());
    }
}
