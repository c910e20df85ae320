//! Runs the conformance cases over every ordered pair of the languages that are there.

mod answer;
mod case;
mod check;
mod expand;
mod images;
mod junit;
mod languages;
mod machine;
mod matrix;
mod proc;
mod report;
mod run;
mod spec;
mod testee;

use anyhow::{Context, Result, ensure};
use clap::{Parser, Subcommand};
use languages::Language;
use std::collections::BTreeMap;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Instant;

/// The conformance suite of Zinc: every case over every ordered pair of languages, creator x opener.
#[derive(Parser)]
#[command(name = "zinc-conformance", args_conflicts_with_subcommands = true)]
struct Args {
    #[command(subcommand)]
    command: Option<Task>,
    /// Only these languages
    #[arg(long, value_delimiter = ',', value_name = "LANGUAGE")]
    only: Vec<String>,
    /// Only cases whose id contains this text, or has it for its theme; may be given more than once
    #[arg(long, value_name = "TEXT")]
    case: Vec<String>,
    /// Fail if one of these languages is not there ("all": any language of the table)
    #[arg(long, value_delimiter = ',', value_name = "LANGUAGE")]
    require: Vec<String>,
    /// List the languages and the cases, and run nothing
    #[arg(long)]
    list: bool,
    /// How many runs at a time; most of them wait most of the time
    #[arg(long, value_name = "NUMBER")]
    jobs: Option<usize>,
    /// Where the pages and the JUnit report go [default: the folder `conformance` in cargo's target folder]
    #[arg(long, value_name = "FOLDER")]
    output: Option<PathBuf>,
}

#[derive(Subcommand)]
enum Task {
    /// Write the golden region images that `images/images.toml` describes
    Images {
        /// Write nothing; fail if a file is not as it would be written
        #[arg(long)]
        check: bool,
    },
}

