"""Exceptions: a class for each kind, which is a built-in exception too, and says what to do."""

import errno
import os
import pickle
import re

import pytest
import zinc
from zinc import SharedRegion

# What programs that know nothing of zinc catch. A newer kind need not be here.
BUILT_INS = {
    "InvalidNameError": [ValueError],
    "InvalidSizeError": [ValueError],
    "AlreadyExistsError": [FileExistsError, OSError],
    "NotFoundError": [FileNotFoundError, OSError],
    "PermissionDeniedError": [PermissionError, OSError],
    "WrongOwnerError": [PermissionError, OSError],
    "NoSpaceError": [OSError],
    "NotARegionError": [ValueError],
    "VersionMismatchError": [],
    "DescriptorError": [TypeError, ValueError],
    "ClosedError": [ValueError],
    "OwnerDiedError": [ConnectionError, OSError],
    "WaitInterruptedError": [InterruptedError, OSError],
    "UnsupportedError": [NotImplementedError],
    "SystemCallError": [OSError],
    "InvalidArgumentError": [ValueError],
    "InternalError": [RuntimeError],
}


def test_every_class_is_a_zinc_error_and_what_python_would_raise():
    names = {found.__name__ for found in zinc.BY_CODE.values()}
    assert set(BUILT_INS) <= names <= set(zinc.__all__)
    for name in names:
        found = getattr(zinc, name)
        assert issubclass(found, zinc.ZincError)
        assert all(issubclass(found, built_in) for built_in in BUILT_INS.get(name, [])), name
        assert zinc.BY_CODE[found.code] is found
        assert found.__module__ == "zinc" and found.__doc__


def bad_name():
    SharedRegion.create("a/b", 64)


def no_size():
    SharedRegion.create("x", 0)


def too_large():
    SharedRegion.create("x", 2**63)


def taken():
    SharedRegion.create("taken", 64)


def too_small():
    SharedRegion.open_or_create("taken", 65)


def absent():
    SharedRegion.open("absent")


def nothing_to_remove():
    zinc.remove("absent")


def alive():
    zinc.remove("taken")


def not_a_region():
    SharedRegion.open("text")


def a_link():
    SharedRegion.open("link")


@pytest.mark.parametrize(
    ("call", "expected", "operation", "region", "number"),
    [
        (bad_name, zinc.InvalidNameError, "create", "a/b", None),
        (no_size, zinc.InvalidSizeError, "create", "x", None),
        (too_large, zinc.InvalidSizeError, "create", "x", None),
        (taken, zinc.AlreadyExistsError, "create", "taken", errno.EEXIST),
        (too_small, zinc.InvalidSizeError, "open_or_create", "taken", None),
        (absent, zinc.NotFoundError, "open", "absent", errno.ENOENT),
        (nothing_to_remove, zinc.NotFoundError, "remove", "absent", errno.ENOENT),
        (alive, zinc.PermissionDeniedError, "remove", "taken", errno.EACCES),
        (not_a_region, zinc.NotARegionError, "open", "text", None),
        (a_link, zinc.NotARegionError, "open", "link", errno.ELOOP),
    ],
)
def test_an_error_says_what_failed_on_which_region(directory, call, expected, operation, region, number):
    (directory / "zinc.text").write_text("just text")
    os.symlink("zinc.taken", directory / "zinc.link")
    with SharedRegion.create("taken", 64), pytest.raises(expected) as caught:
        call()
    error = caught.value
    assert type(error) is expected
    assert str(error).startswith(f'{operation} "{region}": ')
    assert (error.operation, error.region, error.errno) == (operation, region, number)
    assert (error.needed, error.free) == (None, None)
    copy = pickle.loads(pickle.dumps(error))
    assert (type(copy), str(copy), vars(copy)) == (expected, str(error), vars(error))


def test_a_full_directory_says_how_much_is_missing(directory):
    with pytest.raises(zinc.NoSpaceError) as caught:
        SharedRegion.create("x", 1 << 50)
    error = caught.value
    assert error.errno == errno.ENOSPC
    assert error.needed > 1 << 50 > error.free >= 0
    assert os.listdir(directory) == []


def test_a_missing_directory_is_not_found(monkeypatch):
    for call in (lambda **to: SharedRegion.create("x", 1, **to), lambda **to: SharedRegion.open("x", **to), zinc.list):
        with pytest.raises(FileNotFoundError, match="/dev/shm/nowhere"):
            call(directory="/dev/shm/nowhere")
    monkeypatch.setenv("ZINC_DIR", "/dev/shm/nowhere")
    with pytest.raises(zinc.NotFoundError, match="ZINC_DIR"):
        SharedRegion.create("x", 1)


