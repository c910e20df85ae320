"""Bytes and arrays: every library that takes a buffer gets the shared memory itself."""

import ctypes
import io
import mmap
import signal
import struct

import numpy as np
import pyarrow
import pytest
import zinc
from PIL import Image
from zinc import SharedRegion

DTYPES = [
    "bool",
    "int8",
    "int16",
    "int32",
    "int64",
    "uint8",
    "uint16",
    "uint32",
    "uint64",
    "float16",
    "float32",
    "float64",
    "complex64",
    "complex128",
]


@pytest.fixture
def region():
    with SharedRegion.create("x", 4096) as region:
        yield region


def address(view):
    return np.frombuffer(view, np.uint8).__array_interface__["data"][0]


def test_memory_is_shared_both_ways_between_processes(child):
    owner = SharedRegion.create("x", 1 << 20)
    arr = owner.as_numpy(dtype=np.float64)
    arr[:] = np.arange(arr.size)
    other = child("""
        import numpy as np
        from zinc import SharedRegion
        arr = SharedRegion.open("x").as_numpy(dtype=np.float64)
        say(arr.sum())
        hear()
        say(arr[3])
        arr[4] = 2.5
        say()
        hear()
    """)
    assert other.hear() == arr.sum()
    arr[3] = 1.25
    other.say()
    assert other.hear() == 1.25
    other.hear()
    assert arr[4] == 2.5
    other.say()
    assert other.end() == (0, "")


def test_a_region_is_a_flat_writable_buffer_of_its_capacity(region):
    view = memoryview(region)
    assert (view.nbytes, view.format, view.shape, view.readonly, view.c_contiguous) == (4096, "B", (4096,), False, True)
    assert view.obj is region
    assert len(region) == region.capacity == 4096
    assert bytes(region) == bytes(4096)
    assert SharedRegion.create("odd", 4097).capacity == len(memoryview(SharedRegion.open("odd"))) == 4097


@pytest.mark.parametrize("name", DTYPES)
@pytest.mark.parametrize("shape", [(2, 3), (), 7, (2, 0, 3), (1,) * 8], ids=str)
def test_the_buffer_of_a_described_region_has_its_format_and_shape(name, shape):
    region = SharedRegion.create_tensor("t", name, shape)
    like = np.zeros(shape, name)
    region.as_numpy()[...] = like + like.dtype.type(1)
    array = np.asarray(region)
    assert (array.dtype, array.shape, array.strides) == (like.dtype, like.shape, region.as_numpy().strides)
    assert (array == 1).all()
    assert np.sum(region) == like.size, "elements are summed, not bytes"
    array[...] = 0
    assert not region.as_numpy().any(), "it is a view"
    expected, found = memoryview(like), memoryview(region)
    for member in ("format", "shape", "itemsize", "nbytes", "ndim", "readonly", "c_contiguous"):
        assert getattr(found, member) == getattr(expected, member), member
    assert found.obj is region


def test_a_described_region_is_flat_bytes_to_those_who_ask_for_bytes():
    region = SharedRegion.create("t", 64)
    region.describe("float32", (2, 3))
    struct.pack_into("<f", region, 4, 1.5)
    assert np.asarray(region)[0, 1] == 1.5
    assert np.frombuffer(region, np.float32).shape == (6,), "frombuffer asks for a shape, and flattens it"
    assert io.BytesIO(b"\0" * 64).readinto(region) == 64
    view = region.as_memoryview()
    assert (view.nbytes, view.format, view.shape, view.readonly) == (64, "B", (64,), False)
    view[4:8] = struct.pack("<f", 2.5)
    assert region.as_numpy()[0, 1] == 2.5
    assert SharedRegion.open("t", read_only=True).as_memoryview().readonly


