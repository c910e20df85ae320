"""DLPack: what is handed out is right in every field, and freed exactly once."""

import ctypes
import gc

import numpy as np
import pytest
import zinc
from zinc import SharedRegion

READ_ONLY, IS_COPIED = 1, 2


class Tensor(ctypes.Structure):
    _fields_ = [
        ("data", ctypes.c_void_p),
        ("device_type", ctypes.c_int32),
        ("device_id", ctypes.c_int32),
        ("ndim", ctypes.c_int32),
        ("code", ctypes.c_uint8),
        ("bits", ctypes.c_uint8),
        ("lanes", ctypes.c_uint16),
        ("shape", ctypes.POINTER(ctypes.c_int64)),
        ("strides", ctypes.POINTER(ctypes.c_int64)),
        ("byte_offset", ctypes.c_uint64),
    ]


class Legacy(ctypes.Structure):
    _fields_ = [("tensor", Tensor), ("context", ctypes.c_void_p), ("deleter", ctypes.c_void_p)]


class Versioned(ctypes.Structure):
    _fields_ = [
        ("major", ctypes.c_uint32),
        ("minor", ctypes.c_uint32),
        ("context", ctypes.c_void_p),
        ("deleter", ctypes.c_void_p),
        ("flags", ctypes.c_uint64),
        ("tensor", Tensor),
    ]


def inside(capsule, form):
    name = b"dltensor_versioned" if form is Versioned else b"dltensor"
    pointer = ctypes.pythonapi.PyCapsule_GetPointer
    pointer.restype = ctypes.c_void_p
    pointer.argtypes = [ctypes.py_object, ctypes.c_char_p]
    return form.from_address(pointer(capsule, name))


class Exporter:
    """Passes a region on as an exporter of another age would."""

    def __init__(self, region, **forced):
        self.region, self.forced = region, forced

    def __dlpack__(self, **asked):
        return self.region.__dlpack__(**self.forced)

    def __dlpack_device__(self):
        return self.region.__dlpack_device__()


def test_numpy_takes_a_region_without_a_copy():
    region = SharedRegion.create_tensor("x", "float32", (3, 4, 5))
    arr = np.from_dlpack(region)
    assert (arr.shape, arr.dtype) == ((3, 4, 5), np.float32)
    arr[2, 3, 4] = 7
    assert region.as_numpy()[2, 3, 4] == 7
    assert np.from_dlpack(SharedRegion.create("bytes", 100)).shape == (100,)


@pytest.mark.parametrize("form", [Versioned, Legacy])
@pytest.mark.parametrize(
    ("dtype", "code", "bits"),
    [
        ("bool", 6, 8),
        ("int8", 0, 8),
        ("uint64", 1, 64),
        ("float16", 2, 16),
        ("bfloat16", 4, 16),
        ("complex128", 5, 128),
    ],
)
def test_every_field_is_right(form, dtype, code, bits):
    region = SharedRegion.create_tensor("x", dtype, (3, 4, 5))
    capsule = region.__dlpack__(max_version=(1, 0) if form is Versioned else None)
    found = inside(capsule, form)
    tensor = found.tensor
    assert tensor.data == np.frombuffer(region.as_memoryview(), np.uint8).ctypes.data
    assert (tensor.device_type, tensor.device_id, tensor.ndim, tensor.byte_offset) == (1, 0, 3, 0)
    assert (tensor.code, tensor.bits, tensor.lanes) == (code, bits, 1)
    assert tensor.shape[:3] == [3, 4, 5] and tensor.strides[:3] == [20, 5, 1]
    assert found.deleter
    if form is Versioned:
        assert (found.major, found.minor, found.flags) == (1, 0, 0)
    assert region.__dlpack_device__() == (1, 0)


@pytest.mark.parametrize("shape", [(), 0, (2, 0, 3), 7], ids=str)
def test_odd_shapes_come_through(shape):
    region = SharedRegion.create_tensor("x", "float64", shape)
    assert np.from_dlpack(region).shape == region.as_numpy().shape == np.empty(shape).shape


