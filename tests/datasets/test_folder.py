r"""Images in folders: what is found, in which order, and what is said of folders and files that are wrong."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.datasets.made import picture, write
from tinycnn import transforms
from tinycnn.datasets import DatasetFolder, ImageFolder
from tinycnn.errors import ArgumentError, ConfigError, FormatError
from tinycnn.utils.data import DataLoader


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return write(tmp_path / "photos", {
        "dog/10.png": picture(seed=1),
        "dog/2.JPG": picture("JPEG", seed=2),
        "dog/deeper/x.bmp": picture("BMP", seed=3),
        "dog/notes.txt": b"no image",
        "cat/a.png": picture(mode="L", seed=4),
        "README.md": b"not in any class",
    })


def test_classes_and_files_in_order(root: Path) -> None:
    images = ImageFolder(root)
    assert images.classes == ["cat", "dog"]
    assert images.class_to_idx == {"cat": 0, "dog": 1}
    assert [(str(Path(path).relative_to(root)), label) for path, label in images.samples] == [
        ("cat/a.png", 0), ("dog/10.png", 1), ("dog/2.JPG", 1), ("dog/deeper/x.bmp", 1),
    ]
    assert images.imgs is images.samples
    assert images.targets == [0, 1, 1, 1]
    assert len(images) == 4


def test_folders_in_a_class_are_in_order_too(tmp_path: Path) -> None:
    places = ["fox/b/1.png", "fox/b-b/1.png", "fox/c/1.png", "fox/a/z/1.png", "fox/a/1.png", "fox/d/1.png", "fox/9.png"]
    images = ImageFolder(write(tmp_path, dict.fromkeys(places, b"")))
    assert [str(Path(path).relative_to(tmp_path)) for path, _ in images.samples] == [
        "fox/9.png", "fox/a/1.png", "fox/a/z/1.png", "fox/b/1.png", "fox/b-b/1.png", "fox/c/1.png", "fox/d/1.png",
    ]


def test_the_root_may_be_given_from_home(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(root.parent))
    monkeypatch.setenv("USERPROFILE", str(root.parent))  # Windows' name for it
    assert ImageFolder("~/photos").root == str(root)


def test_items_are_rgb_images_with_labels(root: Path) -> None:
    image, label = ImageFolder(root)[0]  # a grey one
    assert (image.mode, image.size, label) == ("RGB", (6, 4), 0)
    image, label = ImageFolder(root, lambda image: image.size, lambda label: -label)[1]
    assert (image, label) == ((6, 4), -1)


def test_batches_for_a_network(root: Path) -> None:
    images = ImageFolder(root, transforms.ToTensor())
    batch, labels = next(iter(DataLoader(images, batch_size=4)))
    assert tuple(batch.shape) == (4, 3, 4, 6)
    assert labels.tolist() == [0, 1, 1, 1]
    expected = np.random.default_rng(1).integers(0, 256, (4, 6, 3), dtype=np.uint8).transpose(2, 0, 1) / 255
    np.testing.assert_allclose(batch[1].numpy(), expected, atol=1e-7)


def test_which_files_are_taken(root: Path) -> None:
    texts = ImageFolder(root, is_valid_file=lambda path: path.endswith((".txt", ".png")), loader=Path)
    assert [item[0].name for item in texts] == ["a.png", "10.png", "notes.txt"]  # type: ignore[attr-defined]
    with pytest.raises(ConfigError, match="either extensions or is_valid_file"):
        DatasetFolder(root, Path)
    with pytest.raises(ConfigError, match="either extensions or is_valid_file"):
        DatasetFolder(root, Path, (".png",), is_valid_file=bool)
    for ends in (".png", (".png",), [".png"]):
        assert len(DatasetFolder(root, Path, ends)) == 2


def test_a_class_without_images(root: Path) -> None:
    (root / "bird").mkdir()
    with pytest.raises(FileNotFoundError, match=r"the class 'bird' has no file(.|\n)*\.jpg(.|\n)*allow_empty=True"):
        ImageFolder(root)
    images = ImageFolder(root, allow_empty=True)
    assert (images.classes, images.targets) == (["bird", "cat", "dog"], [1, 2, 2, 2])


def test_images_without_folders_of_classes(root: Path) -> None:
    with pytest.raises(FileNotFoundError, match=r"no folder of a class in .*cat(.|\n)*a folder of its own"):
        ImageFolder(root / "cat")
    with pytest.raises(FileNotFoundError, match="nowhere"):
        ImageFolder(root / "nowhere")


def test_a_transform_that_is_no_function_is_refused_at_once(root: Path) -> None:
    with pytest.raises(ArgumentError, match=r"ImageFolder: transform must be a function.*not list.*\.Compose"):
        ImageFolder(root, [transforms.ToTensor()])  # type: ignore[arg-type]
    with pytest.raises(ArgumentError, match=r"target_transform must be a function"):
        ImageFolder(root, target_transform="int")  # type: ignore[arg-type]


def test_a_subclass_may_choose_the_classes(root: Path) -> None:
    class Dogs(ImageFolder):
        def find_classes(self, directory: Any) -> tuple[list[str], dict[str, int]]:
            return ["dog"], {"dog": 0}

    assert Dogs(root).targets == [0, 0, 0]


@pytest.mark.parametrize(
    "content", [b"", b"no image", picture(size=(60, 40))[:900], picture("JPEG", size=(60, 40))[:900]],
    ids=["empty", "text", "half a PNG", "half a JPEG"],
)
def test_a_damaged_image_is_named(root: Path, content: bytes) -> None:
    path = root / "cat" / "b.jpg"
    path.write_bytes(content)
    images = ImageFolder(root)
    with pytest.raises(FormatError, match=rf"^{re.escape(str(path))}: (no image that|the image cannot be read)"):
        images[1]


def test_the_printout(root: Path) -> None:
    assert repr(ImageFolder(root)) == (
        f"Dataset ImageFolder\n    Number of datapoints: 4\n    Root location: {root}"
    )
    assert repr(ImageFolder(root, transforms.ToTensor(), target_transform=abs)) == (
        f"Dataset ImageFolder\n    Number of datapoints: 4\n    Root location: {root}\n    StandardTransform\n"
        "Transform: ToTensor()\nTarget transform: <built-in function abs>"
    )
