//! The members of a group share regions without knowing each other's numbers, and nobody else is let in by that.

mod common;

use std::fs::Permissions;
use std::os::unix::fs::{MetadataExt, PermissionsExt, chown};

use common::sandbox::become_member;
use common::{Actor, Part, Stage, is_root, word};
use zinc::{RegionOptions, Timeout};

common::parts!(own, be_second, be_third, be_outsider, plant);

const GROUP: u32 = 34_567;
const OTHER_GROUP: u32 = 45_678;
const FIRST: u32 = 12_345;
const SECOND: u32 = 12_346;
const THIRD: u32 = 12_347;
const OUTSIDER: u32 = 23_456;

/// Owns a region of the group as one of its members, with the mode that it hears.
fn own(part: &mut Part) {
    become_member(FIRST, &[GROUP]);
    let mode = u32::from_str_radix(&part.hear(), 8).unwrap();
    let owner = part.options().mode(mode).group(GROUP).create("r", 100).unwrap();
    assert_eq!(owner.info().path.metadata().unwrap().gid(), GROUP);
    part.say("created");
    part.hear();
}

fn owned(mode: &str) -> (Stage, Actor) {
    let stage = Stage::new();
    stage.let_everyone_in();
    let mut owner = stage.start("own");
    owner.tell(mode);
    owner.expect("created");
    (stage, owner)
}

/// What opening is answered with: without the group, with it, and with it for reading alone.
fn answers(options: &RegionOptions) -> String {
    let accepting = options.clone().accept_group(GROUP);
    let other = options.clone().accept_group(OTHER_GROUP);
    let opened = |options: &RegionOptions| word(options.open("r").map(|region| region.capacity()));
    let private = opened(&accepting.clone().copy_on_write(true));
    let read = opened(&accepting.clone().read_only(true));
    assert_eq!(private, read);
    assert_eq!(opened(options), opened(&other), "another group does not count");
    format!("{}, {}, {read}", opened(options), opened(&accepting))
}

fn be_second(part: &mut Part) {
    become_member(SECOND, &[GROUP]);
    let answers = answers(&part.options());
    part.say(answers);
}

fn be_third(part: &mut Part) {
    become_member(THIRD, &[OTHER_GROUP, GROUP]);
    let answers = answers(&part.options());
    part.say(answers);
}

fn be_outsider(part: &mut Part) {
    become_member(OUTSIDER, &[]);
    let answers = answers(&part.options());
    part.say(answers);
    let error = part.options().mode(0o660).group(GROUP).create("mine", 1).unwrap_err();
    part.say(word::<()>(Err(error)));
}

#[test]
fn members_open_what_one_of_them_owns() {
    if !is_root() {
        return;
    }
    for (mode, members, outsiders) in [
        ("660", "WrongOwner, 100, 100", "WrongOwner, PermissionDenied, PermissionDenied"),
        ("640", "WrongOwner, WrongOwner, 100", "WrongOwner, WrongOwner, PermissionDenied"),
        ("666", "WrongOwner, 100, 100", "WrongOwner, 100, 100"),
    ] {
        let (stage, _owner) = owned(mode);
        stage.start("be_second").expect(members);
        stage.start("be_third").expect(members);
        let mut outsider = stage.start("be_outsider");
        outsider.expect(outsiders);
        outsider.expect("PermissionDenied");
    }
}

/// Makes a region under the group's name as somebody who is no member.
fn plant(part: &mut Part) {
    become_member(OUTSIDER, &[]);
    let _owner = part.options().mode(0o666).create("r", 100).unwrap();
    part.say("planted");
    part.hear();
}

#[test]
fn a_directory_that_gives_its_group_to_everything_vouches_for_nobody() {
    if !is_root() {
        return;
    }
    let stage = Stage::new();
    chown(stage.path(), None, Some(GROUP)).unwrap();
    std::fs::set_permissions(stage.path(), Permissions::from_mode(0o3777)).unwrap();
    let mut planter = stage.start("plant");
    planter.expect("planted");
    assert_eq!(stage.file("r").metadata().unwrap().gid(), GROUP, "this is what the directory does");
    let options = stage.options().accept_group(GROUP).timeout(Timeout::FOREVER);
    let error = options.open("r").unwrap_err();
    assert!(error.to_string().contains("directory"), "{error}");
    assert_eq!(word::<()>(Err(error)), "WrongOwner");
    // Where only members may make files, the group says enough.
    std::fs::set_permissions(stage.path(), Permissions::from_mode(0o3770)).unwrap();
    assert_eq!(word(options.open("r").map(|region| region.capacity())), "100");
}
