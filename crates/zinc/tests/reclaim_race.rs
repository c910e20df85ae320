//! Of all who race for a name that falls free exactly one wins, and nobody takes the winner's region away.

mod common;

use common::forked::fork;
use common::{Actor, PATIENCE, Part, Stage, hex, word};
use zinc::{ErrorKind, Region, RegionOptions};

common::parts!(racer, victim);

const ROUNDS: u64 = 300;

/// Again and again: makes a region, says so, and when told lets its owner die.
fn victim(part: &mut Part) {
    loop {
        part.hear();
        let options = part.options();
        let owner = fork(|| {
            std::mem::forget(options.create("r", 100).unwrap());
            part.say("made");
            part.hear();
            0
        });
        assert_eq!(owner.end().exit_status(), Some(0));
        part.say("dead");
    }
}

/// Does what it was told, at the moment when the gun is fired, and says what came of it.
fn racer(part: &mut Part) {
    let verb = part.hear();
    let options = part.options();
    let gun = options.open("gun").unwrap();
    for round in 0.. {
        part.hear();
        let before = match verb.as_str() {
            "wait" => Some(options.open("r").unwrap().into()),
            "unlink" => Some(options.clone().persistent(true).create("r", 100).unwrap().into()),
            _ => None,
        };
        part.say("ready");
        if gun.wait_past(round, PATIENCE).unwrap().is_none() {
            return;
        }
        let (answer, prize) = act(&verb, &options, before);
        part.say(answer);
        part.hear();
        drop(prize);
        part.say("over");
    }
}

fn act(verb: &str, options: &RegionOptions, before: Option<Region>) -> (String, Option<Region>) {
    let won = match verb {
        "create" => options.create("r", 100).map(Region::from),
        "open or create" => options.open_or_create("r", 100),
        "open" => options.open("r").map(Region::from),
        "remove" => return (word(options.remove("r")), None),
        "create at last" => loop {
            match options.create("r", 100) {
                Err(error) if error.kind() == ErrorKind::AlreadyExists => {}
                other => break other.map(Region::from),
            }
        },
        "unlink" => {
            return (word(before.as_ref().and_then(Region::as_owner).expect("an owner").unlink()), before);
        }
        // Its first poll asks after the owner, and who learns of the death sweeps.
        "wait" => return (word(before.expect("opened before").wait(0)), None),
        other => panic!("{other:?} is nothing to do"),
    };
    match won {
        Ok(region) => {
            let how = if region.is_owner() { "owns" } else { "sees" };
            (format!("{how} {}", hex(region.info().id)), Some(region))
        }
        Err(error) => (error.kind().name().to_owned(), None),
    }
}

/// Runs the race many times, over the name of an owner that has just died, or of a persistent region if one of the
/// racers has such a one to unlink; `check` gets each round's answers, in the order of the verbs.
fn race(verbs: &[&str], check: impl Fn(&[String], &str)) {
    let stage = Stage::new();
    let gun = stage.options().create("gun", 1).unwrap();
    let mut victim = (!verbs.contains(&"unlink")).then(|| stage.start("victim"));
    let mut racers: Vec<_> = verbs.iter().map(|_| stage.start("racer")).collect();
    racers.iter_mut().zip(verbs).for_each(|(racer, verb)| racer.tell(verb));
    for round in 0..ROUNDS {
        if let Some(victim) = &mut victim {
            victim.tell("make");
            victim.expect("made");
        }
        racers.iter_mut().for_each(|racer| racer.tell("next"));
        racers.iter_mut().for_each(|racer| racer.expect("ready"));
        if let Some(victim) = &mut victim {
            victim.tell("die");
            victim.expect("dead");
        }

        gun.notify().unwrap();
        let answers: Vec<_> = racers.iter_mut().map(Actor::hear).collect();
        let winners: Vec<_> = answers.iter().filter_map(|answer| answer.strip_prefix("owns ")).collect();
        assert_eq!(winners.len(), 1, "round {round}: {answers:?}");
        check(&answers, winners[0]);
        let there = stage.options().open("r").map(|region| hex(region.info().id));
        assert_eq!(word(there), format!("{:?}", winners[0]), "round {round}: {answers:?}");

        for racer in &mut racers {
            racer.tell("drop");
            racer.expect("over");
        }
        assert_eq!(stage.files(), ["zinc.gun"], "round {round}: {answers:?}");
    }
}

#[test]
fn of_racing_creators_one_wins() {
    race(&["create"; 4], |answers, _| {
        assert_eq!(answers.iter().filter(|answer| *answer == "AlreadyExists").count(), 3, "{answers:?}");
    });
}

#[test]
fn whatever_else_races_the_winners_region_stays() {
    race(&["create", "open or create", "remove", "open", "wait"], |answers, winner| {
        let (owns, sees) = (format!("owns {winner}"), format!("sees {winner}"));
        let possible: [&[&str]; 5] = [
            &[&owns, "AlreadyExists"],
            &[&owns, &sees],
            &["()", "NotFound", "PermissionDenied"],
            &[&sees, "NotFound"],
            &["OwnerDied"],
        ];
        for (answer, possible) in answers.iter().zip(possible) {
            assert!(possible.contains(&answer.as_str()), "{answers:?}");
        }
    });
}

#[test]
fn of_racing_open_or_creates_one_owns_and_all_are_inside() {
    race(&["open or create"; 4], |answers, winner| {
        assert!(answers.iter().all(|answer| answer.ends_with(winner)), "{answers:?}");
    });
}

#[test]
fn who_unlinks_or_removes_a_persistent_region_takes_no_later_one_away() {
    race(&["unlink", "remove", "remove", "create at last"], |answers, _| {
        assert_eq!(answers[0], "()", "{answers:?}");
        let possible = ["()", "NotFound", "PermissionDenied"];
        assert!(answers[1..3].iter().all(|answer| possible.contains(&answer.as_str())), "{answers:?}");
    });
}
