//! `cargo xtask test`: finds the toolchains, runs the suites, and sums up.

mod schedule;
mod summary;

use std::collections::BTreeMap;

use crate::languages::LANGUAGES;
use crate::project::Project;
use crate::shell::Shell;
use crate::suites;
use anyhow::{Context, Result, anyhow};
use summary::Row;

/// What to run, and what must be there.
#[derive(clap::Args)]
pub(crate) struct Options {
    /// Fail unless the tools of these languages are present, separated by commas; without it, suites that lack them are skipped
    #[arg(long, value_name = "LANGUAGE", value_delimiter = ',')]
    require: Vec<String>,
    /// Run these suites only, separated by commas
    #[arg(long, value_name = "SUITE", value_delimiter = ',')]
    only: Vec<String>,
    /// How many suites may run at a time; those that watch the clock always run alone
    #[arg(long, value_name = "NUMBER", default_value_t = 2, value_parser = clap::value_parser!(u16).range(1..))]
    jobs: u16,
    /// List the suites and the languages that they need, and run nothing
    #[arg(long)]
    list: bool,
}

/// Runs what `options` asks for; whether all of it passed.
pub(crate) fn run(project: &Project, options: &Options) -> Result<bool> {
    let mut suites = suites::all();
    check_names("suite", &options.only, suites.iter().map(|suite| suite.name))?;
    check_names("language", &options.require, LANGUAGES.iter().map(|language| language.name()))?;
    if options.list {
        for suite in suites {
            println!("{:12} {} (needs {})", suite.name, suite.about, suite.needs.join(", "));
        }
        return Ok(true);
    }
    suites.retain(|suite| options.only.is_empty() || options.only.iter().any(|only| only == suite.name));

    println!("logs: {}", Shell::logs(project).join("test").display());
    let missing = missing_toolchains(project);
    let required =
        missing.iter().filter(|(name, _)| options.require.iter().any(|required| required == *name));
    let mut rows: Vec<_> = required.map(|(name, reason)| Row::missing(name, reason)).collect();
    rows.extend(schedule::run(project, &suites, &missing, usize::from(options.jobs)));
    Ok(summary::print(&rows))
}

/// Says what there is; what there is not, by name, with the reason.
fn missing_toolchains(project: &Project) -> BTreeMap<&'static str, String> {
    println!("toolchains:");
    let mut missing = BTreeMap::new();
    for language in LANGUAGES {
        let name = language.name();
        match language.find(project) {
            Ok(version) => println!("  {name}: {version}"),
            Err(error) => {
                println!("  {name}: missing: {error:#}");
                missing.insert(name, format!("{error:#}"));
            }
        }
    }
    missing
}

fn check_names<'a>(what: &str, given: &[String], known: impl Iterator<Item = &'a str>) -> Result<()> {
    let known: Vec<_> = known.collect();
    let unknown = given.iter().find(|name| !known.contains(&name.as_str()));
    unknown.map_or(Ok(()), |name| {
        Err(anyhow!("there are {}", known.join(", "))).context(format!("no {what} {name}"))
    })
}