def test_the_buffer_follows_a_new_description():
    region = SharedRegion.create("t", 64)
    assert np.asarray(region).shape == (64,)
    region.describe("int16", (2, 4))
    before = np.asarray(region)
    region.describe("float64", 3)
    assert (before.dtype, before.shape) == (np.int16, (2, 4))
    assert (np.asarray(region).dtype, np.asarray(region).shape) == (np.float64, (3,))


def test_a_type_without_a_buffer_format_is_loud():
    region = SharedRegion.create_tensor("t", "bfloat16", (2, 2))
    with pytest.raises(BufferError, match=r"bfloat16.*as_numpy\(\).*ml_dtypes"):
        memoryview(region)
    with pytest.raises(BufferError, match="ml_dtypes"):
        bytes(region)
    assert region.as_memoryview().nbytes == 8
    assert np.frombuffer(region.as_memoryview(), np.uint16).shape == (4,)


def test_a_described_region_refuses_what_it_cannot_be():
    import _testbuffer as buffers

    region = SharedRegion.create_tensor("t", "int32", (2, 3))
    reader = SharedRegion.open("t", read_only=True)
    with pytest.raises(BufferError, match="column-major"):
        buffers.ndarray(region, getbuf=buffers.PyBUF_F_CONTIGUOUS)
    with pytest.raises(BufferError, match="read-only"):
        buffers.ndarray(reader, getbuf=buffers.PyBUF_FULL)
    assert buffers.ndarray(reader, getbuf=buffers.PyBUF_FULL_RO).readonly
    assert buffers.ndarray(region, getbuf=buffers.PyBUF_C_CONTIGUOUS).shape == (2, 3)
    assert buffers.ndarray(SharedRegion.create_tensor("r", "u1", (1, 5)), getbuf=buffers.PyBUF_F_CONTIGUOUS).ndim == 2


def test_struct_io_ctypes_and_bytearray_take_a_region(region):
    struct.pack_into("<Id", region, 16, 7, 0.5)
    assert struct.unpack_from("<Id", region, 16) == (7, 0.5)
    assert io.BytesIO(b"abc").readinto(region) == 3
    assert bytearray(region)[:3] == b"abc"
    assert ctypes.c_char.from_buffer(region, 1).value == b"b"
    memoryview(region)[:5] = b"hello"
    assert bytes(region).startswith(b"hello")


def test_pyarrow_takes_a_region_without_a_copy(region):
    buffer = pyarrow.py_buffer(region)
    assert (buffer.size, buffer.is_mutable, buffer.address) == (4096, True, address(region))
    region.as_numpy(dtype=np.int32)[:] = np.arange(1024)
    array = pyarrow.Array.from_buffers(pyarrow.int32(), 1024, [None, buffer])
    region.close()
    assert array[1000].as_py() == 1000


def test_pillow_takes_a_region_without_a_copy(region):
    image = Image.frombuffer("L", (64, 64), region, "raw", "L", 0, 1)
    assert image.getpixel((3, 2)) == 0
    memoryview(region)[2 * 64 + 3] = 200
    assert image.getpixel((3, 2)) == 200
    region.close()
    assert image.getpixel((3, 2)) == 200


def test_a_read_only_region_gives_read_only_views_only(region, child):
    peer = SharedRegion.open("x", read_only=True)
    assert peer.read_only and not region.read_only
    assert memoryview(peer).readonly
    assert not peer.as_numpy().flags.writeable
    assert not np.from_dlpack(peer).flags.writeable
    assert not pyarrow.py_buffer(peer).is_mutable
    with pytest.raises(TypeError):
        memoryview(peer)[0] = 1
    with pytest.raises(ValueError):
        peer.as_numpy()[0] = 1
    with pytest.raises((TypeError, BufferError)):
        struct.pack_into("<I", peer, 0, 1)
    region.notify()
    assert peer.wait(0), "it can wait all the same"
    peer.notify()
    assert region.wait(0), "and notify, as its user may write the header"

    vandal = child("""
        import ctypes, faulthandler, numpy as np
        from zinc import SharedRegion
        arr = SharedRegion.open("x", read_only=True).as_numpy()
        faulthandler.disable()
        say("here")
        ctypes.memset(arr.ctypes.data, 1, 1)
    """)
    assert vandal.hear() == "here"
    assert vandal.end()[0] == -signal.SIGSEGV, "even a stray pointer cannot write"
    assert region.as_numpy()[0] == 0


