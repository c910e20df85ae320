//! The process that starts the others, kills and stops them, and says at the end what held.

use std::os::unix::process::ExitStatusExt;
use std::path::Path;
use std::process::{Child, Command};
use std::sync::atomic::Ordering;
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use comfy_table::{CellAlignment, Table, presets::ASCII_MARKDOWN};
use fastrand::Rng;
use rustix::process::{Pid, Signal, kill_process};
use zinc::{ErrorKind, RegionOptions};

use crate::ledger::{Count, Ledger, Owner, POINTS, SLOTS, now};
use crate::worker::{AUDITOR, NAMES, name};

/// How much longer than it may a call lasts before it counts as hung, in microseconds. Besides the second that a wait may
/// outlive its owner, this allows for a machine on which everybody wants to run.
const HUNG: u64 = 2_000_000;

struct Process {
    child: Child,
    who: Owner,
}

impl Process {
    fn signal(&self, signal: Signal) {
        // It may have ended by itself just now.
        let _ = kill_process(Pid::from_child(&self.child), signal);
    }
}

struct Run<'a> {
    directory: &'a Path,
    ledger: &'static Ledger,
    rng: Rng,
    seed: u64,
    processes: Vec<Process>,
    started: u64,
    killed: u64,
    stopped: u64,
    ended: u64,
}

/// Runs for that long and until that many were killed; whether everything held.
pub(crate) fn run(time: Duration, kills: u64, seed: u64) -> Result<bool> {
    let directory = tempfile::Builder::new().prefix("zinc-torture-").tempdir_in("/dev/shm")?;
    let regions = directory.path().join("regions");
    std::fs::create_dir(&regions)?;
    let ledger = Ledger::create(&directory.path().join("ledger")).context("make the ledger")?;
    ledger.point_kills.store(40, Ordering::Relaxed);
    let mut run = Run {
        directory: directory.path(),
        ledger,
        rng: Rng::with_seed(seed),
        seed,
        processes: Vec::new(),
        started: 0,
        killed: 0,
        stopped: 0,
        ended: 0,
    };
    println!(
        "{SLOTS} processes, seed {seed}, {} s{}",
        time.as_secs(),
        match kills {
            0 => String::new(),
            kills => format!(" and {kills} kills"),
        }
    );
    let start = Instant::now();
    run.go_on(start, time, kills)?;
    run.finish()?;
    run.nothing_is_left(&regions)?;
    run.report(start.elapsed());
    Ok(ledger.get(Count::Violations) == 0)
}

