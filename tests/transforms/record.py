"""Ask torchvision for its answers anew: ``python -m tests.transforms.record``, where it is installed."""

from __future__ import annotations

import json
from typing import Any

from tests.transforms.calls import CALLS, RECORDED, arrays, digest, pillow_images


def main() -> None:
    import torch
    from torchvision import transforms

    images: dict[str, Any] = pillow_images() | {name: torch.from_numpy(array) for name, array in arrays().items()}
    answers = {name: digest(call(transforms, images[image])) for name, (image, call) in CALLS.items()}
    with open(RECORDED, "w", encoding="utf-8") as file:
        file.write("{\n" + ",\n".join(f"{json.dumps(n)}: {json.dumps(a)}" for n, a in answers.items()) + "\n}\n")
    print(f"{len(answers)} answers")


if __name__ == "__main__":
    main()
