"""CIFAR-10, STL-10 and CelebA are read from tiny files in their published formats."""

import io
import pickle
import tarfile
import zipfile

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from fdgm.datasets import load_celeba, load_cifar10, load_stl10

RNG = np.random.default_rng(0)


@pytest.fixture(autouse=True)
def nowhere(monkeypatch):
    monkeypatch.delenv("FDGM_DATA", raising=False)


def put(home, archive, files):
    """Files under the archive's folder, unpacked or in the tar or zip of that name."""
    home.mkdir(exist_ok=True)
    if archive.endswith(".tar.gz"):
        with tarfile.open(home / archive, "w:gz") as tar:
            for name, data in files.items():
                member = tarfile.TarInfo(name)
                member.size = len(data)
                tar.addfile(member, io.BytesIO(data))
    elif archive.endswith(".zip"):
        with zipfile.ZipFile(home / archive, "w") as zipped:
            for name, data in files.items():
                zipped.writestr(name, data)
    else:
        for name, data in files.items():
            (home / name).parent.mkdir(parents=True, exist_ok=True)
            (home / name).write_bytes(data)


def bytes_of(X):
    return np.rint((X + 1) * 127.5).astype(np.uint8)


class TestCIFAR10:
    pixels = RNG.integers(256, size=(12, 3, 32, 32), dtype=np.uint8)
    labels = RNG.integers(10, size=12).astype(np.uint8)
    batches = (*(f"data_batch_{i}" for i in range(1, 6)), "test_batch")  # of two images each

    def binary(self):
        records = np.column_stack([self.labels, self.pixels.reshape(12, -1)])
        return {f"cifar-10-batches-bin/{b}.bin": records[2 * i : 2 * i + 2].tobytes() for i, b in
                enumerate(self.batches)}  # fmt: skip

    def python(self):
        content = {b: {b"data": self.pixels.reshape(12, -1)[2 * i : 2 * i + 2], b"labels":
                       self.labels[2 * i : 2 * i + 2].tolist()} for i, b in enumerate(self.batches)}  # fmt: skip
        return {f"cifar-10-batches-py/{b}": pickle.dumps(c, protocol=2) for b, c in content.items()}

    @pytest.mark.parametrize(
        ("kind", "archive"),
        [("binary", ""), ("binary", "cifar-10-binary.tar.gz"), ("python", ""), ("python", "cifar-10-python.tar.gz")],
    )
    def test_every_published_form(self, kind, archive, tmp_path):
        put(tmp_path, archive, getattr(self, kind)())
        X, labels = load_cifar10(data_home=tmp_path, return_labels=True)
        assert (X.dtype, labels.dtype) == (np.float32, np.int64)
        assert_array_equal(bytes_of(X), self.pixels[:10])
        assert_array_equal(labels, self.labels[:10])

    def test_the_test_split(self, tmp_path):
        put(tmp_path, "", self.binary())
        assert_array_equal(bytes_of(load_cifar10("test", data_home=tmp_path)), self.pixels[10:])

    def test_the_environments_sub_folder(self, tmp_path, monkeypatch):
        put(tmp_path / "cifar10", "", self.binary())
        monkeypatch.setenv("FDGM_DATA", str(tmp_path))
        assert load_cifar10(image_size=16).shape == (10, 3, 16, 16)

    def test_a_pickle_may_hold_nothing_but_arrays(self, tmp_path):
        class Evil:
            def __reduce__(self):
                return print, ("run",)

        put(tmp_path, "", {**self.python(), "cifar-10-batches-py/data_batch_3": pickle.dumps(Evil())})
        with pytest.raises(ValueError, match=r"data_batch_3 of CIFAR-10 .*refers to builtins\.print"):
            load_cifar10(data_home=tmp_path)

    def test_damage(self, tmp_path):
        put(tmp_path, "", {**self.binary(), "cifar-10-batches-bin/data_batch_2.bin": b"short"})
        with pytest.raises(ValueError, match=r"data_batch_2.bin of CIFAR-10 .* got 5 bytes"):
            load_cifar10(data_home=tmp_path)

    @pytest.mark.parametrize("kind", ["binary", "python"])
    @pytest.mark.parametrize("label", [10, 200])
    def test_a_label_that_is_no_class(self, kind, label, tmp_path):
        self.labels = np.where(np.arange(12) == 3, label, self.labels).astype(np.uint8)
        put(tmp_path, "", getattr(self, kind)())
        with pytest.raises(ValueError, match=rf"data_batch_2.* of CIFAR-10 must hold labels from 0 to 9, got {label}"):
            load_cifar10(data_home=tmp_path)

    def test_more_images_than_there_are(self, tmp_path):
        put(tmp_path, "", {**self.binary(), "cifar-10-batches-bin/test_batch.bin": bytes(3073 * 10_001)})
        with pytest.raises(ValueError, match=r"test_batch.bin must have at most 30730000 bytes, got more"):
            load_cifar10("test", data_home=tmp_path)

    @pytest.mark.parametrize("archive", ["", "cifar-10-binary.tar.gz"])
    def test_a_missing_file(self, archive, tmp_path):
        files = self.binary()
        del files["cifar-10-batches-bin/data_batch_4.bin"]
        put(tmp_path, archive, files)
        with pytest.raises(FileNotFoundError, match=r"data_batch_4.bin"):
            load_cifar10(data_home=tmp_path)

    def test_an_archive_cut_short(self, tmp_path):
        (tmp_path / "cifar-10-binary.tar.gz").write_bytes(b"\x1f\x8b\x08 no more")
        with pytest.raises(ValueError, match=r"cifar-10-binary.tar.gz must be an archive"):
            load_cifar10(data_home=tmp_path)


