r"""What happens inside a model while it looks at one image: its activation maps, by the layer they come out of."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from tinycnn._tensor import Tensor
from tinycnn.autograd import no_grad
from tinycnn.errors import ConfigError, ShapeError, explain
from tinycnn.nn import Module
from tinycnn.plot.canvas import as_array
from tinycnn.tables.keeping import as_it_was


def one_image(function: str, image: Any) -> Tensor:
    r"""`image` as a batch of one, (1, C, H, W).

    Raises
    ------
    ShapeError    it is neither C H W nor a batch of one
    """
    if not isinstance(image, Tensor) or image.ndim not in (3, 4) or (image.ndim == 4 and len(image) != 1):
        raise ShapeError(explain(
            f"{function}: one prepared image is needed, a Tensor C H W",
            {"image": tuple(image.shape) if hasattr(image, "shape") else type(image).__name__},
            "images[0] is one of a batch; the transforms of the weights prepare a photograph",
        ))
    return image.detach() if image.ndim == 4 else image.detach().unsqueeze(0)


def displayable(image: Any) -> Any:
    r"""An image as matplotlib shows it, (H, W) or (H, W, 3), in [0, 1].

    Pillow images and arrays, H W or H W 3, are shown as they are. Of a Tensor, C H W, values outside [0, 1], such as a
    prepared image has, are stretched between the smallest and the largest.
    """
    pixels = as_array(image)
    if not isinstance(image, Tensor):
        return pixels
    pixels = pixels.reshape(pixels.shape[-3:])
    least, most = pixels.min(), pixels.max()
    if least < 0 or most > 1:
        pixels = (pixels - least) / ((most - least) or 1)
    return pixels.transpose(1, 2, 0) if len(pixels) == 3 else pixels.mean(axis=0)


def activation_maps(model: Module, images: Tensor, layers: Sequence[str] = ()) -> dict[str, Tensor]:
    r"""Activation maps, (1, C, h, w), by the path of the layer they come out of, in the order in which they arise.

    Of a layer that runs twice, the last one. The model is left as it was.

    Parameters
    ----------
    layers : sequence of str
        Their paths. If empty: all whose maps have more than one position; where several hand on the same map, as a
        stage and its last block do, the outermost.
    """
    found: dict[str, Tensor] = {}

    def watch(path: str, module: Module) -> Any:
        def hook(module: Module, args: Any, output: Any) -> None:
            if layers:
                found[path] = output.clone()  # what comes next may write over it
            elif isinstance(output, Tensor) and output.ndim == 4 and output.shape[2] * output.shape[3] > 1:
                for other in [other for other, known in found.items() if known is output or other == path]:
                    del found[other]
                found[path] = output

        return module.register_forward_hook(hook)

    parts = [(path, layer_at("activations", model, path)) for path in layers] or [*model.named_modules()]
    hooks = [watch(path, part) for path, part in parts if path]
    try:
        with as_it_was(model), no_grad():
            model(images)
    finally:
        for hook in hooks:
            hook.remove()
    return found


def layer_at(function: str, model: Module, path: str) -> Module:
    r"""The part of the model at this path.

    Raises
    ------
    ConfigError    there is none; the message names paths that are spelt alike
    """
    parts = {name: part for name, part in model.named_modules() if name}
    if path not in parts:
        from difflib import get_close_matches  # needed only here

        close = get_close_matches(path, parts, n=3, cutoff=0.5)
        hint = f"did you mean {' or '.join(close)}?" if close else f"it has {', '.join(dict(model.named_children()))}"
        raise ConfigError(f"{function}: {type(model).__name__} has no layer {path!r}; {hint}")
    return parts[path]
