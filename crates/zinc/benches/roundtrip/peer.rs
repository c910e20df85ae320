//! The other processes: started by the bench from its own program, pinned to a processor, told what to do line by line.

use std::io::{BufRead, BufReader, Write};
use std::process::{ChildStdin, ChildStdout, Command, Stdio};
use std::thread::JoinHandle;
use std::time::Duration;

use rustix::process::{Signal, set_parent_process_death_signal};
use zinc::{OwnedRegion, RegionOptions, SharedRegion};

use crate::pinned::pin;
use crate::ways::{Place, Side, Turn, WAYS, Way, Words};

/// The names of the regions of a pair.
fn names(run: &str) -> [String; 3] {
    [format!("{run}-spinning"), format!("{run}-sleeping"), format!("{run}-crowded")]
}

/// Creates them: the first side of a pair, and the owners, which are to be kept.
pub(crate) fn create(run: &str) -> (Side, [OwnedRegion; 3]) {
    let [spinning, asleep, crowded] = names(run);
    let spinning = SharedRegion::create(&spinning, size_of::<Words>()).expect("a small region fits");
    let asleep = sleeping().create(&asleep, 1).expect("a small region fits");
    let crowded = SharedRegion::create(&crowded, 1).expect("a small region fits");
    let side = Side { spinning: spinning.clone(), sleeping: asleep.clone(), crowded: crowded.clone() };
    (side, [spinning, asleep, crowded])
}

fn sleeping() -> RegionOptions {
    RegionOptions::new().spin(Duration::ZERO)
}

/// Does `act` with each way that is told on standard input, on the processor where that way's answer is given.
fn obey(here: usize, there: usize, mut act: impl FnMut(&'static Way)) {
    // It may be spinning when the bench is stopped, and would for ever.
    set_parent_process_death_signal(Some(Signal::KILL)).expect("a plain signal");
    for line in std::io::stdin().lock().lines() {
        let line = line.expect("the bench writes text");
        let way = WAYS.iter().find(|way| way.name == line).expect("the bench names a way");
        pin(if way.place == Place::Apart { there } else { here });
        act(way);
    }
}

/// The other process of a pair: answers in the turns that it is told.
pub(crate) fn answer(run: &str, here: usize, there: usize) {
    let [spinning, asleep, crowded] = names(run);
    let open = |name: &str| SharedRegion::open(name).expect("the bench has created it");
    let sleeping = sleeping().open(asleep).expect("the bench has created it");
    let side = Side { spinning: open(&spinning), sleeping, crowded: open(&crowded) };
    let mut turn = Turn::new();
    obey(here, there, |way| (way.answer)(&side, turn.of(way)));
}

/// One of the other pairs of a crowd: begins the turns that it is told, and says when they are over.
pub(crate) fn begin(run: &str, here: usize, there: usize) {
    let (side, _owners) = create(run);
    let mut peer = Peer::start("--answer", run, here, there);
    let mut turn = Turn::new();
    println!("ready");
    obey(here, there, |way| {
        side.reset();
        peer.order(way);
        (way.begin)(&side, turn.of(way));
        println!("over");
    });
}

/// Another process, as seen by the one that has started it.
pub(crate) struct Peer {
    orders: Option<ChildStdin>,
    said: BufReader<ChildStdout>,
    watch: Option<JoinHandle<()>>,
}

impl Peer {
    /// Starts one that plays `role`.
    pub(crate) fn start(role: &str, run: &str, here: usize, there: usize) -> Self {
        let program = std::env::current_exe().expect("this program has a path");
        let mut child = Command::new(program)
            .args([role, run, &here.to_string(), &there.to_string()])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("this program can be run again");
        let orders = child.stdin.take();
        let said = BufReader::new(child.stdout.take().expect("it is piped"));
        // Without the other side the bench would spin for ever.
        let watch = std::thread::spawn(move || {
            let status = child.wait().expect("the peer is a child");
            if !status.success() {
                eprintln!("the peer process failed: {status}");
                std::process::exit(1);
            }
        });
        Self { orders, said, watch: Some(watch) }
    }

    pub(crate) fn order(&mut self, way: &Way) {
        let orders = self.orders.as_mut().expect("closed by drop only");
        writeln!(orders, "{}", way.name).expect("the peer reads");
    }

    /// Waits until it says something.
    pub(crate) fn hear(&mut self) {
        let mut line = String::new();
        assert!(self.said.read_line(&mut line).expect("the peer writes text") > 0, "the peer has ended");
    }
}

impl Drop for Peer {
    fn drop(&mut self) {
        if std::thread::panicking() {
            // It may be in the middle of a turn that nobody ends; it dies with this process.
            return;
        }
        self.orders = None;
        let _ = self.watch.take().map(JoinHandle::join);
    }
}
