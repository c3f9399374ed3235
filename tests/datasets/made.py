r"""Small files in the formats of MNIST and CIFAR, and folders of images."""

from __future__ import annotations

import gzip
import hashlib
import io
import struct
import tarfile
from pathlib import Path
from typing import Any

import numpy as np

LABELS = [3, 1, 4, 1, 5, 9]


def idx(array: Any) -> bytes:
    r"""An array of bytes as an IDX file."""
    array = np.asarray(array, np.uint8)
    return struct.pack(f">BBBB{array.ndim}I", 0, 0, 8, array.ndim, *array.shape) + array.tobytes()


def mnist_files(count: int = 6, seed: int = 0) -> dict[str, bytes]:
    r"""The four files, packed: ``count`` images to learn from, and two to test on."""
    rng = np.random.default_rng(seed)
    files = {}
    for part, size in (("train", count), ("t10k", 2)):
        files[f"{part}-images-idx3-ubyte.gz"] = gzip.compress(idx(rng.integers(0, 256, (size, 28, 28))))
        files[f"{part}-labels-idx1-ubyte.gz"] = gzip.compress(idx(np.resize(LABELS, size)))
    return files


def cifar_records(count: int, label_bytes: int = 1, seed: int = 0) -> bytes:
    r"""Records of labels and planes of pixels."""
    records = np.random.default_rng(seed).integers(0, 256, (count, label_bytes + 3072), dtype=np.uint8)
    records[:, :label_bytes] %= 10
    return records.tobytes()


def tar_gz(members: dict[str, bytes]) -> bytes:
    r"""An archive of these files."""
    stream = io.BytesIO()
    with tarfile.open(fileobj=stream, mode="w:gz") as archive:
        for name, content in members.items():
            info = tarfile.TarInfo(name)
            info.size = len(content)
            archive.addfile(info, io.BytesIO(content))
    return stream.getvalue()


def cifar10_members() -> dict[str, bytes]:
    r"""What is in CIFAR-10's archive, with two images a file."""
    names = ["airplane", "automobile", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck"]
    members = {"batches.meta.txt": ("\n".join(names) + "\n\n").encode()}
    for number in range(1, 6):
        members[f"data_batch_{number}.bin"] = cifar_records(2, seed=number)
    members["readme.html"] = b"<html>"
    members["test_batch.bin"] = cifar_records(3, seed=6)
    return {f"cifar-10-batches-bin/{name}": content for name, content in members.items()}


def cifar100_members() -> dict[str, bytes]:
    r"""What is in CIFAR-100's archive, with a few images."""
    return {
        "cifar-100-binary/train.bin": cifar_records(5, 2, seed=7),
        "cifar-100-binary/test.bin": cifar_records(2, 2, seed=8),
        "cifar-100-binary/fine_label_names.txt": "\n".join(f"kind{n}" for n in range(100)).encode(),
        "cifar-100-binary/coarse_label_names.txt": b"groups",
    }


def md5(content: bytes) -> str:
    return hashlib.md5(content).hexdigest()


def write(folder: Path, files: dict[str, bytes]) -> Path:
    r"""Write files into a folder, which is made."""
    for name, content in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    return folder


def picture(form: str = "PNG", mode: str = "RGB", size: tuple[int, int] = (6, 4), seed: int = 0) -> bytes:
    r"""A noisy image as a file."""
    from PIL import Image

    stream = io.BytesIO()
    pixels = np.random.default_rng(seed).integers(0, 256, (size[1], size[0], 3), dtype=np.uint8)
    Image.fromarray(pixels).convert(mode).save(stream, form)
    return stream.getvalue()
