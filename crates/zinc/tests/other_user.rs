//! Nobody can plant a region under a name that another user is about to open, nor take another user's away.

mod common;

use std::fs::Permissions;
use std::os::unix::fs::PermissionsExt;

use common::forked::fork;
use common::sandbox::become_user;
use common::{Actor, Part, Stage, is_root, word};
use zinc::{ErrorKind, RegionOptions, Timeout};

common::parts!(own, be_another, be_another_without_rights, meet_a_blocker, open_as_nobody, own_as_nobody);

const OWNER: u32 = 12_345;
const OTHER: u32 = 23_456;

/// Owns a region as another user, with the mode that it hears.
fn own(part: &mut Part) {
    become_user(OWNER);
    let mode = u32::from_str_radix(&part.hear(), 8).unwrap();
    let _owner = part.options().mode(mode).create("r", 100).unwrap();
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

#[test]
fn a_planted_region_is_refused_unless_its_owner_is_accepted() {
    if !is_root() {
        return;
    }
    let (stage, _owner) = owned("666");
    let options = stage.options();
    for options in [options.clone(), options.clone().read_only(true), options.clone().accept_owner(OTHER)] {
        let error = options.clone().timeout(Timeout::FOREVER).open("r").unwrap_err();
        assert_eq!(error.kind(), ErrorKind::WrongOwner);
        assert!(error.to_string().contains(&OWNER.to_string()), "it names the user: {error}");
        assert_eq!(word(options.open_or_create("r", 1)), "WrongOwner");
    }
    assert_eq!(word(options.create("r", 1)), "AlreadyExists");
    let region = options.accept_owner(OWNER).open("r").unwrap();
    assert_eq!(region.capacity(), 100);
}

#[test]
fn it_is_the_files_user_that_counts() {
    if !is_root() {
        return;
    }
    let stage = Stage::new();
    let owner = stage.options().create("r", 1).unwrap();
    std::os::unix::fs::chown(stage.file("r"), Some(OTHER), None).unwrap();
    assert_eq!(word(stage.options().open("r")), "WrongOwner");
    std::os::unix::fs::chown(stage.file("r"), Some(0), Some(OTHER)).unwrap();
    assert_eq!(stage.options().open("r").unwrap().info().id, owner.info().id);
}

/// What another ordinary user gets for `r`, in five words.
fn try_all(options: &RegionOptions) -> [String; 5] {
    let listed = options.list().unwrap().len();
    [
        word(options.open("r").map(|region| region.capacity())),
        word(options.clone().accept_owner(OWNER).open("r").map(|region| region.capacity())),
        word(options.create("r", 1)),
        word(options.remove("r")),
        format!("lists {listed}"),
    ]
}

fn be_another(part: &mut Part) {
    become_user(OTHER);
    loop {
        let words = try_all(&part.options());
        part.say(words.join(", "));
        part.hear();
    }
}

#[test]
fn an_ordinary_user_is_no_more_than_let_in() {
    if !is_root() {
        return;
    }
    for (mode, words) in [
        ("600", "WrongOwner, PermissionDenied, AlreadyExists, PermissionDenied, lists 0"),
        ("644", "WrongOwner, PermissionDenied, AlreadyExists, PermissionDenied, lists 1"),
        ("666", "WrongOwner, 100, AlreadyExists, PermissionDenied, lists 1"),
    ] {
        let (stage, mut owner) = owned(mode);
        stage.start("be_another").expect(words);
        assert_eq!(
            word(stage.options().accept_owner(OWNER).open("r").map(|region| region.capacity())),
            "100"
        );
        owner.kill();
        let words = stage.start("be_another").hear();
        assert_eq!(stage.files(), ["zinc.r"], "what is another's is not swept, mode {mode}: {words}");
        let open = words.split(", ").next().unwrap();
        assert!(["WrongOwner", "NotFound"].contains(&open), "mode {mode}: {words}");
    }
}

#[test]
fn roots_regions_are_trusted() {
    if !is_root() {
        return;
    }
    let stage = Stage::new();
    stage.let_everyone_in();
    for (mode, words) in [
        (0o600, "PermissionDenied, PermissionDenied, AlreadyExists, PermissionDenied, lists 0"),
        (0o666, "50, 50, AlreadyExists, PermissionDenied, lists 1"),
    ] {
        let _owner = stage.options().mode(mode).create("r", 50).unwrap();
        stage.start("be_another").expect(words);
    }
}

fn be_another_without_rights(part: &mut Part) {
    become_user(OTHER);
    let options = part.options();
    part.say(word(options.create("r", 1)));
    part.say(word(options.open("r")));
    part.say(word(options.list().map(|regions| regions.len())));
}

#[test]
fn a_directory_that_is_closed_to_the_user_is_permission_denied() {
    if !is_root() {
        return;
    }
    for (mode, words) in [
        (0o700, ["PermissionDenied", "PermissionDenied", "PermissionDenied"]),
        (0o755, ["PermissionDenied", "NotFound", "0"]),
    ] {
        let stage = Stage::new();
        std::fs::set_permissions(stage.path(), Permissions::from_mode(mode)).unwrap();
        let mut other = stage.start("be_another_without_rights");
        words.iter().for_each(|word| other.expect(word));
    }
}

/// Says what each call that is in the way of another user's region says about it.
fn meet_a_blocker(part: &mut Part) {
    become_user(OTHER);
    let options = part.options();
    part.say(options.create("r", 1).unwrap_err());
    part.say(options.remove("r").unwrap_err());
    part.say(options.open("r").unwrap_err());
}

#[test]
fn who_is_in_the_way_is_named_and_whether_its_owner_lives() {
    if !is_root() {
        return;
    }
    for mode in ["600", "644", "666"] {
        let (stage, mut owner) = owned(mode);
        for (life, kill) in [("its owner is alive", false), ("its owner is dead", true)] {
            if kill {
                owner.kill();
            }
            // Without the right to read the file, only a lock tells something.
            let life = if kill && mode == "600" { "it has no living owner" } else { life };
            let mut other = stage.start("meet_a_blocker");
            for call in ["create", "remove", "open"] {
                let text = other.hear();
                if call == "remove" && !kill && mode == "666" {
                    assert!(text.contains("owns it and alone may end it"), "{text}");
                    continue;
                }
                for told in [call, life, &format!("a region of user {OWNER}"), "or root can"] {
                    assert!(text.contains(told), "mode {mode}, {told:?} in: {text}");
                }
            }
        }
    }
}

/// The number that the kernel shows for users who have none in a user namespace, see `user_namespaces(7)`.
const NOBODY: u32 = 65_534;

/// Opens another's region and one of its own, as the user whose number others have, too. The test says which numbers there
/// are: the lines of its map.
fn open_as_nobody(part: &mut Part) {
    let map = part.hear();
    // A namespace of users is for processes with one thread.
    let child = fork(|| {
        if !map.is_empty() {
            // SAFETY: unshare takes a number, and changes nothing but what this process may do.
            let done = unsafe { libc::unshare(libc::CLONE_NEWUSER) };
            assert_eq!(done, 0, "{}", std::io::Error::last_os_error());
        }
        part.say(std::process::id());
        part.hear();
        become_user(NOBODY);
        let options = part.options();
        part.say(word(options.open("r").map(|region| region.capacity())));
        part.say(word(options.clone().accept_owner(NOBODY).open("r").map(|region| region.capacity())));
        let _owner = options.create("own", 50).unwrap();
        part.say(word(options.open("own").map(|region| region.capacity())));
        0
    });
    assert_eq!(child.end().exit_status(), Some(0));
}

#[test]
fn who_has_no_number_in_a_user_namespace_is_taken_for_nobody_else() {
    if !is_root() {
        return;
    }
    // Only nobody itself has a number, or some others, too; in the first namespace all have one.
    for (map, others) in [("65534 23456 1\n", "WrongOwner"), ("0 100000 65536\n", "WrongOwner"), ("", "100")]
    {
        let (stage, _owner) = if map.is_empty() {
            let stage = Stage::new();
            stage.let_everyone_in();
            let mut owner = stage.start("own_as_nobody");
            owner.expect("created");
            (stage, owner)
        } else {
            owned("666")
        };
        let mut process = stage.start("open_as_nobody");
        process.tell(map.trim_end());
        let child = process.hear();
        if !map.is_empty() {
            for file in ["uid_map", "gid_map"] {
                std::fs::write(format!("/proc/{child}/{file}"), map).unwrap();
            }
        }
        process.tell("go on");
        process.expect(others);
        process.expect(others);
        process.expect("50");
    }
}

fn own_as_nobody(part: &mut Part) {
    become_user(NOBODY);
    let _owner = part.options().create("r", 100).unwrap();
    part.say("created");
    part.hear();
}
