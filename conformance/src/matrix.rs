//! Every case over every ordered pair of languages, side by side; and what came of it.

use crate::case::Case;
use crate::languages::Gap;
use crate::run::{self, Place, Verdict};
use std::io::{IsTerminal, Write};
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

/// What came of one case over one pair.
pub(crate) enum Status {
    Passed,
    Failed(String),
    /// It says nothing here: a capability or a privilege is not there.
    Skipped(String),
    /// It failed, as `gaps.toml` says it would.
    Gap(String),
}

/// One case over one pair.
pub(crate) struct Result {
    /// Indices into the cases and the languages present.
    pub(crate) case: usize,
    pub(crate) creator: usize,
    pub(crate) opener: usize,
    pub(crate) status: Status,
    pub(crate) took: Duration,
}

/// Runs everything, `jobs` runs at a time.
pub(crate) fn play(
    cases: &[Case],
    languages: &[&str],
    gaps: &[Gap],
    place: &Place<'_>,
    jobs: usize,
) -> Vec<Result> {
    let count = languages.len();
    // Neighbours in this order are different cases, so that some work while others wait, of the same testees.
    let total = cases.len() * count * count;
    let next = AtomicUsize::new(0);
    let results = Mutex::new(Vec::with_capacity(total));
    let work = || {
        loop {
            let index = next.fetch_add(1, Ordering::Relaxed);
            if index >= total {
                return;
            }
            let (pair, case) = (index / cases.len(), index % cases.len());
            let (creator, opener) = (pair / count, pair % count);
            let start = Instant::now();
            let verdict = run::run(&cases[case], languages[creator], languages[opener], place);
            let gap =
                gaps.iter().find(|gap| gap.covers(&cases[case].id, languages[creator], languages[opener]));
            let result = Result { case, creator, opener, status: judge(verdict, gap), took: start.elapsed() };
            let mut results = results.lock().expect("no worker panics while it holds the lock");
            results.push(result);
            progress(results.len(), total);
        }
    };
    std::thread::scope(|scope| {
        for _ in 0..jobs.min(total) {
            scope.spawn(work);
        }
    });
    let mut results = results.into_inner().expect("no worker panics while it holds the lock");
    results.sort_by_key(|result| (result.case, result.creator, result.opener));
    results
}

fn judge(verdict: Verdict, gap: Option<&Gap>) -> Status {
    match (verdict, gap) {
        (Verdict::Passed, None) => Status::Passed,
        (Verdict::Passed, Some(gap)) => Status::Failed(format!(
            "it passes, but gaps.toml lists it as a gap of {} ({}): remove the entry, or narrow it by role",
            gap.language, gap.reason
        )),
        (Verdict::Failed(_), Some(gap)) => Status::Gap(format!("gap of {}: {}", gap.language, gap.reason)),
        (Verdict::Failed(report), None) => Status::Failed(report),
        (Verdict::Skipped(reason), _) => Status::Skipped(reason),
    }
}

/// Shows how far it is, where somebody watches.
fn progress(done: usize, total: usize) {
    let mut stderr = std::io::stderr();
    if stderr.is_terminal() {
        let end = if done == total { "\r\x1b[K" } else { "" };
        // Nothing depends on whether the terminal takes it.
        let _ = write!(stderr, "\r{done} of {total}{end}");
    }
}
