//! Many processes that create, open, wait and notify at random, while they are killed and stopped at random.
//!
//! `cargo xtask torture` builds this with the core's marked places (`--cfg zinc_failpoints`) and runs it. One process, the
//! supervisor, starts the others, kills and stops them, and looks for what must not be; each of the others looks for
//! itself, too.
//!
//! What must hold all the while:
//!
//! - no call lasts longer than its timeout, and no wait outlives its region's owner by more than a second;
//! - a finished notification ends the waits for it, also while another notifier is stopped halfway;
//! - as long as an owner lives, its name leads to its region, and to nobody else's;
//! - what is closed leaves no descriptor, mapping or thread;
//! - after the last process there is no name that `create` cannot have.

mod ledger;
mod supervisor;
mod worker;

use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

use clap::{Parser, Subcommand};

#[derive(Parser)]
struct Args {
    #[command(subcommand)]
    role: Option<Role>,
    /// How long to go on, in seconds
    #[arg(long, default_value_t = 60)]
    seconds: u64,
    /// Go on until this many processes were killed, too
    #[arg(long, default_value_t = 0)]
    kills: u64,
    /// What the random choices are made from; scheduling is still the machine's
    #[arg(long, default_value_t = 1)]
    seed: u64,
}

#[derive(Subcommand)]
enum Role {
    /// One of the processes that a run starts
    #[command(hide = true)]
    Worker { directory: PathBuf, slot: usize, incarnation: u32, seed: u64 },
}

fn main() -> ExitCode {
    let args = Args::parse();
    match args.role {
        Some(Role::Worker { directory, slot, incarnation, seed }) => {
            worker::run(&directory, ledger::Owner { slot, incarnation }, seed);
            ExitCode::SUCCESS
        }
        None => match supervisor::run(Duration::from_secs(args.seconds), args.kills, args.seed) {
            Ok(true) => ExitCode::SUCCESS,
            Ok(false) => ExitCode::FAILURE,
            Err(error) => {
                eprintln!("error: {error:#}");
                ExitCode::FAILURE
            }
        },
    }
}
