//! What a hand-over costs: through Zinc to every reader, and the same bytes through a Unix socket, taking turns.

use std::fs;
use std::path::Path;

use anyhow::{Context, Result, bail, ensure};
use comfy_table::presets::UTF8_BORDERS_ONLY;
use comfy_table::{CellAlignment, Table};

use super::answers::Answers;
use super::child::Child;
use super::memory;
use super::protocol::Said;
use super::reader::Reader;

const ROUNDS: usize = 9;
/// From which factor between the least and the most on a row is called noisy.
const NOISY: u64 = 3;

/// The table of the demo, and what it was measured on.
pub(crate) struct Costs<'a> {
    rows: Vec<Row<'a>>,
    bytes: u64,
    filling: Vec<u64>,
    load: String,
    stolen_ticks: u64,
}

/// One way to one reader; a number for each round, in nanoseconds and bytes.
struct Row<'a> {
    reader: &'a Reader,
    way: Way,
    first_byte: Vec<u64>,
    usable: Vec<u64>,
    all_read: Vec<u64>,
    copied: Vec<u64>,
    own_memory: Vec<u64>,
}

#[derive(Clone, Copy, PartialEq)]
enum Way {
    Zinc,
    Socket,
}

/// Hands over again and again, each time to a reader just started, and checks the answers each time.
pub(crate) fn measure<'a>(
    readers: &'a [Reader],
    loader: &mut Child,
    expected: &Answers,
) -> Result<Costs<'a>> {
    // Where the comparison's socket is.
    let scratch = tempfile::tempdir()?;
    let mut rows: Vec<_> = readers.iter().map(|reader| Row::new(reader, Way::Zinc)).collect();
    rows.extend(
        readers.iter().filter(|reader| reader.takes_socket).map(|reader| Row::new(reader, Way::Socket)),
    );

    let mut costs =
        Costs { rows, bytes: 0, filling: Vec::new(), load: load()?, stolen_ticks: stolen_ticks()? };
    for _ in 0..ROUNDS {
        for row in &mut costs.rows {
            let (bytes, filling) = row.round(&scratch.path().join("socket"), loader, expected)?;
            costs.bytes = bytes;
            if row.way == Way::Zinc {
                costs.filling.push(filling);
            }
        }
    }
    costs.stolen_ticks = stolen_ticks()?.saturating_sub(costs.stolen_ticks);
    Ok(costs)
}

impl<'a> Row<'a> {
    fn new(reader: &'a Reader, way: Way) -> Self {
        let (first_byte, usable, all_read) = (Vec::new(), Vec::new(), Vec::new());
        Self { reader, way, first_byte, usable, all_read, copied: Vec::new(), own_memory: Vec::new() }
    }

    /// One hand-over: how many bytes, and how long the loader took to fill the regions.
    fn round(&mut self, socket: &Path, loader: &mut Child, expected: &Answers) -> Result<(u64, u64)> {
        let mut command = match self.way {
            Way::Zinc => {
                loader.tell("share")?;
                self.reader.of_regions()
            }
            Way::Socket => {
                loader.tell(&format!("send {}", socket.display()))?;
                self.reader.of_socket(socket)
            }
        };
        let Said::Offered { bytes, nanoseconds } = loader.hear()? else { bail!("the loader did not offer") };
        let mut reader = Child::start(self.label(), &mut command)?;
        reader.expect_ready()?;

        loader.tell("notify")?;
        let Said::Timing(timing) = reader.hear()? else { bail!("{} sent no timing", reader.who()) };
        let Said::Notified { at } = loader.hear()? else { bail!("the loader did not notify") };
        let since = |moment: u64| {
            moment
                .checked_sub(at)
                .with_context(|| format!("{} was done before it was notified", reader.who()))
        };
        self.first_byte.push(since(timing.first_byte)?);
        self.usable.push(since(timing.received.unwrap_or(timing.first_byte))?);
        self.all_read.push(since(timing.all_read)?);
        let received = timing.received_bytes.unwrap_or(0);
        ensure!(self.way == Way::Zinc || received == bytes, "{received} bytes came of {bytes} sent");
        // Through a socket every byte is copied twice: into the kernel, and out of it.
        self.copied.push(2 * received);

        self.own_memory.push(memory::own(&reader)?);
        expected.check(&mut reader)?;
        reader.finish()?;
        loader.tell("close")?;
        let Said::Closed = loader.hear()? else { bail!("the loader did not close") };
        Ok((bytes, nanoseconds))
    }

    fn label(&self) -> String {
        let way = match self.way {
            Way::Zinc => "Zinc",
            Way::Socket => "Unix socket",
        };
        format!("{way} to {}", self.reader.language)
    }
}

