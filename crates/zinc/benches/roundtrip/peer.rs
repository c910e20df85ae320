//! The other process: started by the bench from its own program, pinned to another core, told what to do line by line.

use std::io::{BufRead, Write};
use std::process::{ChildStdin, Command, Stdio};
use std::thread::JoinHandle;
use std::time::Duration;

use rustix::process::{Signal, set_parent_process_death_signal};
use zinc::{RegionOptions, SharedRegion};

use crate::pinned::pin;
use crate::ways::{Side, Turn, WAYS, Way};

/// The names of the two regions of a run.
pub(crate) fn names(run: &str) -> [String; 2] {
    [format!("{run}-spinning"), format!("{run}-sleeping")]
}

pub(crate) fn sleeping() -> RegionOptions {
    RegionOptions::new().spin(Duration::ZERO)
}

/// The other process: does the turns that it is told on its standard input.
pub(crate) fn run(run: &str, cpu: usize) {
    // It may be spinning when the bench is stopped, and would for ever.
    set_parent_process_death_signal(Some(Signal::KILL)).expect("a plain signal");
    pin(cpu);
    let [spinning, asleep] = names(run);
    let spinning = SharedRegion::open(spinning).expect("the bench has created it");
    let sleeping = sleeping().open(asleep).expect("the bench has created it");
    let side = Side { spinning, sleeping };
    let mut turn = Turn::new();
    for line in std::io::stdin().lock().lines() {
        let line = line.expect("the bench writes text");
        let way = WAYS.iter().find(|way| way.name == line).expect("the bench names a way");
        (way.answer)(&side, turn.of(way));
    }
}

/// The other process, as seen by the bench.
pub(crate) struct Peer {
    orders: Option<ChildStdin>,
    watch: Option<JoinHandle<()>>,
}

impl Peer {
    pub(crate) fn start(run: &str, cpu: usize) -> Self {
        let program = std::env::current_exe().expect("this program has a path");
        let mut child = Command::new(program)
            .args(["--peer", run, &cpu.to_string()])
            .stdin(Stdio::piped())
            .spawn()
            .expect("this program can be run again");
        let orders = child.stdin.take();
        // Without the other side the bench would spin for ever.
        let watch = std::thread::spawn(move || {
            let status = child.wait().expect("the peer is a child");
            if !status.success() {
                eprintln!("the peer process failed: {status}");
                std::process::exit(1);
            }
        });
        Self { orders, watch: Some(watch) }
    }

    pub(crate) fn order(&mut self, way: &Way) {
        let orders = self.orders.as_mut().expect("closed by drop only");
        writeln!(orders, "{}", way.name).expect("the peer reads");
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
