"""Archives of data sets that mean harm: refused with the documented error, within the memory of the honest ones."""

import gzip
import io
import pickle
import pickletools
import resource
import struct
import tarfile
import tracemalloc
import zipfile
from contextlib import contextmanager

import numpy as np
import pytest

from fdgm.datasets import load_celeba, load_cifar10, load_mnist, load_stl10
from fdgm.datasets._pickles import read_pickle

RNG = np.random.default_rng(0)
PIXELS = RNG.integers(256, size=(2, 3072), dtype=np.uint8)
LABELS = [3, 9]
DATA = PIXELS.tobytes()
BATCHES = (*(f"data_batch_{i}" for i in range(1, 6)), "test_batch")
MEGABYTE = gzip.compress(bytes(2**20))  # members of a gzip may follow one another, and mean their contents joined


@pytest.fixture(autouse=True)
def nowhere(monkeypatch):
    monkeypatch.delenv("FDGM_DATA", raising=False)


@contextmanager
def at_most(megabytes):
    """What Python and numpy take at once."""
    tracemalloc.start()
    try:
        yield
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert peak < megabytes * 2**20


def text(value):
    """A string of Python 2."""
    data = value if isinstance(value, bytes) else value.encode()
    return b"U" + bytes([len(data)]) + data if len(data) < 256 else b"T" + struct.pack("<I", len(data)) + data


def python2(*, type_=b"u1", type_state=b"(K\x03U\x01|NNNJ\xff\xff\xff\xffJ\xff\xff\xff\xffK\x00t", shape=(2, 3072),
            data=DATA, first=b"K\x00\x85", by_columns=b"\x89", labels=LABELS):  # fmt: skip
    """A batch as cPickle of Python 2 wrote the published ones, opcode by opcode."""
    sizes = b"".join(b"J" + struct.pack("<i", n) for n in shape)
    array = (
        b"cnumpy.core.multiarray\n_reconstruct\nq\x06(cnumpy\nndarray\nq\x07" + first + b"U\x01btRq\x08"
        b"(K\x01(" + sizes + b"tcnumpy\ndtype\nq\x09(" + text(type_) + b"K\x00K\x01tRq\x0a" + type_state + b"b"
        + by_columns + text(data) + b"tb"
    )  # fmt: skip
    numbers = b"".join(b"K" + bytes([n]) for n in labels)
    return (
        b"\x80\x02}q\x01(" + text("batch_label") + b"q\x02" + text("training batch 1 of 5") + b"q\x03"
        + text("labels") + b"q\x04]q\x05(" + numbers + b"e" + text("data") + array
        + text("filenames") + b"](" + text("a.png") + text("b.png") + b"eu."
    )  # fmt: skip


def put_tar(folder, files, archive="cifar-10-python.tar.gz"):
    with tarfile.open(folder / archive, "w:gz") as tar:
        for name, data in files.items():
            member = tarfile.TarInfo(name)
            member.size = len(data)
            tar.addfile(member, io.BytesIO(data))
    return folder / archive


def put_batch(folder, data):
    home = folder / "cifar-10-batches-py"
    home.mkdir()
    for batch in BATCHES:
        (home / batch).write_bytes(data)