class TestSTL10:
    pixels = RNG.integers(256, size=(3, 3, 96, 96), dtype=np.uint8)

    def files(self):
        stored = self.pixels.transpose(0, 1, 3, 2).tobytes()  # the files go column by column
        labels = np.array([1, 10, 4], np.uint8).tobytes()
        names = {f"stl10_binary/{split}_X.bin": stored for split in ("train", "test", "unlabeled")}
        return {**names, "stl10_binary/train_y.bin": labels, "stl10_binary/test_y.bin": labels}

    @pytest.mark.parametrize("archive", ["", "stl10_binary.tar.gz"])
    def test_every_published_form(self, archive, tmp_path):
        put(tmp_path, archive, self.files())
        X, labels = load_stl10("train", data_home=tmp_path, return_labels=True)
        assert (X.dtype, labels.dtype) == (np.float32, np.int64)
        assert_array_equal(bytes_of(X), self.pixels)
        assert_array_equal(labels, [0, 9, 3])

    @pytest.mark.parametrize("label", [0, 11, 255])
    def test_a_label_that_is_no_class(self, label, tmp_path):
        put(tmp_path, "", {**self.files(), "stl10_binary/train_y.bin": bytes([1, label, 4])})
        with pytest.raises(ValueError, match=rf"train_y.bin of STL-10 must hold labels from 1 to 10, got {label}"):
            load_stl10("train", data_home=tmp_path, return_labels=True)

    @pytest.mark.parametrize("archive", ["", "stl10_binary.tar.gz"])
    def test_the_first_few_at_another_size(self, archive, tmp_path):
        put(tmp_path, archive, self.files())
        X, labels = load_stl10("test", data_home=tmp_path, n_samples=2, image_size=48, return_labels=True)
        assert (X.shape, labels.tolist()) == ((2, 3, 48, 48), [0, 9])

    def test_without_labels(self, tmp_path):
        put(tmp_path, "", self.files())
        assert load_stl10(data_home=tmp_path).shape == (3, 3, 96, 96)
        with pytest.raises(ValueError, match=r"return_labels of load_stl10 .* got True"):
            load_stl10(data_home=tmp_path, return_labels=True)

    def test_damage(self, tmp_path):
        put(tmp_path, "", {**self.files(), "stl10_binary/train_X.bin": b"short"})
        with pytest.raises(ValueError, match=r"train_X.bin of STL-10 .* got 5 bytes"):
            load_stl10("train", data_home=tmp_path)


