r"""The datasets beside torchvision's, on the same small files; where torchvision is installed."""

from __future__ import annotations

import pickle
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.datasets.made import cifar10_members, cifar100_members, md5, mnist_files, picture, tar_gz, write
from tinycnn import datasets

peers = pytest.importorskip("torchvision.datasets", reason="torchvision is not installed")


def assert_same(ours: Any, theirs: Any) -> None:
    assert len(ours) == len(theirs)
    assert list(ours.classes) == list(theirs.classes)
    assert ours.class_to_idx == theirs.class_to_idx
    assert [int(target) for target in ours.targets] == [int(target) for target in theirs.targets]
    for (image, label), (their_image, their_label) in zip(ours, theirs, strict=True):
        assert (label, type(label)) == (their_label, type(their_label))
        assert (image.mode, image.size) == (their_image.mode, their_image.size)
        np.testing.assert_array_equal(np.asarray(image), np.asarray(their_image))
    assert repr(ours) == repr(theirs)


def shout(image: Any) -> Any:
    return image.rotate(90)


class Lines:
    r"""A transform whose printout has several lines."""

    def __call__(self, value: Any) -> Any:
        return value

    def __repr__(self) -> str:
        return "Lines(\n    one\n    two\n)"


@pytest.mark.parametrize("options", [{}, {"transform": shout}, {"transform": Lines(), "target_transform": Lines()}])
def test_image_folder(tmp_path: Path, options: Any) -> None:
    write(tmp_path, {
        "dog/10.png": picture(seed=1), "dog/2.JPG": picture("JPEG", seed=2), "dog/a/x.bmp": picture("BMP", seed=3),
        "dog/a.webp": picture("WEBP", seed=4), "dog/notes.txt": b"no image", "Cat/grey.png": picture(mode="L", seed=5),
        "Cat/cmyk.tif": picture("TIFF", "CMYK", seed=6), "Cat/one.ppm": picture("PPM", seed=7),
        "Cat/palette.png": picture(mode="P", seed=8), "Cat/alpha.png": picture(mode="RGBA", seed=9), "top.png": b"",
    })
    ours, theirs = (kind(str(tmp_path), **options) for kind in (datasets.ImageFolder, peers.ImageFolder))
    assert ours.samples == theirs.samples
    assert ours.imgs == theirs.imgs
    assert_same(ours, theirs)


@pytest.mark.parametrize("name", ["MNIST", "FashionMNIST"])
@pytest.mark.parametrize("train", [True, False])
def test_mnist(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str, train: bool) -> None:
    files = mnist_files()
    write(tmp_path / name / "raw", files)
    ours, theirs = getattr(datasets, name), getattr(peers, name)
    assert dict(ours.resources) == dict(theirs.resources)
    assert set(theirs.mirrors) <= set(ours.mirrors)
    monkeypatch.setattr(theirs, "resources", [(file, md5(content)) for file, content in files.items()])
    their_set = theirs(str(tmp_path), train=train, download=True)  # unpacks the files that lie there
    our_set = ours(str(tmp_path), train=train)
    assert_same(our_set, their_set)
    np.testing.assert_array_equal(our_set.data.numpy(), their_set.data.numpy())
    assert our_set.raw_folder == their_set.raw_folder


@pytest.mark.parametrize("name", ["CIFAR10", "CIFAR100"])
@pytest.mark.parametrize("train", [True, False])
def test_cifar(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str, train: bool) -> None:
    ours, theirs = getattr(datasets, name), getattr(peers, name)
    members = cifar10_members() if name == "CIFAR10" else cifar100_members()
    archive = tar_gz(members)
    monkeypatch.setattr(ours, "tgz_md5", md5(archive))
    write(tmp_path, {ours.filename: archive})
    # theirs reads pickles: each file's records once more, in that form
    pickled = {}
    for their_list, our_list in (("train_list", ours.train_list), ("test_list", ours.test_list)):
        entries = []
        for (file, _), our_file in zip(getattr(theirs, their_list), our_list, strict=True):
            records = np.frombuffer(members[f"{ours.base_folder}/{our_file}"], np.uint8)
            records = records.reshape(-1, ours.label_bytes + 3072)
            key = "labels" if name == "CIFAR10" else "fine_labels"
            pickled[file] = pickle.dumps({
                "data": records[:, ours.label_bytes :], key: records[:, ours.label_bytes - 1].tolist()
            })
            entries.append([file, md5(pickled[file])])
        monkeypatch.setattr(theirs, their_list, entries)
    names = members[f"{ours.base_folder}/{ours.names_file}"].decode().split()
    pickled[theirs.meta["filename"]] = pickle.dumps({theirs.meta["key"]: names})
    monkeypatch.setattr(theirs, "meta", {**theirs.meta, "md5": md5(pickled[theirs.meta["filename"]])})
    write(tmp_path / theirs.base_folder, pickled)
    our_set, their_set = (kind(str(tmp_path), train=train) for kind in (ours, theirs))
    assert_same(our_set, their_set)
    np.testing.assert_array_equal(our_set.data, their_set.data)
    assert our_set.targets == their_set.targets