class TestPickles:
    def test_the_published_form_is_read(self, tmp_path):
        put_batch(tmp_path, python2())
        X, labels = load_cifar10("test", data_home=tmp_path, return_labels=True)
        np.testing.assert_array_equal(np.rint((X + 1) * 127.5).reshape(2, -1), PIXELS)
        assert labels.tolist() == LABELS

    @pytest.mark.parametrize("protocol", [2, 3, 4])
    def test_python_3s_forms_are_read(self, protocol):
        content = {b"data": PIXELS, b"labels": LABELS, b"batch_label": b"b", b"filenames": [b"a.png", b"b.png"]}
        read = read_pickle(pickle.dumps(content, protocol=protocol))
        np.testing.assert_array_equal(read.pop(b"data"), content.pop(b"data"))
        assert read == content

    @pytest.mark.parametrize(
        "crafted",
        [
            {"type_": b"O8"},  # its bytes would be pointers
            {"type_": b"V9999"},
            {"type_": b"f4"},
            {"type_": b"u8"},
            {"shape": (2, 2**30)},
            {"shape": (2**30, 3072)},
            {"shape": (-2, -3072)},
            {"shape": (3072, 2)},
            {"shape": (6144,)},
            {"shape": ()},
            {"data": PIXELS.tobytes()[:-1]},
            {"data": PIXELS.tobytes() + b"x"},
            {"data": b""},
            {"by_columns": b"\x88"},
            {"labels": [1, 2, 3]},
            {"labels": [1, 200]},
            {"labels": []},
        ],
        ids=str,
    )
    def test_a_crafted_array_is_refused(self, crafted, tmp_path):
        put_batch(tmp_path, python2(**crafted))
        with pytest.raises(ValueError, match=r"test_batch of CIFAR-10 must hold"):
            load_cifar10("test", data_home=tmp_path)

    @pytest.mark.parametrize("first", [b"J\xff\xff\xff\x7f\x85", b"J\xff\xff\xff\xff\x85"])
    def test_the_first_shape_of_an_array_allocates_nothing(self, first):
        with at_most(1):
            np.testing.assert_array_equal(read_pickle(python2(first=first))[b"data"], PIXELS)

    def test_the_state_of_a_type_is_not_trusted(self):
        # A structured type whose field lies 2**30 bytes behind its start, and which has no bytes itself.
        state = b"(K\x03U\x01|N(U\x01at}U\x01a(NJ\x00\x00\x00\x40tsJ\x01\x00\x00\x00J\x01\x00\x00\x00K\x00t"
        np.testing.assert_array_equal(read_pickle(python2(type_state=state))[b"data"], PIXELS)

    @pytest.mark.parametrize(
        "data",
        [
            b"cos\nsystem\n(U\x02lstR.",
            b"(ios\nsystem\n.",
            b"(cos\nsystem\nU\x02lso.",
            b"c__builtin__\neval\n(U\x011tR.",
            b"cnumpy\ndtype\n(U\x02u1K\x00K\x01tR}b.",  # a type by itself
            b"cnumpy\nndarray\n(K\x01\x85tR.",
            b"cnumpy.core.multiarray\n_reconstruct\n(cnumpy\ndtype\nK\x00\x85U\x01btR.",
            b"c_codecs\nencode\n(X\x01\x00\x00\x00aX\x05\x00\x00\x00rot13tR.",
            b"}}K\x01s.",
            b"}(]K\x01u.",
            b"}K\x01a.",
            b"K\x01.",
            b"}(U\x01au.",
            b"h\x05.",
            b"t.",
            b"R.",
            b"b.",
            b"}P1\n.",
            b"}Q.",
            b"\x82\x01.",
            b"",
            b".",
            b"\x80\x02",
            b"\x80\x02}q",
            b"U\xffshort",
            b"(" * 10**4 + b"t" * 10**4 + b".",
            b"]" * 10**4 + b"a" * (10**4 - 1) + b".",
        ],
        ids=lambda data: ascii(data[:20]),
    )
    def test_nothing_else_is_done(self, data):
        with at_most(64), pytest.raises(ValueError, match=r"."):
            read_pickle(data)

    def test_what_it_builds_is_no_larger_than_the_file(self):
        # Ten lists, each ten times the one before: by references, of which there are a hundred.
        nested = b"]q\x00" + b"".join(b"](" + b"h" + bytes([i]) + (b"h" + bytes([i])) * 9 + b"e" + b"q" + bytes([i + 1])
                                      for i in range(10))  # fmt: skip
        with at_most(1), pytest.raises(ValueError, match=r"."):
            read_pickle(b"\x80\x02" + nested + b".")

    def test_one_bit_changes_no_outcome_but_values_or_an_error(self):
        whole = python2()
        header = whole.index(PIXELS[0, :32].tobytes())
        for position in [*range(header), *range(len(whole) - 60, len(whole))]:
            data = bytearray(whole)
            data[position] ^= 1 << position % 8
            try:
                read = read_pickle(bytes(data))
            except ValueError:
                continue
            array = read.get(b"data")
            assert array is None or (array.dtype == np.uint8 and array.size == PIXELS.size)