class TestCelebA:
    names = tuple(f"{i:06d}.jpg" for i in range(1, 6))
    parts = (0, 0, 1, 2, 0)
    smiling = (1, -1, 1, 1, -1)

    @staticmethod
    def jpeg(grey):
        """Black but for a central square of 160 pixels."""
        from PIL import Image

        pixels = np.zeros((218, 178, 3), np.uint8)
        pixels[29:189, 9:169] = grey
        file = io.BytesIO()
        Image.fromarray(pixels).save(file, "JPEG", quality=95)
        return file.getvalue()

    @pytest.fixture
    def home(self, tmp_path):
        pytest.importorskip("PIL")
        return tmp_path

    def put(self, home, archive=""):
        put(home, archive, {f"img_align_celeba/{n}": self.jpeg(40 * i) for i, n in enumerate(self.names)})
        partition = "".join(f"{n} {p}\n" for n, p in zip(self.names, self.parts, strict=True))
        attributes = "".join(f"{n}  1 {s}\n" for n, s in zip(self.names, self.smiling, strict=True))
        put(home, "", {"list_eval_partition.txt": partition.encode(),
                       "list_attr_celeba.txt": f"5\nYoung Smiling \n{attributes}".encode()})  # fmt: skip

    @pytest.mark.parametrize("archive", ["", "img_align_celeba.zip"])
    @pytest.mark.parametrize(
        ("split", "rows"), [("train", [0, 1, 4]), ("valid", [2]), ("test", [3]), ("all", range(5))]
    )
    def test_splits_and_attributes(self, archive, split, rows, home):
        self.put(home, archive)
        X, labels = load_celeba(split, data_home=home, return_labels=True)
        assert (X.shape, X.dtype) == ((len(rows), 3, 64, 64), np.float32)
        assert_allclose((X[:, :, 20:40, 20:40].mean((1, 2, 3)) + 1) * 127.5, [40 * i for i in rows], atol=2)
        assert labels["Smiling"].tolist() == [self.smiling[i] > 0 for i in rows]
        assert labels["Young"].all()

    @pytest.mark.parametrize("crop", [160, 128])
    def test_the_crop_is_the_central_square(self, crop, home):
        self.put(home)
        X = load_celeba("all", crop=crop, data_home=home)[-1:]
        assert_allclose((X[..., 1:-1, 1:-1] + 1) * 127.5, 160, atol=6)  # a square of one grey, but for JPEG's border

    def test_a_wider_crop_shows_the_border(self, home):
        self.put(home)
        X = load_celeba("all", crop=178, data_home=home)[-1]
        assert X[:, 0, 0].max() < -0.9

    def test_the_first_few(self, home):
        self.put(home)
        assert load_celeba(n_samples=2, image_size=8, data_home=home).shape == (2, 3, 8, 8)

    def test_a_crop_too_wide(self, home):
        self.put(home)
        with pytest.raises(ValueError, match=r"crop of load_celeba must be at most 178, got 179"):
            load_celeba(crop=179, data_home=home)

    def test_a_file_that_is_no_jpeg(self, home):
        self.put(home)
        (home / "img_align_celeba" / self.names[1]).write_bytes(b"<html>")
        with pytest.raises(ValueError, match=r"000002.jpg of CelebA must be a JPEG"):
            load_celeba(data_home=home)

    @pytest.mark.parametrize("split", ["train", "all"])
    def test_a_partition_that_is_a_page(self, split, home):
        self.put(home)
        (home / "list_eval_partition.txt").write_text("<html>\n<body>\nnot found\n</body>\n</html>\n")
        with pytest.raises(ValueError, match=r"list_eval_partition.txt must give .* got nan for '<html>'"):
            load_celeba(split, data_home=home)

    def test_a_partition_without_the_split(self, home):
        self.put(home)
        (home / "list_eval_partition.txt").write_text("000001.jpg 0\n000002.jpg 1\n")
        with pytest.raises(ValueError, match=r"list_eval_partition.txt must name .* 'test', got none among 2"):
            load_celeba("test", data_home=home)

    def test_attributes_that_lack_a_row(self, home):
        self.put(home)
        path = home / "list_attr_celeba.txt"
        path.write_text("".join(line for line in path.read_text().splitlines(True) if "000002" not in line))
        assert len(load_celeba("valid", data_home=home, return_labels=True)[1]) == 1
        with pytest.raises(ValueError, match=r"list_attr_celeba.txt must have .* got none for 1 of 3, .*'000002.jpg'"):
            load_celeba(data_home=home, return_labels=True)

    def change(self, home, name, old, new):
        self.put(home)
        path = home / name
        path.write_text(path.read_text().replace(old, new))

    def test_an_image_that_has_two_rows_of_attributes(self, home):
        self.change(home, "list_attr_celeba.txt", "000002.jpg", "000001.jpg")
        with pytest.raises(ValueError, match=r"list_attr_celeba.txt must have one row .* two for '000001.jpg'"):
            load_celeba(data_home=home, return_labels=True)

    def test_an_image_that_is_listed_twice(self, home):
        self.change(home, "list_eval_partition.txt", "000002.jpg", "000001.jpg")
        with pytest.raises(ValueError, match=r"list_eval_partition.txt must have one row .* two for '000001.jpg'"):
            load_celeba(data_home=home)

    def test_an_attribute_that_is_named_twice(self, home):
        self.change(home, "list_attr_celeba.txt", "Young", "Smiling")
        with pytest.raises(ValueError, match=r"list_attr_celeba.txt must name each column once, got 'Smiling' twice"):
            load_celeba(data_home=home, return_labels=True)

    @pytest.mark.parametrize("value", ["0", "2", "nan", "yes"])
    def test_an_attribute_that_is_neither(self, value, home):
        self.change(home, "list_attr_celeba.txt", "000002.jpg  1 -1", f"000002.jpg  1 {value}")
        with pytest.raises(
            ValueError, match=r"list_attr_celeba.txt must give attributes as -1 or 1, got .*'000002.jpg'"
        ):
            load_celeba(data_home=home, return_labels=True)

    def test_an_image_of_another_size(self, home):
        from PIL import Image

        self.put(home)
        Image.new("RGB", (218, 178)).save(home / "img_align_celeba" / self.names[1])
        with pytest.raises(ValueError, match=r"000002.jpg of CelebA must be .* 178 × 218 pixels, .* 218 × 178 pixels"):
            load_celeba(data_home=home)

    def test_lists_are_needed_too(self, home):
        self.put(home)
        (home / "list_attr_celeba.txt").unlink()
        assert len(load_celeba(data_home=home)) == 3
        with pytest.raises(FileNotFoundError, match=r"list_attr_celeba.txt"):
            load_celeba(data_home=home, return_labels=True)


