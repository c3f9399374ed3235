r"""MNIST and Fashion-MNIST: files as they are or packed, downloads, and what is said of damaged ones."""

from __future__ import annotations

import contextlib
import gzip
import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import tinycnn
from tests.datasets.made import LABELS, idx, md5, mnist_files, write
from tests.loopback import closed_port, serving
from tinycnn import transforms
from tinycnn.datasets import MNIST, FashionMNIST
from tinycnn.datasets.idx import read_idx
from tinycnn.errors import ConfigError, DownloadError, FormatError
from tinycnn.utils.data import DataLoader


def pixels(seed: int = 0) -> Any:
    return np.random.default_rng(seed).integers(0, 256, (6, 28, 28))


@pytest.mark.parametrize("kind", [MNIST, FashionMNIST])
@pytest.mark.parametrize("packed", [True, False])
def test_images_and_labels(tmp_path: Path, kind: type[MNIST], packed: bool) -> None:
    files = mnist_files()
    if not packed:
        files = {name.removesuffix(".gz"): gzip.decompress(content) for name, content in files.items()}
    write(tmp_path / kind.__name__ / "raw", files)
    train, test = kind(tmp_path), kind(tmp_path, train=False)
    assert (len(train), len(test)) == (6, 2)
    assert (train.data.dtype, train.targets.dtype) == (tinycnn.uint8, tinycnn.int64)
    np.testing.assert_array_equal(train.data.numpy(), pixels())
    assert train.targets.tolist() == LABELS
    image, label = train[-1]
    assert (image.mode, image.size, label, type(label)) == ("L", (28, 28), 9, int)
    np.testing.assert_array_equal(np.asarray(image), pixels()[-1])


def test_train_is_no_name_of_a_part(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="MNIST: train must be True or False, not 'test'"):
        MNIST(tmp_path, "test")  # type: ignore[arg-type]


def test_classes() -> None:
    assert MNIST.classes[3] == "3 - three"
    assert FashionMNIST.classes[9] == "Ankle boot"
    assert len(MNIST.classes) == len(FashionMNIST.classes) == 10


def test_batches_for_a_network(tmp_path: Path) -> None:
    write(tmp_path / "MNIST" / "raw", mnist_files())
    digits = MNIST(tmp_path, transform=transforms.ToTensor(), target_transform=lambda label: label + 1)
    batch, labels = next(iter(DataLoader(digits, batch_size=6)))
    np.testing.assert_allclose(batch.numpy()[:, 0], pixels() / 255, atol=1e-7)
    assert labels.tolist() == [label + 1 for label in LABELS]
    assert digits.class_to_idx["0 - zero"] == 0


def test_the_printout(tmp_path: Path) -> None:
    write(tmp_path / "MNIST" / "raw", mnist_files())
    assert repr(MNIST(tmp_path, train=False)) == (
        f"Dataset MNIST\n    Number of datapoints: 2\n    Root location: {tmp_path}\n    Split: Test"
    )


def test_a_missing_file_is_named_with_its_place(tmp_path: Path) -> None:
    with pytest.raises(DownloadError) as caught:
        MNIST(tmp_path)
    path = tmp_path / "MNIST" / "raw" / "train-images-idx3-ubyte.gz"
    assert str(caught.value) == (
        "MNIST: train-images-idx3-ubyte.gz is not there\n"
        f"  belongs to         = {path}\n"
        "  is to be had from  = https://ossci-datasets.s3.amazonaws.com/mnist/train-images-idx3-ubyte.gz\n"
        "  hint               download=True fetches all files"
    )
    assert isinstance(caught.value, RuntimeError)  # as torchvision's


def test_download_verifies_and_tries_the_mirrors(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("no_proxy", "*")
    files = mnist_files()
    monkeypatch.setattr(MNIST, "resources", [(name, md5(content)) for name, content in files.items()])
    with serving() as server:
        server.files.update(files)
        monkeypatch.setattr(MNIST, "mirrors", [f"{closed_port()}/", f"{server.url}/"])
        assert len(MNIST(tmp_path, download=True)) == 6
        assert len(MNIST(tmp_path, train=False, download=True)) == 2
        assert len(server.asked) == 4  # each file once
        damaged = tmp_path / "MNIST" / "raw" / "t10k-labels-idx1-ubyte.gz"
        damaged.write_bytes(b"damaged")
        with pytest.warns(UserWarning, match="t10k-labels-idx1-ubyte.gz is damaged and is downloaded anew"):
            MNIST(tmp_path, train=False, download=True)
        server.files["t10k-labels-idx1-ubyte.gz"] = b"changed"
        damaged.unlink()
        with pytest.raises(DownloadError, match=r"t10k-labels(.|\n)*ConnectionRefused(.|\n)*md5 should begin with"):
            MNIST(tmp_path, download=True)
    assert len(MNIST(tmp_path)) == 6  # what is there is used without a network


IMAGES, NAMES = "train-images-idx3-ubyte", "train-labels-idx1-ubyte"


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        (IMAGES, b"", r"no IDX file of 3 axes\n.*should begin with.*= 00 00 08 03\n.*begins with.*it is empty"),
        (IMAGES, b"<html>", "begins with .*= 3c 68 74 6d"),
        (IMAGES, idx(LABELS), "hint .*it holds labels: were two files exchanged"),
        (NAMES, idx(pixels()), "hint .*it holds images: were two files exchanged"),
        (IMAGES, idx(pixels())[:-1], r"cut short\n.*= \(6, 28, 28\)\n.*wanted .*= 4,704\n.*found .*= 4,703"),
        (IMAGES, idx(pixels()) + b"x", r"added to(.|\n)*found .*= more"),
        (IMAGES, idx(pixels())[:9], "cut short: it ends after 9 bytes, within its sizes"),
        (IMAGES, b"\0\0\x08\3" + b"\xff" * 12, r"sizes that cannot be: \(4294967295, 4294967295, 4294967295\)"),
        (IMAGES, gzip.compress(idx(pixels()))[:-20], "gzip data that cannot be unpacked"),
        (IMAGES, b"\x1f\x8bnothing", "gzip data that cannot be unpacked"),
        (NAMES, idx(LABELS[:-1]), "6 images of train, but 5 labels"),
        (NAMES, idx([3, 1, 4, 1, 5, 10]), "train has the label 10, but there are 10 classes"),
    ],
)
def test_damaged_files(tmp_path: Path, name: str, content: bytes, message: str) -> None:
    folder = write(tmp_path / "MNIST" / "raw", {**mnist_files(), name: content})  # the plain one is taken first
    with pytest.raises(FormatError) as caught:
        MNIST(tmp_path)
    assert re.search(message, str(caught.value)), caught.value
    assert str(folder) in str(caught.value)


SOUND = {"plain": idx(pixels()[:2, :3, :3]), "packed": gzip.compress(idx(pixels()[:2, :3, :3]), mtime=0)}


@settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(kind=st.sampled_from(sorted(SOUND)), data=st.data())
def test_whatever_bytes_change_it_is_read_or_refused(tmp_path: Path, kind: str, data: st.DataObject) -> None:
    content = bytearray(SOUND[kind])
    for _ in range(data.draw(st.integers(1, 3))):
        content[data.draw(st.integers(0, len(content) - 1))] = data.draw(st.integers(0, 255))
    path = tmp_path / "images"
    path.write_bytes(content[: data.draw(st.integers(0, len(content)))])
    with contextlib.suppress(FormatError):
        assert read_idx(str(path), axes=3).ndim == 3