class TestGzip:
    def mnist(self, folder, images):
        (folder / "train-images-idx3-ubyte.gz").write_bytes(images)
        (folder / "train-labels-idx1-ubyte.gz").write_bytes(gzip.compress(struct.pack(">HBBi", 0, 8, 1, 1) + b"\x01"))

    def test_a_file_that_inflates_without_end(self, tmp_path):
        self.mnist(tmp_path, MEGABYTE * 400)
        with at_most(110), pytest.raises(ValueError, match=r"ubyte.gz must have at most 47040016 bytes, got more"):
            load_mnist(data_home=tmp_path)

    def test_dimensions_that_overflow(self, tmp_path):
        for shape in [(-1, -28, 28), (2**31 - 1, 28, 28), (1, 784, 1), (1, 1, 784), (784, 1, 1)]:
            self.mnist(tmp_path, gzip.compress(struct.pack(">HBB3i", 0, 8, 3, *shape) + bytes(784)))
            with pytest.raises(ValueError, match=r"must be an idx file of bytes in 3 dimensions"):
                load_mnist(data_home=tmp_path)

    def test_no_flipped_bit_loads_other_pixels(self, tmp_path):
        pixels = RNG.integers(256, size=(1, 28, 28), dtype=np.uint8)
        whole = gzip.compress(struct.pack(">HBB3i", 0, 8, 3, *pixels.shape) + pixels.tobytes())
        for position in RNG.integers(8 * len(whole), size=100):
            data = bytearray(whole)
            data[position // 8] ^= 1 << position % 8
            self.mnist(tmp_path, bytes(data))
            try:
                X = load_mnist(data_home=tmp_path)
            except ValueError:
                continue
            np.testing.assert_array_equal(np.rint((X + 1) * 127.5)[:, 0], pixels)


class TestTar:
    files = {f"cifar-10-batches-py/{batch}": python2() for batch in BATCHES}  # noqa: RUF012, never changed

    def refused(self, folder, match, megabytes=8):
        with at_most(megabytes), pytest.raises(ValueError, match=match):
            load_cifar10("test", data_home=folder)

    def test_a_stream_that_inflates_without_end(self, tmp_path):
        path = put_tar(tmp_path, self.files)
        path.write_bytes(path.read_bytes() + MEGABYTE * 330)
        self.refused(tmp_path, r"cifar-10-python.tar.gz must be an archive, got one that gave more than \d+ bytes")

    @pytest.mark.parametrize("size", [2**26, 2**40])
    def test_a_file_larger_than_a_batch(self, size, tmp_path):
        member = tarfile.TarInfo("cifar-10-batches-py/test_batch")
        member.size = size
        header = gzip.compress(member.tobuf(tarfile.GNU_FORMAT))
        (tmp_path / "cifar-10-python.tar.gz").write_bytes(header + MEGABYTE * 65)
        self.refused(tmp_path, r"more than \d+ bytes|must have at most \d+ bytes")

    @pytest.mark.parametrize("kind", [tarfile.XHDTYPE, tarfile.GNUTYPE_LONGNAME, tarfile.XGLTYPE])
    def test_a_header_without_end(self, kind, tmp_path):
        member = tarfile.TarInfo("header")
        member.type, member.size = kind, 2**27
        (tmp_path / "cifar-10-python.tar.gz").write_bytes(gzip.compress(member.tobuf()) + MEGABYTE * 129)
        self.refused(tmp_path, r"a header of 134217728 bytes")

    def test_files_without_end(self, tmp_path):
        put_tar(tmp_path, {f"{i}": b"" for i in range(1000)})
        self.refused(tmp_path, r"1000 files or more")

    @pytest.mark.parametrize("kind", [tarfile.SYMTYPE, tarfile.LNKTYPE, tarfile.FIFOTYPE, tarfile.CHRTYPE])
    def test_a_file_that_is_none(self, kind, tmp_path):
        with tarfile.open(tmp_path / "cifar-10-python.tar.gz", "w:gz") as tar:
            member = tarfile.TarInfo("cifar-10-batches-py/test_batch")
            member.type, member.linkname = kind, "cifar-10-batches-py/test_batch"
            tar.addfile(member)
        self.refused(tmp_path, r"something other than a whole file")

    def test_no_flipped_bit_loads_other_pixels(self, tmp_path):
        path = put_tar(tmp_path, self.files)
        whole = path.read_bytes()
        for position in RNG.integers(8 * len(whole), size=300):
            data = bytearray(whole)
            data[position // 8] ^= 1 << position % 8
            path.write_bytes(bytes(data))
            try:
                X, labels = load_cifar10("test", data_home=tmp_path, return_labels=True)
            except (ValueError, FileNotFoundError):
                continue
            np.testing.assert_array_equal(np.rint((X + 1) * 127.5).reshape(2, -1), PIXELS)
            assert labels.tolist() == LABELS

    @pytest.mark.parametrize("part", ["checksum", "length"])
    def test_what_follows_the_files_is_checked_too(self, part, tmp_path):
        path = put_tar(tmp_path, self.files)
        data = bytearray(path.read_bytes())
        data[-8 if part == "checksum" else -1] ^= 1
        path.write_bytes(bytes(data))
        self.refused(tmp_path, r"must be an archive, got one that gave (CRC check|Incorrect length)")

    def test_only_as_many_images_as_are_asked_for_take_memory(self, tmp_path):
        member = tarfile.TarInfo("stl10_binary/train_X.bin")
        member.size = 3 * 96 * 96 * 5000 // 2**20 * 2**20
        data = gzip.compress(member.tobuf(tarfile.GNU_FORMAT)) + MEGABYTE * (member.size // 2**20)
        (tmp_path / "stl10_binary.tar.gz").write_bytes(data + gzip.compress(bytes(1024)))
        with at_most(16):
            assert load_stl10("train", n_samples=2, data_home=tmp_path).shape == (2, 3, 96, 96)


class TestCelebA:
    @pytest.fixture(autouse=True)
    def pillow(self):
        pytest.importorskip("PIL")

    @staticmethod
    def image(kind="JPEG", size=(178, 218), mode="RGB"):
        from PIL import Image

        file = io.BytesIO()
        Image.new(mode, size).save(file, kind)
        return file.getvalue()

    def put(self, folder, data, name="000001.jpg", compression=zipfile.ZIP_STORED):
        (folder / "list_eval_partition.txt").write_text(f"{name} 0\n")
        with zipfile.ZipFile(folder / "img_align_celeba.zip", "w", compression) as file:
            file.writestr(f"img_align_celeba/{name}", data)
        return folder / "img_align_celeba.zip"

    @pytest.mark.parametrize("kind", ["JPEG", "PNG"])
    def test_the_two_published_forms_are_read(self, kind, tmp_path):
        self.put(tmp_path, self.image(kind))
        assert load_celeba(data_home=tmp_path, image_size=8).shape == (1, 3, 8, 8)

    @pytest.mark.parametrize("kind", ["EPS", "BMP", "GIF", "TIFF", "PPM", "ICO"])
    def test_no_other_decoder_is_tried(self, kind, tmp_path):
        self.put(tmp_path, self.image(kind))
        with pytest.raises(ValueError, match=r"000001.jpg of CelebA must be a JPEG, or a PNG, .*cannot identify"):
            load_celeba(data_home=tmp_path)

    @pytest.mark.parametrize("side", [2000, 14_000])
    def test_a_small_file_of_many_pixels(self, side, tmp_path):
        data = self.image("PNG", (side, side), "1")
        before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        self.put(tmp_path, data)
        with pytest.raises(ValueError, match=r"000001.jpg of CelebA must be .* of 178 × 218 pixels"):
            load_celeba(data_home=tmp_path)
        assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 50_000  # kilobytes

    @pytest.mark.parametrize("name", ["../secret.jpg", "/etc/passwd", "..", ".", "a/b.jpg", "a\\b.jpg", "C:x.jpg", "-"])
    @pytest.mark.parametrize("unpacked", [True, False])
    def test_names_that_lead_out_of_the_folder(self, name, unpacked, tmp_path):
        (tmp_path / "secret.jpg").write_bytes(self.image())
        self.put(tmp_path, self.image(), name)
        if unpacked:
            (tmp_path / "img_align_celeba").mkdir()
        with pytest.raises(ValueError, match=r"list_eval_partition.txt must name files of img_align_celeba, got"):
            load_celeba(data_home=tmp_path)

    def test_an_image_that_inflates_without_end(self, tmp_path):
        self.put(tmp_path, bytes(2**26), compression=zipfile.ZIP_DEFLATED)
        with at_most(4), pytest.raises(ValueError, match=r"000001.jpg of .*celeba.zip must have at most 1048576 bytes"):
            load_celeba(data_home=tmp_path)

    def test_a_size_that_lies(self, tmp_path):
        path = self.put(tmp_path, bytes(2**26), compression=zipfile.ZIP_DEFLATED)
        data = path.read_bytes().replace(struct.pack("<I", 2**26), struct.pack("<I", 100))
        path.write_bytes(data)
        with at_most(4), pytest.raises(ValueError, match=r"img_align_celeba/000001.jpg undamaged, .*CRC"):
            load_celeba(data_home=tmp_path)

    @pytest.mark.parametrize("compression", [zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
    def test_compressions_without_a_bound(self, compression, tmp_path):
        self.put(tmp_path, self.image(), compression=compression)
        with pytest.raises(ValueError, match=r"undamaged, got an archive that gave compression of type"):
            load_celeba(data_home=tmp_path)

    def test_no_flipped_bit_loads_other_pixels(self, tmp_path):
        path = self.put(tmp_path, self.image("PNG"))
        whole = path.read_bytes()
        for position in RNG.integers(8 * len(whole), size=100):
            data = bytearray(whole)
            data[position // 8] ^= 1 << position % 8
            path.write_bytes(bytes(data))
            try:
                X = load_celeba(data_home=tmp_path, image_size=8)
            except (ValueError, FileNotFoundError):
                continue
            assert (X == -1).all()

    def test_lists_without_end(self, tmp_path):
        self.put(tmp_path, self.image())
        (tmp_path / "list_eval_partition.txt").write_bytes(b"000001.jpg 0\n" * 10**6)
        with at_most(4), pytest.raises(ValueError, match=r"list_eval_partition.txt must have at most \d+ bytes"):
            load_celeba(data_home=tmp_path)


def test_opcodes_are_few():
    """Those that make objects of classes, or ask for ones by number, are refused by name."""
    dangerous = {"INST", "OBJ", "NEWOBJ", "NEWOBJ_EX", "EXT1", "EXT2", "EXT4", "PERSID", "BINPERSID", "DUP", "POP"}
    for opcode in (op for op in pickletools.opcodes if op.name in dangerous):
        arguments = {"stringnl_noescape_pair": b"os\nsystem\n", "stringnl_noescape": b"1\n"}
        size = 0 if opcode.arg is None else max(opcode.arg.n, 0)
        argument = arguments.get(opcode.arg.name, bytes(size)) if opcode.arg is not None else b""
        with pytest.raises(ValueError, match=rf"it has the opcode {opcode.name}"):
            read_pickle(b"}" + opcode.code.encode("latin1") + argument + b".")