def test_an_undescribed_region_is_bytes_or_what_is_asked_for(region):
    assert region.dtype is None and region.shape is None
    assert (region.as_numpy().dtype, region.as_numpy().shape) == (np.uint8, (4096,))
    assert region.as_numpy(dtype=np.float32).shape == (1024,)
    assert region.as_numpy("float32", (32, 32)).shape == (32, 32)
    assert region.as_numpy(">i2", 3).dtype == np.dtype(">i2")
    assert region.as_numpy("f4", ()).shape == ()
    assert region.as_numpy(np.dtype([("a", "<u4"), ("b", "<f8")])).shape == (341,)
    assert region.as_numpy(float, shape=[2, np.int64(3)]).shape == (2, 3)


def test_an_offset_gives_a_part_in_whole_elements(region):
    whole = region.as_numpy()
    part = region.as_numpy(dtype=np.float32, offset=10)
    assert part.shape == ((4096 - 10) // 4,)
    assert part.__array_interface__["data"][0] - whole.__array_interface__["data"][0] == 10
    assert region.as_numpy(np.uint8, shape=(2, 3), offset=4090).shape == (2, 3)
    assert region.as_numpy(offset=4096).size == 0


@pytest.mark.parametrize(
    "arguments",
    [
        {"dtype": "float32", "shape": 1025},
        {"dtype": "float32", "shape": (32, 33)},
        {"dtype": "float32", "shape": 1024, "offset": 1},
        {"offset": 4097},
        {"dtype": "float64", "shape": (1 << 40, 1 << 40)},
    ],
    ids=str,
)
def test_what_does_not_fit_is_refused(region, arguments):
    with pytest.raises(zinc.DescriptorError, match=r'^as_numpy "x": .* do not fit into a capacity of 4096$') as caught:
        region.as_numpy(**arguments)
    assert (caught.value.operation, caught.value.region) == ("as_numpy", "x")


@pytest.mark.parametrize("arguments", [{"shape": -1}, {"shape": (2, -3)}, {"offset": -1}, {"dtype": object}], ids=str)
def test_nonsense_is_a_value_error(region, arguments):
    with pytest.raises(ValueError):
        region.as_numpy(**arguments)
    with pytest.raises(TypeError):
        region.as_numpy(dtype="no such type")
    with pytest.raises(TypeError):
        region.as_numpy(shape="ab")


@pytest.mark.parametrize("name", DTYPES)
def test_a_tensor_region_tells_a_reader_everything(name):
    owner = SharedRegion.create_tensor("t", name, (3, 5))
    owner.as_numpy()[:] = np.arange(15).reshape(3, 5)
    peer = SharedRegion.open("t")
    assert (peer.dtype, peer.shape) == (name, (3, 5))
    assert peer.dtype == np.dtype(name)
    assert peer.capacity == 15 * np.dtype(name).itemsize
    for arr in (peer.as_numpy(), np.from_dlpack(peer), peer.as_numpy(name, (3, 5))):
        assert (arr.dtype, arr.shape) == (np.dtype(name), (3, 5))
        assert np.array_equal(arr, np.arange(15).reshape(3, 5).astype(name))
        assert arr.flags.c_contiguous


@pytest.mark.parametrize(
    "dtype", ["float32", "f4", "<f4", np.float32, np.dtype("f4"), np.zeros(1, "f4").dtype], ids=repr
)
def test_a_tensor_takes_every_spelling_of_its_type(dtype):
    assert SharedRegion.create_tensor("t", dtype, 4).dtype == "float32"


def test_a_tensor_takes_every_spelling_of_its_shape():
    for shape, shown in [((), ()), (3, (3,)), ([2, 3], (2, 3)), (np.array([2, 3]), (2, 3)), ((1,) * 8, (1,) * 8)]:
        with SharedRegion.create_tensor("t", "uint8", shape) as region:
            assert region.shape == region.as_numpy().shape == shown


@pytest.mark.parametrize("dtype", [">f4", "datetime64[s]", "U4", object, "longdouble", None.__class__, 3])
def test_a_type_that_no_region_can_have_is_a_type_error(dtype):
    with pytest.raises(TypeError):
        SharedRegion.create_tensor("t", dtype, 4)


def test_impossible_shapes_are_refused():
    for shape in [(1,) * 9, (1 << 40, 1 << 40)]:
        with pytest.raises(zinc.DescriptorError):
            SharedRegion.create_tensor("t", "uint8", shape)
    with pytest.raises(ValueError):
        SharedRegion.create_tensor("t", "uint8", (-1, 2))


def test_an_array_must_agree_with_the_description():
    owner = SharedRegion.create_tensor("t", "float32", (4, 4))
    with pytest.raises(zinc.DescriptorError, match=r"described as float32, not int32; .* numpy\.frombuffer"):
        owner.as_numpy(dtype=np.int32)
    with pytest.raises(zinc.DescriptorError, match=r"described with the shape \(4, 4\), not \(16,\)"):
        owner.as_numpy(shape=16)
    assert owner.as_numpy(shape=(2, 4), offset=16).shape == (2, 4), "an offset asks for a part"
    assert owner.as_numpy(offset=16).shape == (12,)
    assert np.frombuffer(owner, np.int32).shape == (16,)


def test_describe_is_seen_by_peers_at_once():
    owner = SharedRegion.create("t", 64)
    peer = SharedRegion.open("t")
    assert peer.dtype is None
    owner.describe(np.int16, (2, 16))
    assert (peer.dtype, peer.shape) == ("int16", (2, 16))
    owner.describe("int8", 5)
    assert (peer.dtype, peer.shape) == ("int8", (5,))
    assert peer.as_numpy().shape == (5,)
    with pytest.raises(zinc.DescriptorError):
        owner.describe("float64", 9)
    assert peer.shape == (5,)


def test_bfloat16_comes_from_ml_dtypes():
    import ml_dtypes

    region = SharedRegion.create_tensor("t", ml_dtypes.bfloat16, (2, 2))
    assert region.dtype == "bfloat16"
    arr = region.as_numpy()
    arr[:] = 1.5
    assert arr.dtype == ml_dtypes.bfloat16
    assert np.array_equal(SharedRegion.open("t").as_numpy("bfloat16"), np.full((2, 2), 1.5))


def test_without_ml_dtypes_bfloat16_is_unsupported_and_says_what_to_do(child):
    other = child("""
        import sys
        sys.modules["ml_dtypes"] = None
        import zinc
        region = zinc.SharedRegion.create_tensor("t", "bfloat16", 4)
        try:
            region.as_numpy()
        except zinc.UnsupportedError as error:
            say(str(error))
    """)
    assert "install ml_dtypes" in other.hear()


def test_zinc_works_without_numpy_until_an_array_is_wanted(child):
    other = child("""
        import sys
        sys.modules["numpy"] = None
        from zinc import SharedRegion
        region = SharedRegion.create_tensor("t", "float32", (2, 2))
        memoryview(region)[1, 1] = 1.5
        region.notify()
        say([region.dtype, list(region.shape), region.as_memoryview().cast("f")[3]])
        try:
            region.as_numpy()
        except ImportError as error:
            say(str(error))
    """)
    assert other.hear() == ["float32", [2, 2], 1.5]
    assert "pip install numpy" in other.hear()


def test_memory_is_page_aligned(region):
    assert address(region) % mmap.PAGESIZE == 0
