//! At whatever moment an owner is killed, its name is free for the next one, and nothing of it is left.

mod common;

use std::time::{Duration, Instant};

use common::forked::fork;
use common::{PATIENCE, Part, Stage, word};
use zinc::{RegionState, SharedRegion};

common::parts!(own, die_at_random);

fn own(part: &mut Part) {
    let _owner = part.options().create("r", 100).unwrap();
    part.say("created");
    part.hear();
}

#[test]
fn the_next_create_takes_the_name_over() {
    let stage = Stage::new();
    // The first create of a process sweeps.
    drop(Stage::new().options().create("first", 1).unwrap());
    for take in [
        |stage: &Stage| stage.options().create("r", 1).unwrap().into(),
        |stage: &Stage| stage.options().open_or_create("r", 1).unwrap(),
    ] {
        let mut owner = stage.start("own");
        owner.expect("created");
        let inside = stage.options().open("r").unwrap();
        owner.kill();
        assert_eq!(stage.options().list().unwrap()[0].state, RegionState::Dead);
        let next: zinc::Region = take(&stage);
        assert!(next.is_owner());
        assert_ne!(next.info().id, inside.info().id);
        assert_eq!(word(inside.wait(PATIENCE)), "OwnerDied");
        assert_eq!(
            stage.options().open("r").unwrap().info().id,
            next.info().id,
            "the waiter swept nothing new"
        );
        drop(next);
        assert!(stage.files().is_empty());
    }
}

#[test]
fn open_finds_nothing_and_sweeps() {
    let stage = Stage::new();
    let mut owner = stage.start("own");
    owner.expect("created");
    owner.kill();
    let error = stage.options().open("r").unwrap_err();
    assert_eq!(error.kind(), zinc::ErrorKind::NotFound);
    assert!(error.to_string().contains("died"), "{error}");
    assert!(stage.files().is_empty());
}

/// Has children that create, notify and close without end, kills each at a random moment, and takes its name over.
fn die_at_random(part: &mut Part) {
    let options = part.options();
    drop(options.create("r", 1).unwrap());
    for round in 0..300u32 {
        let child = fork(|| {
            loop {
                let Ok(owner) = options.create("r", 5000) else { return 1 };
                let peer = options.open("r").expect("its own region");
                owner.notify().unwrap();
                peer.wait(PATIENCE).unwrap();
                match round % 3 {
                    0 => owner.close().unwrap(),
                    1 => owner.unlink().unwrap(),
                    _ => drop(owner),
                }
            }
        });
        let moment = Duration::from_nanos(u64::from(round) * 7919 % 2_000_000);
        let start = Instant::now();
        while start.elapsed() < moment {
            std::thread::yield_now();
        }
        let inside = options.open("r").ok();
        assert!(child.kill().signaled(), "round {round}: no create failed");
        let next = options.create("r", 1).expect("the name is free");
        if let Some(inside) = inside {
            let answer = until_end(&inside);
            assert!(["OwnerDied", "Closed"].contains(&answer.as_str()), "round {round}: {answer}");
        }
        drop(next);
        assert_eq!(std::fs::read_dir(part.directory()).unwrap().count(), 0, "round {round}");
    }
    part.say("done");
}

fn until_end(region: &SharedRegion) -> String {
    loop {
        let answer = word(region.wait(PATIENCE));
        if answer != "true" {
            return answer;
        }
    }
}

#[test]
fn at_whatever_moment_it_is_killed_the_name_is_free() {
    let stage = Stage::new();
    stage.start("die_at_random").expect("done");
}
