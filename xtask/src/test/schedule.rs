//! Which suites run when: some at a time where they may, in their order; the toolchains' preparations before they are needed.

use std::collections::BTreeMap;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Instant;

use super::summary::{End, Row};
use crate::languages::{LANGUAGES, Language};
use crate::once::Once;
use crate::project::Project;
use crate::reports::Tally;
use crate::shell::Shell;
use crate::suites::Suite;
use anyhow::{Context, Result, ensure};

/// Runs the suites, `jobs` at a time; what became of each, in their order.
pub(super) fn run(
    project: &Project,
    suites: &[&'static Suite],
    missing: &BTreeMap<&str, String>,
    jobs: usize,
) -> Vec<Row> {
    let present = LANGUAGES.iter().copied().filter(|language| !missing.contains_key(language.name()));
    let preparations: Vec<_> = present
        .filter(|language| suites.iter().any(|suite| suite.needs.contains(&language.name())))
        .map(|language| Preparation { language, done: Once::new() })
        .collect();
    let stage = Stage { project, missing, preparations: &preparations, count: suites.len() };
    let mut rows = Vec::new();
    std::thread::scope(|scope| {
        for preparation in &preparations {
            // Who needs it gets its error.
            scope.spawn(|| drop(preparation.finish(project)));
        }
        for group in suites.chunk_by(|one, next| !one.alone && !next.alone) {
            rows.extend(stage.group(rows.len(), group, jobs.min(group.len())));
        }
    });
    rows
}

/// Where suites run.
struct Stage<'a> {
    project: &'a Project,
    missing: &'a BTreeMap<&'a str, String>,
    preparations: &'a [Preparation],
    count: usize,
}

impl Stage<'_> {
    /// Runs suites, `jobs` at a time; each begins when one before it has ended.
    fn group(&self, before: usize, suites: &[&Suite], jobs: usize) -> Vec<Row> {
        let next = AtomicUsize::new(0);
        let rows = Mutex::new(BTreeMap::new());
        let work = || {
            while let Some((index, suite)) = {
                let index = next.fetch_add(1, Ordering::Relaxed);
                suites.get(index).map(|suite| (index, suite))
            } {
                let place = format!("{}/{} {}: {}", before + index + 1, self.count, suite.name, suite.about);
                println!("{}{place}", if jobs == 1 { "\n" } else { "" });
                let row = self.suite(suite, jobs > 1);
                println!("  {}", row.line());
                rows.lock().expect("no worker panics while it holds the lock").insert(index, row);
            }
        };
        if jobs > 1 {
            let names: Vec<_> = suites.iter().map(|suite| suite.name).collect();
            println!("\n{jobs} at a time: {}", names.join(", "));
        }
        std::thread::scope(|scope| {
            for _ in 0..jobs {
                scope.spawn(work);
            }
        });
        rows.into_inner().expect("no worker panics while it holds the lock").into_values().collect()
    }

    fn suite(&self, suite: &Suite, beside: bool) -> Row {
        let started = Instant::now();
        let mut tally = Tally::default();
        let end = match suite.needs.iter().find_map(|name| Some((name, self.missing.get(name)?))) {
            Some((name, reason)) => End::Skipped(format!("no {name}: {reason}")),
            None => match self.attempt(suite, beside, &mut tally) {
                Ok(()) => End::Passed,
                Err(error) => End::Failed(format!("{error:#}")),
            },
        };
        Row { name: suite.name.to_owned(), end, tally, time: started.elapsed() }
    }

    fn attempt(&self, suite: &Suite, beside: bool, tally: &mut Tally) -> Result<()> {
        let log = format!("test/{}", suite.name);
        let shell = if beside {
            Shell::beside(self.project, &log, suite.name)?
        } else {
            Shell::new(self.project, &log)?
        };
        // Nothing is to disturb a suite that runs alone, needed or not.
        let needed = |preparation: &&Preparation| suite.needs.contains(&preparation.language.name());
        for preparation in self.preparations.iter().filter(|preparation| suite.alone || needed(preparation)) {
            if !preparation.done.is_made() {
                shell.say(&format!("waiting until {} is prepared", preparation.language.name()))?;
            }
            let done = preparation.finish(self.project);
            if needed(&preparation) {
                done.with_context(|| format!("prepare {}", preparation.language.name()))?;
            }
        }
        (suite.run)(&shell, tally)?;
        ensure!(!suite.counted || tally.passed > 0, "no test ran: see the suite's log");
        Ok(())
    }
}

/// A language's preparation, which begins with the first suite and goes on beside others.
struct Preparation {
    language: &'static dyn Language,
    done: Once<()>,
}

impl Preparation {
    fn finish(&self, project: &Project) -> Result<()> {
        let label = format!("prepare {}", self.language.name());
        self.done.get(|| {
            let log = format!("test/prepare-{}", self.language.name());
            self.language.prepare(&Shell::beside(project, &log, &label)?)
        })
    }
}
