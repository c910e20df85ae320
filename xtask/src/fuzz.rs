//! `cargo xtask fuzz`: builds the fuzz targets as cargo-fuzz does, without needing it, runs them, and sums up.

use std::collections::VecDeque;
use std::fs;
use std::path::Path;
use std::sync::{Mutex, PoisonError};
use std::time::Instant;

use crate::project::Project;
use crate::sanitize::{host, instrumented};
use crate::shell::Shell;
use anyhow::{Context, Result, ensure};
use comfy_table::Table;
use comfy_table::presets::UTF8_BORDERS_ONLY;

/// What cargo-fuzz compiles with: counters for libFuzzer, comparisons that it learns from, and the address sanitizer.
const FLAGS: &str = "-Cpasses=sancov-module -Cllvm-args=-sanitizer-coverage-level=4 \
    -Cllvm-args=-sanitizer-coverage-inline-8bit-counters -Cllvm-args=-sanitizer-coverage-pc-table \
    -Cllvm-args=-sanitizer-coverage-trace-compares -Cllvm-args=-simplifycfg-branch-fold-threshold=0 \
    --cfg fuzzing -Zsanitizer=address";

/// Looking for what safe Rust cannot do (names that two libraries share, frames used after their end) is left out, and so
/// is a long memory for freed memory: they are a third of what an execution costs.
const ASAN: &str = "detect_odr_violation=0:detect_stack_use_after_return=0:quarantine_size_mb=16";

/// What to run, and for how long.
#[derive(clap::Args)]
pub(crate) struct Options {
    /// Only this target, of those in the folder fuzz
    target: Option<String>,
    /// How long each target runs, in seconds
    #[arg(long, default_value_t = 60)]
    seconds: u64,
    /// How often each target is executed, instead of how long
    #[arg(long, conflicts_with = "seconds")]
    runs: Option<u64>,
}

/// What a run came to.
struct Row {
    target: String,
    executions: String,
    /// Edges of the program that were reached.
    coverage: String,
    seconds: f64,
    findings: Vec<String>,
}

/// Runs what `options` asks for; whether nothing was found.
pub(crate) fn run(project: &Project, options: &Options) -> Result<bool> {
    let all = targets(&project.path("fuzz/fuzz_targets"))?;
    let known = |only: &String| all.contains(only);
    ensure!(options.target.as_ref().is_none_or(known), "the targets are {}", all.join(", "));
    let chosen: VecDeque<_> = options.target.clone().map_or(all.into(), |only| [only].into());

    let shell = Shell::new(project, "fuzz")?;
    let mut build = instrumented(project, "fuzz", FLAGS, "build")?;
    build.arg("--release").arg("--manifest-path").arg(project.path("fuzz/Cargo.toml"));
    build.args(chosen.iter().flat_map(|target| ["--bin", target]));
    shell.run("build the targets", &mut build)?;

    let rows = run_all(project, options, chosen)?;
    let mut table = Table::new();
    table.load_preset(UTF8_BORDERS_ONLY);
    table.set_header(["target", "executions", "a second", "coverage", "seconds", "findings"]);
    for row in &rows {
        let rate = row.executions.parse().unwrap_or(0.0) / row.seconds.max(0.1);
        table.add_row([
            &row.target,
            &row.executions,
            &format!("{rate:.0}"),
            &row.coverage,
            &format!("{:.1}", row.seconds),
            &row.findings.len().to_string(),
        ]);
    }
    println!("{table}");
    let found: Vec<_> = rows.iter().flat_map(|row| &row.findings).collect();
    found.iter().for_each(|finding| println!("{finding}"));
    Ok(found.is_empty())
}

fn targets(folder: &Path) -> Result<Vec<String>> {
    let mut names = Vec::new();
    for entry in fs::read_dir(folder).with_context(|| format!("read {}", folder.display()))? {
        let path = entry?.path();
        if path.extension().is_some_and(|extension| extension == "rs") {
            names.push(path.file_stem().unwrap_or_default().to_string_lossy().into_owned());
        }
    }
    names.sort();
    Ok(names)
}

/// As many at a time as there are processors.
fn run_all(project: &Project, options: &Options, chosen: VecDeque<String>) -> Result<Vec<Row>> {
    let workers = std::thread::available_parallelism().map_or(1, usize::from).min(chosen.len());
    let chosen = Mutex::new(chosen);
    let next = || chosen.lock().unwrap_or_else(PoisonError::into_inner).pop_front();
    let work = || -> Result<Vec<Row>> {
        std::iter::from_fn(next).map(|target| run_one(project, options, target)).collect()
    };
    let mut rows = Vec::new();
    std::thread::scope(|scope| -> Result<()> {
        let threads: Vec<_> = (0..workers).map(|_| scope.spawn(work)).collect();
        for thread in threads {
            rows.extend(thread.join().expect("a worker's panic is this program's")?);
        }
        Ok(())
    })?;
    rows.sort_by(|a, b| a.target.cmp(&b.target));
    Ok(rows)
}

fn run_one(project: &Project, options: &Options, target: String) -> Result<Row> {
    let shell = Shell::silent(project, &format!("fuzz/{target}"))?;
    let folder = project.target().join("fuzz");
    // What was found to reach something new is kept, and the next run begins with it.
    let (corpus, artifacts) = (folder.join("corpus").join(&target), folder.join("artifacts").join(&target));
    for folder in [&corpus, &artifacts] {
        fs::create_dir_all(folder).with_context(|| format!("create {}", folder.display()))?;
    }
    let mut fuzzer = project.command(folder.join(host(project)?).join("release").join(&target));
    fuzzer.env("ASAN_OPTIONS", ASAN).arg(format!("-artifact_prefix={}/", artifacts.display()));
    // What the targets print (the testee its answers) is of no interest.
    fuzzer.args(["-print_final_stats=1", "-close_fd_mask=1", "-timeout=60"]);
    fuzzer.arg(match options.runs {
        Some(runs) => format!("-runs={runs}"),
        None => format!("-max_total_time={}", options.seconds),
    });
    fuzzer.arg(corpus);
    if target == "open" {
        fuzzer.arg(project.path("conformance/images"));
    }
    let started = Instant::now();
    let result = shell.run(&target, &mut fuzzer);
    let seconds = started.elapsed().as_secs_f64();
    let log = shell.log()?;
    let last = |before: &str| {
        let said = log.lines().rev().find_map(|line| line.split_once(before));
        said.and_then(|(_, rest)| rest.split_whitespace().next()).unwrap_or("?").to_owned()
    };
    let findings = match &result {
        Ok(()) => Vec::new(),
        Err(error) => vec![format!("{target}: {}\n{error:#}", last("Test unit written to "))],
    };
    let executions = last("stat::number_of_executed_units:");
    Ok(Row { target, executions, coverage: last(" cov: "), seconds, findings })
}
