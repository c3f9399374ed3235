"""Let PyTorch write the files in tests/serialization/files, and record what it reads from them.

    python -m tests.serialization.record          with PyTorch installed

Each object goes into a zip and into a stream of 2017; what PyTorch itself then loads is in expected.json.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from .description import described

FOLDER = Path(__file__).with_name("files")


def objects() -> dict[str, Any]:
    """What is saved, by the name of its file."""
    import torch

    torch.manual_seed(0)
    base = torch.arange(24.0).reshape(2, 3, 4)
    numbers = torch.tensor([0.0, 1.0, -2.5, 3.140625, 1e-3, float("inf"), float("nan")])
    whole = torch.tensor([0, 1, 2, 100])
    net = torch.nn.Sequential(torch.nn.Conv2d(1, 2, 1), torch.nn.BatchNorm2d(2))
    optimizer = torch.optim.Adam(net.parameters(), lr=0.1)
    net(torch.randn(3, 1, 2, 2)).square().sum().backward()
    optimizer.step()
    return {
        "dtypes": {
            **{str(kind): numbers.to(kind) for kind in (torch.float16, torch.bfloat16, torch.float32, torch.float64)},
            **{str(kind): whole.to(kind) for kind in (torch.uint8, torch.int16, torch.int32, torch.bool)},
            "negative": [-whole.to(kind) for kind in (torch.int8, torch.int16, torch.int32, torch.int64)],
            "large": torch.tensor([2**63 - 1, -(2**63)]),
            "the dtypes": [torch.float32, torch.int64, torch.bool],
        },
        "views": {
            "base": base,
            "transposed": base.permute(2, 0, 1),
            "every other": base[:, :, ::2],
            "one number": base[1, 2, 3],
            "row": base[1, 1],
            "expanded": torch.tensor([[1.5], [2.5]]).expand(2, 50),
            "empty": [torch.zeros(0), torch.zeros(2, 0, 3), base[:, 3:]],
            "channels last": torch.arange(16).reshape(1, 2, 2, 4).contiguous(memory_format=torch.channels_last),
            "of bfloat16": torch.arange(6.0).bfloat16().reshape(2, 3).t(),
            "twice": [base, base],
        },
        "plain": {
            "text": ["", "ünïcode", "half a pair \ud800", "x" * 300],
            "whole numbers": [0, -1, 255, 256, 65535, 65536, -(2**31), 2**31, 2**80],
            "fractions": [0.0, 1e-300, float("inf")],
            "others": (True, False, None, (), (1,), (1, 2), (1, (2, (3,)), 4, 5)),
            "sets": [{1, "2"}, set()],
            "nested": {1: {"a": [{"b": ({},)}]}, (1, "key"): 2, None: 3, 1.5: 4},
            "size": base.shape,
        },
        "checkpoint": {
            "model": net.state_dict(),
            "optimizer": optimizer.state_dict(),
            "parameters": list(net.parameters()),
            "frozen": torch.nn.Parameter(torch.ones(2), requires_grad=False),
            "leaf": torch.ones(2, requires_grad=True),
            "epoch": 3,
        },
        "tensor": torch.arange(3),
    }


def main() -> None:
    """Write all files anew."""
    import torch

    FOLDER.mkdir(exist_ok=True)
    expected = {}
    for name, value in objects().items():
        torch.save(value, FOLDER / f"{name}.zip.pth")
        torch.save(value, FOLDER / f"{name}.stream.pth", _use_new_zipfile_serialization=False)
        torch.save(value, FOLDER / f"{name}.protocol4.pth", pickle_protocol=4)
        expected[name] = described(torch.load(FOLDER / f"{name}.zip.pth", weights_only=True))
    lines = [f"{json.dumps(name)}: {json.dumps(value)}" for name, value in expected.items()]
    (FOLDER / "expected.json").write_text("{\n" + ",\n".join(lines) + "\n}\n")


if __name__ == "__main__":
    main()
