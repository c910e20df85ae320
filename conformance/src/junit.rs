//! The results of a run as JUnit XML, for programs: a suite for each pair of languages, a test for each case.

use crate::matrix::Status;
use crate::report::Report;
use anyhow::Result;
use quick_junit::{NonSuccessKind, TestCase, TestCaseStatus, TestSuite};

/// The report's text.
pub(crate) fn report(report: &Report<'_>) -> Result<String> {
    let mut junit = quick_junit::Report::new("zinc-conformance");
    junit.set_time(report.took);
    for (creator, creator_name) in report.languages.iter().enumerate() {
        for (opener, opener_name) in report.languages.iter().enumerate() {
            let mut suite = TestSuite::new(format!("{creator_name} x {opener_name}"));
            let of_pair =
                |result: &&crate::matrix::Result| (result.creator, result.opener) == (creator, opener);
            for result in report.results.iter().filter(of_pair) {
                let case = &report.cases[result.case];
                let mut test = TestCase::new(case.id.as_str(), status(&result.status));
                test.set_classname(case.theme.as_str()).set_time(result.took);
                suite.add_test_case(test);
            }
            junit.add_test_suite(suite);
        }
    }
    Ok(junit.to_string()?)
}

fn status(status: &Status) -> TestCaseStatus {
    match status {
        Status::Passed => TestCaseStatus::success(),
        Status::Skipped(reason) | Status::Gap(reason) => {
            let mut skipped = TestCaseStatus::skipped();
            skipped.set_message(reason.as_str());
            skipped
        }
        Status::Failed(transcript) => {
            let mut failed = TestCaseStatus::non_success(NonSuccessKind::Failure);
            failed.set_message(transcript.lines().next().unwrap_or_default());
            failed.set_description(transcript.as_str());
            failed
        }
    }
}