/// The folder of the suite: cases, images and tables are read from here.
fn here() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn main() -> ExitCode {
    let args = Args::parse();
    let done = match args.command {
        Some(Task::Images { check }) => write_images(check).map(|()| true),
        None => conformance(&args),
    };
    match done {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn write_images(check: bool) -> Result<()> {
    let folder = here().join("images");
    let (count, done) = if check {
        (images::compare(&folder)?, "as they should be")
    } else {
        (images::write(&folder)?, "written")
    };
    println!("{count} images {done}");
    Ok(())
}

/// True if everything passed that had to.
fn conformance(args: &Args) -> Result<bool> {
    let mut cases = case::load(&here().join("cases"))?;
    images::compare(&here().join("images"))?;
    images::all_are_used(&here().join("images"), &cases)?;
    let bin = std::env::current_exe()?.parent().context("an executable is in a folder")?.to_owned();
    let table = language_table(args, &bin)?;
    let ids: Vec<_> = cases.iter().map(|case| case.id.as_str()).collect();
    let gaps = languages::load_gaps(&here().join("gaps.toml"), &ids, &table)?;

    if !args.case.is_empty() {
        cases.retain(|case| args.case.iter().any(|text| case.id.contains(text) || case.theme == *text));
        ensure!(!cases.is_empty(), "no case is called {:?}; --list shows them", args.case);
    }
    let chosen: Vec<_> =
        table.iter().filter(|row| args.only.is_empty() || args.only.contains(&row.name)).collect();
    let (missing, present): (Vec<_>, Vec<_>) = chosen.into_iter().partition(|row| row.missing.is_some());
    if args.list {
        list(&cases, &present, &missing);
        return Ok(true);
    }
    ensure!(!present.is_empty(), "none of these languages is there: {}", names(&missing));

    let base = base_directory()?;
    let default_directory = base.path().join("default");
    std::fs::create_dir(&default_directory)?;
    let pool = testee::Pool::new(&table, &default_directory);
    let mut versions = BTreeMap::new();
    for row in &present {
        let testee = pool.take(&row.name)?;
        versions.insert(row.name.clone(), testee.hello.version.clone());
        pool.give_back(testee);
    }

    let jobs =
        args.jobs.unwrap_or_else(|| 4 * std::thread::available_parallelism().map_or(1, usize::from)).max(1);
    let start = Instant::now();
    let languages: Vec<_> = present.iter().map(|row| row.name.as_str()).collect();
    let place = run::Place { pool: &pool, base: base.path(), images: &here().join("images") };
    let results = matrix::play(&cases, &languages, &gaps, &place, jobs);
    let report = report::Report {
        cases: &cases,
        languages,
        versions,
        missing: missing
            .iter()
            .map(|row| (row.name.as_str(), row.missing.as_deref().unwrap_or_default()))
            .collect(),
        results,
        took: start.elapsed(),
    };
    let folder = args.output.clone().unwrap_or_else(|| target(&bin));
    show(&report, &folder)?;

    let wanted = |row: &&Language| args.require.iter().any(|name| *name == row.name || name == "all");
    let absent = table.iter().filter(wanted).map(|row| row.name.as_str());
    let absent: Vec<_> = absent.filter(|name| !report.languages.contains(name)).collect();
    if !absent.is_empty() {
        eprintln!("error: required, but not run: {}", absent.join(", "));
    }
    println!("{}", report.totals());
    Ok(report.totals().failed == 0 && absent.is_empty())
}

/// The table beside the reports of the last run, where xtask has put it.
fn language_table(args: &Args, bin: &Path) -> Result<Vec<Language>> {
    let table = languages::load(&target(bin).join("languages.toml"))?;
    for name in args.only.iter().chain(&args.require) {
        let known = name == "all" || table.iter().any(|row| row.name == *name);
        ensure!(known, "there is no language {name}");
    }
    Ok(table)
}

/// What belongs to this suite in cargo's target folder.
fn target(bin: &Path) -> PathBuf {
    bin.parent().unwrap_or(bin).join("conformance")
}

/// A folder for the regions of this whole run, in shared memory, open to testees that run as another user.
fn base_directory() -> Result<tempfile::TempDir> {
    let parent = std::env::var_os("ZINC_DIR").map_or_else(|| PathBuf::from("/dev/shm"), PathBuf::from);
    let base = tempfile::Builder::new().prefix("zinc-conformance-").tempdir_in(&parent);
    let base = base.with_context(|| format!("make a folder in {}", parent.display()))?;
    std::fs::set_permissions(base.path(), std::fs::Permissions::from_mode(0o755))?;
    Ok(base)
}

fn list(cases: &[case::Case], present: &[&Language], missing: &[&Language]) {
    println!("languages: {}", names(present));
    for row in missing {
        println!("missing: {} ({})", row.name, row.missing.as_deref().unwrap_or_default());
    }
    for theme in cases.chunk_by(|one, other| one.theme == other.theme) {
        println!("\n{}:", theme[0].theme);
        for case in theme {
            println!("  {:<32} {}", case.id, case.title);
        }
    }
}

/// Prints the results, and writes the two pages and the JUnit report.
fn show(report: &report::Report<'_>, folder: &Path) -> Result<()> {
    for (name, why) in report.failures() {
        println!("FAILED {name}\n{why}\n");
    }
    for line in report.skipped() {
        println!("skipped {line}");
    }
    for (name, next) in &report.missing {
        println!("missing {name}: {next}");
    }
    println!("{}", report.table());
    std::fs::create_dir_all(folder)?;
    let pages = [
        ("conformance.md", report.markdown()),
        ("conformance.html", report.html()),
        ("conformance.xml", junit::report(report)?),
    ];
    for (name, page) in pages {
        let path = folder.join(name);
        std::fs::write(&path, page).with_context(|| format!("write {}", path.display()))?;
    }
    let (cases, seconds) = (report.cases.len(), report.took.as_secs_f64());
    println!("{cases} cases in {seconds:.1} s; pages in {}", folder.display());
    Ok(())
}

fn names(languages: &[&Language]) -> String {
    languages.iter().map(|row| row.name.as_str()).collect::<Vec<_>>().join(", ")
}