@pytest.mark.parametrize(
    ("call", "expected"),
    [
        (lambda: SharedRegion.create("x", 2**64), OverflowError),
        (lambda: SharedRegion.create("x", 1.5), TypeError),
        (lambda: SharedRegion.create("x", "64"), TypeError),
        (lambda: SharedRegion.create(b"x", 64), TypeError),
        (lambda: SharedRegion.create("x"), TypeError),
        (lambda: SharedRegion.create("x", 64, 0o600), TypeError),
        (lambda: SharedRegion.create("x", 64, spin=1), TypeError),
        (lambda: SharedRegion(), TypeError),
        (lambda: zinc.OwnedRegion(), TypeError),
    ],
)
def test_wrong_arguments_raise_what_python_functions_raise(call, expected):
    with pytest.raises(expected):
        call()
    assert zinc.list() == []


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: SharedRegion.create("x", -1), 'create "x": capacity is -1, and must be 0 or more'),
        (lambda: SharedRegion.create("x", -(2**70)), f'create "x": capacity is -{2**70}, and must be 0 or more'),
        (lambda: SharedRegion.create("x", 64, spin_us=-1), 'create "x": spin_us is -1, and must be 0 or more'),
        (lambda: SharedRegion.create("x", 64, mode=-1), 'create "x": mode is -1, and must be 0 or more'),
        (lambda: SharedRegion.create("x", 64, group=-1), 'create "x": group is -1, and must be 0 or more'),
        (lambda: SharedRegion.open("x", accept_owner=-1), 'open "x": accept_owner is -1, and must be 0 or more'),
        (lambda: SharedRegion.open("x", accept_group=-1), 'open "x": accept_group is -1, and must be 0 or more'),
        (lambda: SharedRegion.create_tensor("x", "f4", (2, -3)), 'create_tensor "x": shape is negative in -3'),
        (lambda: SharedRegion.open_or_create("x", -7), 'open_or_create "x": capacity is -7, and must be 0 or more'),
        (lambda: SharedRegion.create("there", 64).wait_past(-1), 'wait_past "there": sequence is -1'),
        (lambda: SharedRegion.create("there", 64).describe("u1", -1), 'describe "there": shape is negative in -1'),
        (lambda: SharedRegion.create("there", 64).as_numpy(offset=-2), 'as_numpy "there": offset is -2'),
    ],
)
def test_a_number_that_means_nothing_is_an_invalid_argument_that_is_named(call, message):
    with pytest.raises(zinc.InvalidArgumentError) as caught:
        call()
    assert str(caught.value).startswith(message)
    assert isinstance(caught.value, ValueError)
    assert caught.value.errno == errno.EINVAL
    assert zinc.list() == []


@pytest.mark.parametrize("mode", [0o200, 0o60, 0o620, 600, 0o10600, 0o700])
def test_a_mode_that_means_nothing_is_an_invalid_argument(mode):
    with pytest.raises(zinc.InvalidArgumentError, match="the mode"):
        SharedRegion.create("x", 64, mode=mode)


def test_options_that_exclude_each_other_are_an_invalid_argument():
    with SharedRegion.create("x", 64), pytest.raises(zinc.InvalidArgumentError, match="exclude each other"):
        SharedRegion.open("x", read_only=True, copy_on_write=True)


@pytest.mark.parametrize("cls", [SharedRegion, zinc.OwnedRegion])
def test_the_constructor_says_what_to_call_instead(cls):
    for arguments in [(), ("x", 64)]:
        with pytest.raises(TypeError, match=r"SharedRegion\.create\(name, capacity\).* open_or_create"):
            cls(*arguments)


def test_advice_fits_the_call():
    with pytest.raises(zinc.NotFoundError, match="create it first, or open it with a timeout"):
        SharedRegion.open("x")
    with pytest.raises(zinc.NotFoundError, match=r"no region of that name in .*, and none appeared within 50 ms; "):
        SharedRegion.open("x", timeout=50)
    with pytest.raises(zinc.NotFoundError) as caught:
        zinc.remove("x")
    assert "timeout" not in str(caught.value)
    with SharedRegion.create("x", 64) as region:
        with pytest.raises(zinc.AlreadyExistsError, match="this process owns it already"):
            SharedRegion.create("x", 64)
        with pytest.raises(zinc.PermissionDeniedError, match="this process owns it"):
            zinc.remove("x")
        with pytest.raises(zinc.InvalidArgumentError, match=r"timeout is inf, .* None for ever"):
            region.wait(float("inf"))


def test_no_message_names_a_call_of_another_language():
    region = SharedRegion.create("x", 64)
    calls = [
        lambda: SharedRegion.open("absent"),
        lambda: SharedRegion.open("x", read_only=True, copy_on_write=True),
        lambda: SharedRegion.create("x", 64),
        lambda: region.as_numpy("f4", 99),
        lambda: region.wait(-1),
        lambda: zinc.remove("x"),
    ]
    for call in calls:
        with pytest.raises(zinc.ZincError) as caught:
            call()
        assert not re.search(r"as_ptr|zinc_|RegionOptions|::|Timeout", str(caught.value)), caught.value
