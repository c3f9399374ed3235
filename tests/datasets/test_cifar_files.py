r"""CIFAR-10 and CIFAR-100 from their binary files: out of the archive or a folder, downloads, damaged files."""

from __future__ import annotations

import io
import re
import tarfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.datasets.made import cifar10_members, cifar100_members, cifar_records, md5, tar_gz, write
from tests.loopback import closed_port, serving
from tinycnn import transforms
from tinycnn.datasets import CIFAR10, CIFAR100
from tinycnn.errors import DownloadError, FormatError
from tinycnn.utils.data import DataLoader


@pytest.fixture
def archive(monkeypatch: pytest.MonkeyPatch) -> bytes:
    r"""A small archive in CIFAR-10's form, whose md5 the class expects."""
    content = tar_gz(cifar10_members())
    monkeypatch.setattr(CIFAR10, "tgz_md5", md5(content))
    return content


def as_images(content: bytes, label_bytes: int = 1) -> Any:
    r"""Pixel by pixel, as the format's description has it: a plane of red, one of green, one of blue."""
    size = label_bytes + 3072
    images = np.empty((len(content) // size, 32, 32, 3), np.uint8)
    for n, image in enumerate(images):
        record = content[n * size + label_bytes : (n + 1) * size]
        for channel in range(3):
            for row in range(32):
                image[row, :, channel] = list(record[1024 * channel + 32 * row :][:32])
    return images


@pytest.mark.parametrize("packed", [True, False])
def test_cifar10(tmp_path: Path, archive: bytes, packed: bool) -> None:
    write(tmp_path, {"cifar-10-binary.tar.gz": archive} if packed else cifar10_members())
    train, test = CIFAR10(tmp_path), CIFAR10(tmp_path, train=False)
    assert (len(train), len(test)) == (10, 3)
    assert (train.data.shape, train.data.dtype) == ((10, 32, 32, 3), np.uint8)
    batches = [cifar_records(2, seed=number) for number in range(1, 6)]
    np.testing.assert_array_equal(train.data, np.concatenate([as_images(batch) for batch in batches]))
    assert train.targets == [batch[at] for batch in batches for at in (0, 3073)]
    assert (train.classes[0], train.class_to_idx["truck"], len(train.classes)) == ("airplane", 9, 10)
    image, label = test[-1]
    assert (image.mode, image.size, label) == ("RGB", (32, 32), test.targets[2])
    np.testing.assert_array_equal(np.asarray(image), test.data[2])


def test_cifar100_takes_the_fine_labels(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    content = tar_gz(cifar100_members())
    monkeypatch.setattr(CIFAR100, "tgz_md5", md5(content))
    write(tmp_path, {"cifar-100-binary.tar.gz": content})
    train, test = CIFAR100(tmp_path), CIFAR100(tmp_path, train=False)
    records = cifar_records(5, 2, seed=7)
    assert train.targets == [records[3074 * n + 1] for n in range(5)]
    np.testing.assert_array_equal(train.data, as_images(records, 2))
    assert (len(test), test.classes[7], test.class_to_idx["kind99"]) == (2, "kind7", 99)


def test_batches_for_a_network(tmp_path: Path, archive: bytes) -> None:
    write(tmp_path, {"cifar-10-binary.tar.gz": archive})
    images = CIFAR10(tmp_path, transform=transforms.ToTensor())
    batch, labels = next(iter(DataLoader(images, batch_size=10)))
    np.testing.assert_allclose(batch.numpy(), images.data.transpose(0, 3, 1, 2) / 255, atol=1e-7)
    assert labels.tolist() == images.targets
    assert repr(images) == (
        f"Dataset CIFAR10\n    Number of datapoints: 10\n    Root location: {tmp_path}\n    Split: Train\n"
        "    StandardTransform\nTransform: ToTensor()"
    )


def test_a_missing_archive_is_named_with_its_place(tmp_path: Path) -> None:
    with pytest.raises(DownloadError) as caught:
        CIFAR10(tmp_path, train=False)
    assert str(caught.value) == (
        "CIFAR10: cifar-10-binary.tar.gz is not there\n"
        f"  belongs to         = {tmp_path / 'cifar-10-binary.tar.gz'}\n"
        "  is to be had from  = https://www.cs.toronto.edu/~kriz/cifar-10-binary.tar.gz\n"
        f"  hint               download=True fetches it; or {tmp_path / 'cifar-10-batches-bin'} must hold "
        "test_batch.bin, batches.meta.txt"
    )


@pytest.mark.parametrize(("dataset", "there"), [
    (CIFAR10, "cifar-10-batches-py/data_batch_1"), (CIFAR10, "cifar-10-python.tar.gz"),
    (CIFAR100, "cifar-100-python/train"), (CIFAR100, "cifar-100-python.tar.gz"),
])
def test_the_version_that_torchvision_reads_is_no_substitute(tmp_path: Path, dataset: type, there: str) -> None:
    write(tmp_path, {there: b"a pickle"})
    name = re.escape(there.split("/")[0])
    told = rf"{name}, for it must be unpickled: the binary version is needed\n(.|\n)*download=True fetches it"
    with pytest.raises(DownloadError, match=told):
        dataset(tmp_path)


def test_download_verifies_and_tries_the_mirrors(
    tmp_path: Path, archive: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("no_proxy", "*")
    with serving() as server:
        server.files["cifar-10-binary.tar.gz"] = archive
        monkeypatch.setattr(CIFAR10, "mirrors", [f"{closed_port()}/", f"{server.url}/"])
        for _ in range(2):
            assert len(CIFAR10(tmp_path, download=True)) == 10
        assert len(server.asked) == 1
        assert [path.name for path in tmp_path.iterdir()] == ["cifar-10-binary.tar.gz"]
    write(tmp_path / "other", cifar10_members())
    assert len(CIFAR10(tmp_path / "other", download=True)) == 10  # all is there, and nobody is asked


def test_an_archive_with_another_md5(tmp_path: Path, archive: bytes) -> None:
    write(tmp_path, {"cifar-10-binary.tar.gz": archive + b"x"})
    with pytest.raises(FormatError, match=rf"damaged, or another(.|\n)*md5 should be.*= {md5(archive)}\n.*md5 is "):
        CIFAR10(tmp_path)


BATCH = "cifar-10-batches-bin/data_batch_3.bin"
NAMES = "cifar-10-batches-bin/batches.meta.txt"


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({BATCH: cifar_records(2)[:-1]}, r"data_batch_3\.bin was cut short(.|\n)*3073 bytes(.|\n)*6,145 bytes"),
        ({BATCH: b""}, r"data_batch_3\.bin was cut short"),
        ({BATCH: b"\x0a" + bytes(3072)}, r"data_batch_3\.bin has the label 10, but there are 10 classes"),
        ({NAMES: b"cat\ndog\n"}, "should name 10 classes, but names 2"),
        ({NAMES: None}, r"the archive lacks cifar-10-batches-bin/batches\.meta\.txt"),
    ],
)
def test_damaged_files(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, change: dict[str, bytes | None], message: str
) -> None:
    members = {name: content for name, content in {**cifar10_members(), **change}.items() if content is not None}
    content = tar_gz(members)
    monkeypatch.setattr(CIFAR10, "tgz_md5", md5(content))
    write(tmp_path, {"cifar-10-binary.tar.gz": content})
    with pytest.raises(FormatError) as caught:
        CIFAR10(tmp_path)
    assert re.search(message, str(caught.value)), caught.value
    assert str(tmp_path) in str(caught.value)


def bomb() -> bytes:
    r"""An archive whose first member unpacks to more than anybody wants."""
    stream = io.BytesIO()
    with tarfile.open(fileobj=stream, mode="w:gz", compresslevel=1) as archive:
        info = tarfile.TarInfo("zeros")
        info.size = 3 * 2**20
        archive.addfile(info, io.BytesIO(bytes(info.size)))
    return stream.getvalue()


def test_archives_that_are_none_or_too_large_or_link_elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tinycnn.datasets.archive._MOST_BYTES", 2**20)
    stream = io.BytesIO()
    with tarfile.open(fileobj=stream, mode="w:gz") as archive:
        for name in cifar10_members():
            link = tarfile.TarInfo(name)
            link.type, link.linkname = tarfile.SYMTYPE, "/etc/passwd"
            archive.addfile(link)
    for content, message in (
        (b"no archive", "an archive that cannot be unpacked"),
        (tar_gz(cifar10_members())[:20_000], "an archive that cannot be unpacked"),
        (bomb(), "unpacks to more than 1,048,576 bytes"),
        (stream.getvalue(), "the archive lacks"),  # a link is no file
    ):
        monkeypatch.setattr(CIFAR10, "tgz_md5", md5(content))
        write(tmp_path, {"cifar-10-binary.tar.gz": content})
        with pytest.raises(FormatError, match=message):
            CIFAR10(tmp_path)