def test_a_newer_version_than_we_know_gets_what_we_know():
    region = SharedRegion.create("x", 64)
    assert inside(region.__dlpack__(max_version=(2, 7)), Versioned).major == 1
    assert inside(region.__dlpack__(max_version=(0, 8)), Legacy).tensor.ndim == 1


def test_a_read_only_region_says_so_or_refuses():
    owner = SharedRegion.create("x", 64)
    region = SharedRegion.open("x", read_only=True)
    assert inside(region.__dlpack__(max_version=(1, 0)), Versioned).flags == READ_ONLY
    for version in (None, (0, 8)):
        with pytest.raises(BufferError, match="read-only"):
            region.__dlpack__(max_version=version)
    assert region.__dlpack__(copy=True), "a copy is nobody else's"
    assert inside(owner.__dlpack__(max_version=(1, 0)), Versioned).flags == 0


def test_a_copy_is_private():
    region = SharedRegion.create_tensor("x", "int32", 5)
    region.as_numpy()[:] = range(5)
    copy = np.from_dlpack(region, copy=True)
    same = np.from_dlpack(region, copy=False)
    region.as_numpy()[:] = 9
    assert copy.tolist() == [0, 1, 2, 3, 4] and same.tolist() == [9] * 5
    assert inside(region.__dlpack__(max_version=(1, 0), copy=True), Versioned).flags == IS_COPIED


def test_other_devices_and_streams_are_refused():
    region = SharedRegion.create("x", 64)
    assert region.__dlpack__(dl_device=(1, 0), stream=None)
    with pytest.raises(BufferError, match="dl_device"):
        region.__dlpack__(dl_device=(2, 0))
    with pytest.raises(BufferError, match="stream"):
        region.__dlpack__(stream=1)
    with pytest.raises(TypeError):
        region.__dlpack__(None)


@pytest.mark.parametrize("version", [None, (1, 0)])
@pytest.mark.parametrize("consumed", [False, True])
def test_the_memory_is_kept_until_the_last_user_is_gone(mappings, version, consumed):
    region = SharedRegion.create("x", 4096)
    held = Exporter(region, max_version=version)
    held = np.from_dlpack(held) if consumed else held.__dlpack__()
    region.close()
    del region
    gc.collect()
    assert mappings() > 0
    if consumed:
        assert held[100] == 0
    del held
    gc.collect()
    assert mappings() == 0


@pytest.mark.parametrize("version", [None, (1, 0)])
@pytest.mark.parametrize("consumed", [False, True])
def test_a_tensor_alone_keeps_its_owner(version, consumed):
    held = Exporter(SharedRegion.create("x", 4096), max_version=version)
    held = np.from_dlpack(held) if consumed else held.__dlpack__()
    gc.collect()
    peer = SharedRegion.open("x")
    assert peer.owner_alive
    del held
    gc.collect()
    with pytest.raises(zinc.ClosedError):
        peer.wait()


def test_a_copy_keeps_no_owner():
    copy = np.from_dlpack(SharedRegion.create("x", 4096), copy=True)
    gc.collect()
    assert copy[0] == 0
    with pytest.raises(zinc.NotFoundError):
        SharedRegion.open("x")


def test_a_thread_that_knows_nothing_of_python_may_free_a_tensor():
    capsule = SharedRegion.create("x", 64).__dlpack__(max_version=(1, 0))
    managed = inside(capsule, Versioned)
    rename = ctypes.pythonapi.PyCapsule_SetName
    rename.argtypes = [ctypes.py_object, ctypes.c_char_p]
    rename(capsule, b"used_dltensor_versioned")
    pthread = ctypes.CDLL(None)
    thread = ctypes.c_ulong()
    start = ctypes.c_void_p(managed.deleter)
    assert SharedRegion.open("x").owner_alive
    assert pthread.pthread_create(ctypes.byref(thread), None, start, ctypes.c_void_p(ctypes.addressof(managed))) == 0
    assert pthread.pthread_join(thread, None) == 0
    with pytest.raises(zinc.NotFoundError):
        SharedRegion.open("x")


def test_a_closed_region_exports_nothing():
    region = SharedRegion.create("x", 64)
    region.close()
    with pytest.raises(zinc.ClosedError):
        np.from_dlpack(region)
