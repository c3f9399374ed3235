r"""What a model costs: parameters, multiply-adds and activations, layer by layer, counted in a forward pass."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from tinycnn.nn import Module
from tinycnn.tables.inputs import Shape, drawn, expect_model, listed, reminding
from tinycnn.tables.layers import LayerRecord, layers_of
from tinycnn.tables.recording import record


@dataclass(frozen=True, eq=False)
class Measure:
    r"""What a model costs for an input of these sizes. Numbers are of the whole batch.

    Attributes
    ----------
    model : str                     its class
    input_sizes : list of tuple     one for each input
    layers : tuple of LayerRecord   in the order in which they ran
    parameters : int                of the whole model, whether they were used or not
    mult_adds : int                 of convolutions, linear layers and products of matrices: one for each weight and
                                    position; additions of biases, normalization, activations and pooling do not count
    flops : int                     2 · mult_adds
    activation_bytes : int          the outputs of the layers that have mult-adds, in float32
    """

    model: str
    input_sizes: list[Shape]
    layers: tuple[LayerRecord, ...] = field(repr=False)
    parameters: int

    @property
    def mult_adds(self) -> int:
        """Multiply-adds, also called MACs."""
        return sum(layer.mult_adds for layer in self.layers)

    @property
    def flops(self) -> int:
        """Floating-point operations, two for each multiply-add."""
        return 2 * self.mult_adds

    @property
    def activation_bytes(self) -> int:
        """Float32 outputs of convolutions, linear layers and products of matrices."""
        return sum(layer.output_bytes for layer in self.layers if layer.mult_adds)


def measure(model: Module, input_size: Any, dtypes: Sequence[Any] | None = None) -> Measure:
    r"""Run the model once on random numbers and count what each layer does; the model is left as it was.

        convolution      Y: N·O·oH·oW entries, each a sum of  C/groups · kH · kW  products
        linear           Y: N·out entries, each a sum of  in  products
        FLOPs            2 × multiply-adds

    Parameters
    ----------
    model : Module
    input_size : tuple, or a list of tuples     with the batch: (1, 3, 224, 224)
    dtypes : sequence of dtype, optional        one for each input; by default that of the model

    Examples
    --------
    >>> from tinycnn import nn
    >>> model = nn.Sequential(nn.Conv2d(3, 8, 3), nn.ReLU(), nn.Flatten(), nn.Linear(288, 10))
    >>> cost = measure(model, (1, 3, 8, 8))
    >>> cost.parameters, cost.mult_adds, cost.flops          # 8·6·6 × 3·3·3 + 10 × 288 multiply-adds
    (3114, 10656, 21312)
    >>> [(layer.path, layer.kind, layer.output_shape) for layer in cost.layers]
    [('0', 'Conv2d', (1, 8, 6, 6)), ('1', 'ReLU', (1, 8, 6, 6)), ('2', 'Flatten', (1, 288)), ('3', 'Linear', (1, 10))]
    """
    expect_model("measure", model)
    sizes = listed(input_size, "measure")
    with reminding(sizes):
        recording = record(model, drawn(model, sizes, dtypes))
    return Measure(type(model).__name__, sizes, layers_of(recording), sum(p.array.size for p in model.parameters()))