impl Costs<'_> {
    pub(crate) fn print(&self) {
        let mut table = Table::new();
        table.load_preset(UTF8_BORDERS_ONLY);
        table.set_header([
            "from notify or send\nuntil",
            "first byte\nread",
            "all of it\nusable",
            "every row\nread once",
            "bytes\ncopied",
            "reader's own\nmemory",
        ]);
        for row in &self.rows {
            table.add_row([
                row.label(),
                spread(&row.first_byte),
                spread(&row.usable),
                spread(&row.all_read),
                grouped(median(&row.copied)),
                format!("{:.1} MB", median(&row.own_memory) as f64 / 1e6),
            ]);
        }
        for column in table.column_iter_mut().skip(1) {
            column.set_cell_alignment(CellAlignment::Right);
        }
        println!("{table}");
        self.explain();
        self.compare();
        self.judge_noise();
    }

    fn explain(&self) {
        println!(
            "    {} bytes, {ROUNDS} hand-overs each, taking turns: median, below it least..most. Each reader is new\n    \
             and waits when the notify or send comes. Through Zinc all of it is usable when the first byte is;\n    \
             its pages are mapped as they are first read, so \"every row read once\" is the even comparison.\n    \
             Before the clock runs the regions are filled, once for all readers: {}.",
            grouped(self.bytes),
            spread(&self.filling).replace('\n', ", "),
        );
    }

    /// For the readers that take both ways.
    fn compare(&self) {
        for socket in self.rows.iter().filter(|row| row.way == Way::Socket) {
            let same_reader =
                |row: &&Row| row.way == Way::Zinc && row.reader.language == socket.reader.language;
            let Some(zinc) = self.rows.iter().find(same_reader) else { continue };
            let ratio = |part: for<'a> fn(&'a Row<'a>) -> &'a Vec<u64>| {
                median(part(socket)) as f64 / median(part(zinc)) as f64
            };
            println!(
                "    Through the socket, with its default buffers, the first byte took {} {:.1} x as long, all of it \
                 {:.0} x,\n    every row read once {:.1} x.",
                socket.reader.language,
                ratio(|row| &row.first_byte),
                ratio(|row| &row.usable),
                ratio(|row| &row.all_read),
            );
        }
    }

    fn judge_noise(&self) {
        let processors = std::thread::available_parallelism().map_or(1, usize::from);
        println!(
            "    Measured on {processors} processors with a load average of {} at the start; the host took away {} \
             clock ticks.",
            self.load, self.stolen_ticks,
        );
        let noisy = self.rows.iter().filter(|row| {
            [&row.first_byte, &row.usable, &row.all_read].into_iter().any(|values| {
                let (least, most) = ends(values);
                most > NOISY * least
            })
        });
        let noisy: Vec<_> = noisy.map(Row::label).collect();
        if !noisy.is_empty() {
            println!(
                "    Noisy: rounds differ more than {NOISY}-fold in {}.\n    \
                 Take those medians as orders of magnitude.",
                noisy.join(", ")
            );
        }
    }
}

fn median(values: &[u64]) -> u64 {
    let mut sorted = values.to_vec();
    sorted.sort_unstable();
    sorted.get(sorted.len() / 2).copied().unwrap_or(0)
}

fn ends(values: &[u64]) -> (u64, u64) {
    (values.iter().copied().min().unwrap_or(0), values.iter().copied().max().unwrap_or(0))
}

/// The median, and below it the ends, all in the unit that suits the median.
fn spread(nanoseconds: &[u64]) -> String {
    let middle = median(nanoseconds);
    let (least, most) = ends(nanoseconds);
    let (unit, size) = if middle < 1_000_000 { ("us", 1e3) } else { ("ms", 1e6) };
    let [middle, least, most] = [middle, least, most].map(|value| value as f64 / size);
    format!("{middle:.1} {unit}\n{least:.1}..{most:.1}")
}

fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let mut grouped = String::new();
    for (place, digit) in digits.char_indices() {
        if place > 0 && (digits.len() - place).is_multiple_of(3) {
            grouped.push(',');
        }
        grouped.push(digit);
    }
    grouped
}

/// The load average of the last minute (`man 5 proc_loadavg`).
fn load() -> Result<String> {
    let text = fs::read_to_string("/proc/loadavg")?;
    Ok(text.split_whitespace().next().unwrap_or_default().to_owned())
}

/// Time a virtual processor was ready but did not run, in ticks since boot: the eighth number (`man 5 proc_stat`).
fn stolen_ticks() -> Result<u64> {
    let text = fs::read_to_string("/proc/stat")?;
    let ticks = text.lines().next().and_then(|line| line.split_whitespace().nth(8));
    ticks.and_then(|ticks| ticks.parse().ok()).context("/proc/stat has no stolen time")
}
