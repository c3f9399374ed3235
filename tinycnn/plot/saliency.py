r"""Grad-CAM: where in an image a network sees the class it decides for."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from tinycnn._tensor import Tensor
from tinycnn.autograd import enable_grad, grad
from tinycnn.errors import ConfigError, ShapeError, explain
from tinycnn.nn import Module
from tinycnn.ops.logits import softmax
from tinycnn.plot.canvas import FAINT, INK, new_figure
from tinycnn.plot.watching import activation_maps, displayable, layer_at, one_image
from tinycnn.tables.keeping import as_it_was

if TYPE_CHECKING:
    from matplotlib.figure import Figure


_COLOURS = "YlOrRd"


class ClassActivation(NamedTuple):
    r"""Where a class was seen."""

    map: Any  #: numpy.ndarray, (h, w), at the layer's resolution; not negative, in logits per unit of activation
    target: int  #: the class
    probability: float  #: that the model gives it
    layer: str  #: whose activation maps were weighed

    def upsampled(self, height: int, width: int) -> Any:
        r"""The map at the size of the image, by bilinear interpolation between the centres of its cells, (H, W)."""
        return _stretch(_stretch(self.map, height, 0), width, 1)


def class_activation(
    model: Module, image: Tensor, target: int | None = None, layer: str | None = None
) -> ClassActivation:
    r"""The map of Grad-CAM: the activation maps Aᵏ of a layer, weighed by how much class c grows with each.

        αₖ = 1/(h·w) Σᵢ Σⱼ ∂yᶜ/∂Aᵏᵢⱼ          (1)          yᶜ : the logit of class c
        L  = ReLU(Σₖ αₖ Aᵏ)                   (2)

    Parameters
    ----------
    model : Module
        Images to logits, (1, K). It is left as it was: modes, hooks, gradients.
    image : Tensor, (C, H, W) or (1, C, H, W)
        Prepared as the model wants it.
    target : int or None
        c; the class with the largest logit if None.
    layer : str or None
        The path of the layer, as `named_modules` has it; if None, the one behind which the last activation maps with
        more than one position come out.

    Raises
    ------
    ShapeError     the image is not one image, the layer's output no activation maps, the model's no logits
    ConfigError    no such class, or no such layer, or the logits do not depend on it

    References
    ----------
    Selvaraju, Cogswell, Das, Vedantam, Parikh and Batra 2017, "Grad-CAM: Visual explanations from deep networks via
    gradient-based localization", equations 1 and 2.

    Examples
    --------
    With global average pooling and one linear layer behind the maps, αₖ is that layer's weight over h·w:

    >>> import tinycnn as torch
    >>> from tinycnn import nn
    >>> net = nn.Sequential(nn.Conv2d(1, 2, 3), nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(2, 3))
    >>> image = torch.rand(1, 8, 8)
    >>> seen = class_activation(net, image, target=1)
    >>> weighed = (net[3].weight[1].reshape(2, 1, 1) * net[0](image)).sum(0).relu() / 36
    >>> torch.allclose(torch.tensor(seen.map), weighed, atol=1e-6)
    True
    """
    images = one_image("grad_cam", image)
    if layer is None:
        layer = _last_maps(activation_maps(model, images))
    leaves: list[Tensor] = []

    def cut(module: Module, args: Any, output: Any) -> Any:
        r"""Begin the graph here: the gradient is wanted no further down."""
        if not isinstance(output, Tensor) or output.ndim != 4:
            raise ShapeError(explain(
                f"grad_cam: what comes out of layer {layer!r} is no activation maps, 1 C h w",
                {"output": tuple(output.shape) if isinstance(output, Tensor) else type(output).__name__},
                "choose a convolution, or a layer before the flatten",
            ))
        leaves.append(output.detach().requires_grad_())
        return leaves[-1].clone()  # which what follows may write over

    hook = layer_at("grad_cam", model, layer).register_forward_hook(cut)
    try:
        with as_it_was(model), enable_grad():
            logits = _of_one(model(images))
            c = int(logits.argmax()) if target is None else target
            if not 0 <= c < len(logits):
                raise ConfigError(f"grad_cam: target must be a class from 0 to {len(logits) - 1}, but it is {target}")
            score = logits[c]
    finally:
        hook.remove()
    maps = leaves[-1] if leaves else images
    (slope,) = grad(score, [maps], allow_unused=True) if leaves and score.requires_grad else (None,)
    if slope is None:
        raise ConfigError(f"grad_cam: the logits do not depend on what comes out of layer {layer!r}")
    alpha = slope.mean((2, 3), keepdim=True)                             # 1, C, 1, 1
    seen = (alpha * maps.detach()).sum(1).relu()[0]                      # h, w
    return ClassActivation(seen.numpy(force=True), c, float(softmax(logits.detach(), 0)[c]), layer)


def _of_one(output: Any) -> Tensor:
    r"""The logits, (K,), of the one image."""
    if not isinstance(output, Tensor) or output.ndim != 2:
        raise ShapeError(explain(
            "grad_cam: the model must give logits, (1, K)",
            {"output": tuple(output.shape) if isinstance(output, Tensor) else type(output).__name__},
            "wrap it in a Module whose forward hands on its logits alone",
        ))
    return output[0]


def _last_maps(found: dict[str, Tensor]) -> str:
    if not found:
        raise ShapeError("grad_cam: the model has no layer whose output is activation maps with more than one position")
    return list(found)[-1]


def _stretch(values: Any, size: int, axis: int) -> Any:
    r"""Linear interpolation along an axis; cell i of n covers [i, i + 1] / n, and beyond the outer centres is level."""
    n = values.shape[axis]
    at = ((np.arange(size) + 0.5) * n / size - 0.5).clip(0, n - 1)
    low = np.minimum(at.astype(int), max(n - 2, 0))
    share = (at - low).astype(values.dtype).reshape([-1 if a == axis else 1 for a in range(values.ndim)])
    return values.take(low, axis) * (1 - share) + values.take(np.minimum(low + 1, n - 1), axis) * share


def grad_cam(
    model: Module,
    image: Tensor,
    target: int | str | None = None,
    layer: str | None = None,
    *,
    classes: Any = None,
    picture: Any = None,
) -> Figure:
    r"""The image, and over it where the model sees the class: the redder, the more. See `class_activation`.

    Parameters
    ----------
    target : int, str or None
        The class, by its number or by its name in `classes`; the one with the largest logit if None.
    classes : sequence of str or None
        The names of the classes; numbers from 0 if None.
    picture : Tensor, array, Pillow image or None
        What to show in place of the prepared image: the same cut-out, before it was normalized, of any resolution. If
        None, the prepared image is shown, stretched to [0, 1].

    Raises
    ------
    ShapeError     as `class_activation`; or the sides of `picture` have not the ratio that those of the image have
    ConfigError    as `class_activation`; or no class has this name
    """
    from matplotlib.cm import ScalarMappable
    from matplotlib.colors import Normalize

    number = _number(target, classes) if isinstance(target, str) else target
    seen = class_activation(model, image, number, layer)
    if classes is not None and seen.target >= len(classes):
        raise ConfigError(f"grad_cam: there are names of {len(classes)} classes, but none of class {seen.target}")
    shown = displayable(image if picture is None else picture)
    height, width = shown.shape[:2]
    _check_same_cut(image, height, width)
    heat = seen.upsampled(height, width)
    name = str(seen.target) if classes is None else classes[seen.target]
    panel = 3.4 * max(0.6, min(1.6, width / height))
    figure = new_figure(2 * panel + 1.1, 4.4, f"Where the model sees “{name}”")
    left, right = figure.subplots(1, 2)
    size = "×".join(map(str, seen.map.shape))
    for axes, title in ((left, "the image"), (right, f"Grad-CAM at {seen.layer}, {size}")):
        axes.imshow(shown, cmap="gray_r", interpolation="nearest" if height < 64 else "antialiased")
        axes.set_title(title, loc="left", fontsize=10, color=INK)
        axes.set_xticks([])
        axes.set_yticks([])
        for spine in axes.spines.values():
            spine.set_color(FAINT)
    most = float(heat.max())
    heat = heat / most if most > 0 else heat
    right.imshow(heat, cmap=_COLOURS, alpha=0.8 * heat, vmin=0, vmax=1)  # where nothing is, the image shows through
    bar = figure.colorbar(ScalarMappable(Normalize(0, 1), _COLOURS), ax=right, fraction=0.046, ticks=[0, 1])
    bar.ax.set_yticklabels(["none", "most"], color=INK)
    bar.ax.tick_params(length=0)
    bar.outline.set_visible(False)
    left.set_xlabel(f"p({name}) = {100 * seen.probability:.1f} %", loc="left", color=INK)
    if not most > 0:
        right.set_xlabel("nothing here speaks for it: no weighed map is positive", loc="left", color=INK, fontsize=9)
    return figure


def _number(name: str, classes: Any) -> int:
    r"""The number of the class with this name."""
    if classes is None:
        raise ConfigError(f"grad_cam: for the class {name!r} give classes=, the names in the order of the logits")
    if name not in (names := list(classes)):
        from difflib import get_close_matches  # needed only here

        close = get_close_matches(name, names, n=3, cutoff=0.5)
        hint = f"did you mean {' or '.join(close)}?" if close else f"the first of {len(names)} is {names[0]}"
        raise ConfigError(f"grad_cam: there is no class {name!r}; {hint}")
    return names.index(name)


def _check_same_cut(image: Tensor, height: int, width: int) -> None:
    r"""A picture of other proportions is no enlargement of what the model saw: the map would lie on other things."""
    h, w = image.shape[-2:]
    if abs(width * h - height * w) > max(h, w):  # more than a pixel that was rounded
        raise ShapeError(explain(
            "grad_cam: the picture must show what the model saw, but its sides have another ratio",
            {"image H W": (h, w), "picture H W": (height, width)},
            "cut the picture as the preprocessing did, without normalizing it: Resize, then CenterCrop",
        ))
