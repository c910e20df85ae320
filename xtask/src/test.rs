//! `cargo xtask test`: runs the suites one after another, and sums up.

use std::collections::{BTreeMap, HashMap};
use std::thread::{Scope, ScopedJoinHandle};
use std::time::{Duration, Instant};

use crate::project::Project;
use crate::shell::Shell;
use crate::suites::{SUITES, Suite, TOOLCHAINS, Toolchain};
use crate::tally::Tally;
use anyhow::{Context, Result, anyhow, bail, ensure};
use comfy_table::presets::UTF8_BORDERS_ONLY;
use comfy_table::{ContentArrangement, Table};

/// What to run, and what must be there.
#[derive(clap::Args)]
pub(crate) struct Options {
    /// Fail unless these toolchains are present, separated by commas; without it, suites that lack one are skipped
    #[arg(long, value_name = "TOOLCHAIN", value_delimiter = ',')]
    require: Vec<String>,
    /// Run these suites only, separated by commas
    #[arg(long, value_name = "SUITE", value_delimiter = ',')]
    only: Vec<String>,
    /// List the suites and the toolchains that they need, and run nothing
    #[arg(long)]
    list: bool,
}

/// How one suite ended, or that a required toolchain is missing.
struct Row {
    name: String,
    end: End,
    tally: Tally,
    time: Duration,
}

impl Row {
    fn missing(toolchain: &str, reason: &str) -> Self {
        let end = End::Failed(format!("required: {reason}"));
        Self { name: format!("toolchain {toolchain}"), end, tally: Tally::default(), time: Duration::ZERO }
    }
}

enum End {
    Passed,
    Failed(String),
    Skipped(String),
}

/// Runs what `options` asks for; whether all of it passed.
pub(crate) fn run(project: &Project, options: &Options) -> Result<bool> {
    check_names("suite", &options.only, SUITES.iter().map(|suite| suite.name))?;
    check_names("toolchain", &options.require, TOOLCHAINS.iter().map(|toolchain| toolchain.name))?;
    if options.list {
        for Suite { name, about, needs, .. } in SUITES {
            println!("{name:12} {about} (needs {})", needs.join(", "));
        }
        return Ok(true);
    }
    let wanted = |name: &str| options.only.is_empty() || options.only.iter().any(|only| only == name);
    let suites: Vec<_> = SUITES.iter().filter(|suite| wanted(suite.name)).collect();

    println!("logs: {}", Shell::logs(project).join("test").display());
    let missing = missing_toolchains(project);
    let required =
        missing.iter().filter(|(name, _)| options.require.iter().any(|required| required == *name));
    let mut rows: Vec<_> = required.map(|(name, reason)| Row::missing(name, reason)).collect();

    std::thread::scope(|scope| {
        let needed =
            |toolchain: &&Toolchain| suites.iter().any(|suite| suite.needs.contains(&toolchain.name));
        let present = TOOLCHAINS.iter().filter(|toolchain| !missing.contains_key(toolchain.name));
        let mut preparations = Preparations::start(scope, project, present.filter(needed));
        for (number, suite) in (1..).zip(&suites) {
            println!("\n{number}/{} {}: {}", suites.len(), suite.name, suite.about);
            rows.push(run_suite(project, suite, &missing, &mut preparations));
        }
    });
    Ok(summarize(&rows))
}

/// Says what there is; what there is not, by name, with the reason.
fn missing_toolchains(project: &Project) -> BTreeMap<&'static str, String> {
    println!("toolchains:");
    let mut missing = BTreeMap::new();
    for Toolchain { name, find, .. } in TOOLCHAINS {
        match find(project) {
            Ok(version) => println!("  {name}: {version}"),
            Err(error) => {
                println!("  {name}: missing: {error:#}");
                missing.insert(*name, format!("{error:#}"));
            }
        }
    }
    missing
}

