//! A server that answers nearest-word questions straight from the pages that the loader filled.
//!
//! It knows two names: `zinc-example-nearest EMBEDDINGS VOCABULARY`. Questions come on standard input, a word
//! a line; `examples/README.md` describes the lines it prints. With `--socket PATH` in place of the names it
//! takes the same bytes from a Unix socket into its own memory, for comparison.

mod nearest;
mod socket;

use std::io::{BufRead, stdin};

use anyhow::{Context, Result, bail, ensure};
use nearest::Table;
use rustix::time::{ClockId, clock_gettime};
use serde_json::json;
use zinc::{RegionOptions, SharedRegion};

const PATIENCE_MS: u32 = 60_000;

fn main() -> Result<()> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    match arguments.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        ["--socket", path] => from_socket(path),
        [embeddings, vocabulary] => from_regions(embeddings, vocabulary),
        _ => bail!("usage: zinc-example-nearest EMBEDDINGS VOCABULARY | --socket PATH"),
    }
}

fn from_regions(embeddings: &str, vocabulary: &str) -> Result<()> {
    let patient = RegionOptions::new().timeout(PATIENCE_MS);
    let region = patient.open(embeddings)?;
    let vocabulary = patient.open(vocabulary)?;
    println!("{}", json!({"event": "ready"}));

    ensure!(region.wait(PATIENCE_MS)?, "{embeddings}: nobody notified within {PATIENCE_MS} ms");
    // SAFETY: the first byte of an open region's mapping, which `region` keeps.
    let _ = unsafe { region.as_ptr().read_volatile() };
    let first_byte = monotonic();

    serve_regions(&region, &vocabulary, first_byte)
}

fn serve_regions(region: &SharedRegion, vocabulary: &SharedRegion, first_byte: u64) -> Result<()> {
    let tensor = region.tensor::<f32>()?;
    let &[_, columns] = tensor.shape() else {
        bail!("{}: {} dimensions where two were expected", region.name(), tensor.shape().len());
    };
    // SAFETY: the loader writes no more once it has notified, and the notification was waited for.
    let (embeddings, words) = unsafe { (tensor.as_slice(), vocabulary.as_slice()) };

    let table = Table::new(embeddings, columns as usize, std::str::from_utf8(words)?);
    println!("{}", json!({"event": "timing", "first_byte": first_byte, "all_read": monotonic()}));
    answer(&table)
}

fn from_socket(path: &str) -> Result<()> {
    let handover = socket::connect(path)?;
    println!("{}", json!({"event": "ready"}));

    let received = handover.receive()?;
    let table =
        Table::new(&received.embeddings, received.columns, std::str::from_utf8(&received.vocabulary)?);
    let timing = json!({
        "event": "timing",
        "first_byte": received.first_byte,
        "received": received.complete,
        "received_bytes": received.bytes,
        "all_read": monotonic(),
    });
    println!("{timing}");
    answer(&table)
}

/// Answers until the questions end.
fn answer(table: &Table<'_>) -> Result<()> {
    for line in stdin().lock().lines() {
        let line = line?;
        let word = line.trim();
        let nearest = table.nearest(word).with_context(|| format!("{word:?} is not in the vocabulary"))?;
        let nearest: Vec<_> =
            nearest.into_iter().map(|(word, cosine)| json!({"word": word, "cosine": cosine})).collect();
        println!("{}", json!({"event": "answer", "word": word, "nearest": nearest}));
    }
    Ok(())
}

/// `CLOCK_MONOTONIC` in nanoseconds: one clock for all processes of a machine, so stamps can be compared.
fn monotonic() -> u64 {
    let now = clock_gettime(ClockId::Monotonic);
    now.tv_sec as u64 * 1_000_000_000 + now.tv_nsec as u64
}