FIRST_READ = {
    load_cifar10: "cifar-10-batches-bin/data_batch_1.bin",
    load_stl10: "stl10_binary/unlabeled_X.bin",
    load_celeba: "img_align_celeba/000001.jpg",
}


@pytest.mark.parametrize(("load", "archive"), [
    (load_cifar10, "cifar-10-binary.tar.gz"),
    (load_stl10, "stl10_binary.tar.gz"),
    (load_celeba, "img_align_celeba.zip"),
])  # fmt: skip
class TestEveryLoader:
    def test_the_error_says_what_where_and_whence(self, load, archive, tmp_path, monkeypatch):
        monkeypatch.setenv("FDGM_DATA", str(tmp_path))
        with pytest.raises(FileNotFoundError, match=rf"{load.__name__} needs .*{archive}.*Fetch http") as caught:
            load()
        assert f" {tmp_path}." in str(caught.value)

    @pytest.mark.parametrize("cut", [0.5, 0.9])
    def test_an_archive_cut_short(self, load, archive, cut, tmp_path):
        put(tmp_path, archive, {FIRST_READ[load]: RNG.bytes(100_000)})
        put(tmp_path, "", {"list_eval_partition.txt": b"000001.jpg 0\n"})
        path = tmp_path / archive
        path.write_bytes(path.read_bytes()[: int(cut * path.stat().st_size)])
        with pytest.raises(ValueError, match=rf"{archive} must .*; fetch it again") as caught:
            load(data_home=tmp_path)
        assert str(path) in str(caught.value)

    def test_no_folder_at_all(self, load, archive):
        with pytest.raises(FileNotFoundError, match=r"no folder \(FDGM_DATA is not set\)"):
            load()

    def test_an_unknown_split(self, load, archive):
        with pytest.raises(ValueError, match=f"split of {load.__name__} .* got 'all-of-it'"):
            load("all-of-it")