fn run_suite(
    project: &Project,
    suite: &Suite,
    missing: &BTreeMap<&str, String>,
    preparations: &mut Preparations,
) -> Row {
    let started = Instant::now();
    let mut tally = Tally::default();
    let end = if let Some(toolchain) = suite.needs.iter().find(|name| missing.contains_key(*name)) {
        End::Skipped(format!("no {toolchain}: {}", missing[toolchain]))
    } else {
        match attempt(project, suite, preparations, &mut tally) {
            Ok(()) => End::Passed,
            Err(error) => End::Failed(format!("{error:#}")),
        }
    };
    match &end {
        End::Passed => {}
        End::Failed(reason) => println!("  FAILED: {reason}"),
        End::Skipped(reason) => println!("  skipped: {reason}"),
    }
    Row { name: suite.name.to_owned(), end, tally, time: started.elapsed() }
}

fn attempt(
    project: &Project,
    suite: &Suite,
    preparations: &mut Preparations,
    tally: &mut Tally,
) -> Result<()> {
    let shell = Shell::new(project, &format!("test/{}", suite.name))?;
    for toolchain in suite.needs {
        preparations.finish(toolchain, &shell)?;
    }
    let result = (suite.run)(&shell);
    *tally = Tally::of(&shell.log()?);
    result?;
    ensure!(!suite.counted || tally.passed > 0, "no test ran: see the suite's log");
    Ok(())
}

/// The toolchains' preparations, running in the background until a suite needs one.
struct Preparations<'scope> {
    running: HashMap<&'static str, ScopedJoinHandle<'scope, Result<()>>>,
    failed: HashMap<&'static str, String>,
}

impl<'scope> Preparations<'scope> {
    fn start<'a: 'scope>(
        scope: &'scope Scope<'scope, '_>,
        project: &'a Project,
        toolchains: impl Iterator<Item = &'static Toolchain>,
    ) -> Self {
        let mut running = HashMap::new();
        for Toolchain { name, prepare, .. } in toolchains {
            let Some(prepare) = prepare else { continue };
            println!("  ({name} is being prepared in the background)");
            let work = move || prepare(&Shell::silent(project, &format!("test/prepare-{name}"))?);
            running.insert(*name, scope.spawn(work));
        }
        Self { running, failed: HashMap::new() }
    }

    fn finish(&mut self, toolchain: &'static str, shell: &Shell) -> Result<()> {
        if let Some(thread) = self.running.remove(toolchain) {
            if !thread.is_finished() {
                shell.say(&format!("waiting for {toolchain} to be prepared"))?;
            }
            let result = thread.join().map_err(|_| anyhow!("a panic, see above"));
            if let Err(error) = result.and_then(|result| result) {
                self.failed.insert(toolchain, format!("{error:#}"));
            }
        }
        match self.failed.get(toolchain) {
            Some(reason) => bail!("preparing {toolchain} failed: {reason}"),
            None => Ok(()),
        }
    }
}

/// Prints the table and the last line; whether nothing failed.
fn summarize(rows: &[Row]) -> bool {
    let mut table = Table::new();
    table.load_preset(UTF8_BORDERS_ONLY).set_content_arrangement(ContentArrangement::Dynamic);
    table.set_header(["suite", "result", "tests", "seconds", "reason"]);
    for Row { name, end, tally, time } in rows {
        let (result, reason) = match end {
            End::Passed => ("passed", ""),
            End::Failed(reason) => ("FAILED", reason.lines().next().unwrap_or_default()),
            End::Skipped(reason) => ("skipped", reason.as_str()),
        };
        table.add_row([name, result, &tally.to_string(), &format!("{:.1}", time.as_secs_f64()), reason]);
    }
    println!("\n{table}");
    for Row { name, tally, .. } in rows {
        for reason in &tally.reasons {
            println!("{name}: {reason}");
        }
    }
    let count = |matches: fn(&End) -> bool| rows.iter().filter(|row| matches(&row.end)).count();
    let failed = count(|end| matches!(end, End::Failed(_)));
    println!("{} passed, {failed} failed", count(|end| matches!(end, End::Passed)));
    failed == 0
}

fn check_names<'a>(what: &str, given: &[String], known: impl Iterator<Item = &'a str>) -> Result<()> {
    let known: Vec<_> = known.collect();
    let unknown = given.iter().find(|name| !known.contains(&name.as_str()));
    unknown.map_or(Ok(()), |name| {
        Err(anyhow!("there are {}", known.join(", "))).context(format!("no {what} {name}"))
    })
}