impl Run<'_> {
    fn start(&mut self, who: Owner) -> Result<Process> {
        self.started += 1;
        let seed = self.seed.wrapping_mul(0x9E37_79B9_7F4A_7C15).wrapping_add(self.started);
        for call in &self.ledger.slots[who.slot].calls {
            call.since.store(0, Ordering::SeqCst);
        }
        self.ledger.slots[who.slot].stopped.store(0, Ordering::SeqCst);
        let child = Command::new(std::env::current_exe()?)
            .arg("worker")
            .arg(self.directory)
            .args([who.slot.to_string(), who.incarnation.to_string(), seed.to_string()])
            .spawn()
            .context("start a process")?;
        Ok(Process { child, who })
    }

    fn kills(&self) -> u64 {
        self.killed + self.ledger.kills_at.iter().map(|kills| kills.load(Ordering::Relaxed)).sum::<u64>()
    }

    fn go_on(&mut self, start: Instant, time: Duration, kills: u64) -> Result<()> {
        for slot in 0..SLOTS {
            let process = self.start(Owner { slot, incarnation: 1 })?;
            self.processes.push(process);
        }
        let mut said = Instant::now();
        while start.elapsed() < time || self.kills() < kills {
            // Chance needs no clock: this only keeps the supervisor from taking a processor for itself.
            thread::sleep(Duration::from_millis(1));
            self.replace_the_dead()?;
            self.set_going_again();
            self.look_for_the_hung();
            let slot = self.rng.usize(1..SLOTS);
            match self.rng.u32(..100) {
                0..15 => self.kill(slot),
                15..17 => self.stop(slot),
                _ => {}
            }
            if said.elapsed() > Duration::from_secs(10) {
                said = Instant::now();
                println!(
                    "{:>4} s: {} kills, {} violations",
                    start.elapsed().as_secs(),
                    self.kills(),
                    self.ledger.get(Count::Violations)
                );
            }
        }
        Ok(())
    }

    fn kill(&mut self, slot: usize) {
        let process = &self.processes[slot];
        if self.ledger.end_of(process.who).is_none() {
            self.ledger.ends(process.who);
            process.signal(Signal::KILL);
            self.killed += 1;
        }
    }

    fn stop(&mut self, slot: usize) {
        if self.ledger.slots[slot].stopped.load(Ordering::SeqCst) == 0 {
            self.ledger.slots[slot].stays_until.store(now() + self.rng.u64(..100_000), Ordering::SeqCst);
            self.ledger.slots[slot].stopped.store(now(), Ordering::SeqCst);
            self.processes[slot].signal(Signal::STOP);
            self.stopped += 1;
        }
    }

    /// Sets those going again that were stopped for long enough, or have stopped themselves.
    fn set_going_again(&mut self) {
        for process in &self.processes {
            let slot = &self.ledger.slots[process.who.slot];
            let is_stopped = slot.stopped.load(Ordering::SeqCst) != 0;
            if is_stopped && now() > slot.stays_until.load(Ordering::SeqCst) {
                slot.resumed.store(now(), Ordering::SeqCst);
                slot.stopped.store(0, Ordering::SeqCst);
                process.signal(Signal::CONT);
                slot.resumed.store(now(), Ordering::SeqCst);
            }
        }
    }

    fn replace_the_dead(&mut self) -> Result<()> {
        for index in 0..self.processes.len() {
            let process = &mut self.processes[index];
            let Some(status) = process.child.try_wait()? else { continue };
            let expected =
                matches!(status.signal(), Some(libc::SIGKILL | libc::SIGABRT)) || status.code() == Some(0);
            if !expected || process.who.slot == AUDITOR {
                let (slot, incarnation) = (process.who.slot, process.who.incarnation);
                self.ledger.violation(format_args!("process {slot}.{incarnation} ended by itself: {status}"));
            }
            self.ended += u64::from(status.signal() != Some(libc::SIGKILL));
            let who = Owner { incarnation: process.who.incarnation + 1, ..process.who };
            self.processes[index] = self.start(who)?;
        }
        Ok(())
    }

    fn look_for_the_hung(&self) {
        let now = now();
        for process in &self.processes {
            let slot = &self.ledger.slots[process.who.slot];
            let stopped = slot.stopped.load(Ordering::SeqCst) != 0;
            if stopped || now < slot.resumed.load(Ordering::SeqCst) + HUNG {
                continue;
            }
            for call in &slot.calls {
                let (since, until) = (call.since.load(Ordering::SeqCst), call.until.load(Ordering::SeqCst));
                let owner = Owner::of_code(call.owner.load(Ordering::SeqCst));
                let owners_end = owner.and_then(|owner| self.ledger.end_of(owner)).unwrap_or(u64::MAX);
                let must_end = until.min(owners_end.max(since));
                if since != 0
                    && now > must_end.saturating_add(HUNG)
                    && call.since.load(Ordering::SeqCst) == since
                {
                    self.ledger.violation(format_args!(
                        "a call of process {}.{} goes on {} ms after it must have ended",
                        process.who.slot,
                        process.who.incarnation,
                        (now - must_end) / 1000
                    ));
                    // Once is enough.
                    call.since.store(0, Ordering::SeqCst);
                }
            }
        }
    }

    fn finish(&mut self) -> Result<()> {
        self.ledger.over.store(1, Ordering::SeqCst);
        for mut process in self.processes.drain(..).rev() {
            if process.who.slot != AUDITOR {
                process.signal(Signal::KILL);
            }
            let status = process.child.wait()?;
            if process.who.slot == AUDITOR && !status.success() {
                self.ledger.violation(format_args!("the auditor ended with {status}"));
            }
        }
        Ok(())
    }

    /// After the last process every name can be had, and nothing is left then.
    fn nothing_is_left(&self, regions: &Path) -> Result<()> {
        let options = RegionOptions::new().directory(regions);
        for name in (0..NAMES).map(name) {
            match options.clone().create(&name, 1) {
                Ok(owner) => owner.close()?,
                // Killed between persisting and removing.
                Err(error) if error.kind() == ErrorKind::AlreadyExists => options.remove(&name)?,
                Err(error) => self.ledger.violation(format_args!("{name} cannot be had at the end: {error}")),
            }
        }
        let left: Vec<_> =
            std::fs::read_dir(regions)?.map(|entry| Ok(entry?.file_name())).collect::<Result<_>>()?;
        if !left.is_empty() {
            self.ledger.violation(format_args!("files left at the end: {left:?}"));
        }
        ensure!(self.processes.is_empty());
        Ok(())
    }

    fn report(&self, time: Duration) {
        let mut table = Table::new();
        table.load_preset(ASCII_MARKDOWN).set_header(["what", "how often"]);
        let mut row = |what: &str, count: u64| {
            table.add_row([what.to_owned(), count.to_string()]);
        };
        row("processes started", self.started);
        row("killed by the supervisor", self.killed);
        for (point, kills) in POINTS.iter().zip(&self.ledger.kills_at) {
            row(&format!("killed at {point:?}"), kills.load(Ordering::Relaxed));
        }
        row("killed in all", self.kills());
        row("exited or aborted", self.ended);
        row("stopped by the supervisor", self.stopped);
        row("stopped at a marked place", self.ledger.stops_at_points.load(Ordering::Relaxed));
        row(
            "of these, in the middle of a notify, for up to 1.5 s",
            self.ledger.stops_of_notifiers.load(Ordering::Relaxed),
        );
        row("processes with one processor", self.ledger.pinned.load(Ordering::Relaxed));
        for (count, what) in Count::ALL {
            row(what, self.ledger.get(count));
        }
        row(
            "longest from an owner's end to OwnerDied, ms",
            self.ledger.longest_death.load(Ordering::Relaxed) / 1000,
        );
        row(
            "longest from a notify to its wait's end, ms",
            self.ledger.longest_wake.load(Ordering::Relaxed) / 1000,
        );
        if let Some(column) = table.column_mut(1) {
            column.set_cell_alignment(CellAlignment::Right);
        }
        println!("{table}");
        let held =
            if self.ledger.get(Count::Violations) == 0 { "everything held" } else { "IT DID NOT HOLD" };
        println!("{held}: {} kills in {:.0} s, seed {}", self.kills(), time.as_secs_f64(), self.seed);
    }
}
