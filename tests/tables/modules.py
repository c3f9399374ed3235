r"""Models for the tables, written once for both worlds: `modules(torch)` makes them of PyTorch's layers or of ours."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple


class Case(NamedTuple):
    make: Callable[[], Any]
    size: Any


def modules(torch: Any) -> dict[str, Case]:
    r"""By name, a function that makes the model and the size of its input."""
    nn = torch.nn

    class AlexNet(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.features = nn.Sequential(
                nn.Conv2d(3, 64, 11, 4, 2), nn.ReLU(inplace=True), nn.MaxPool2d(3, 2),
                nn.Conv2d(64, 192, 5, padding=2), nn.ReLU(inplace=True), nn.MaxPool2d(3, 2),
                nn.Conv2d(192, 384, 3, padding=1), nn.ReLU(inplace=True),
                nn.Conv2d(384, 256, 3, padding=1), nn.ReLU(inplace=True),
                nn.Conv2d(256, 256, 3, padding=1), nn.ReLU(inplace=True), nn.MaxPool2d(3, 2),
            )
            self.avgpool = nn.AdaptiveAvgPool2d((6, 6))
            self.classifier = nn.Sequential(
                nn.Dropout(), nn.Linear(256 * 6 * 6, 4096), nn.ReLU(inplace=True),
                nn.Dropout(), nn.Linear(4096, 4096), nn.ReLU(inplace=True), nn.Linear(4096, 1000),
            )

        def forward(self, x: Any) -> Any:
            return self.classifier(torch.flatten(self.avgpool(self.features(x)), 1))

    class Net(nn.Module):
        r"""The lecture's: functional ReLUs and flatten, and one pooling for two."""

        def __init__(self) -> None:
            super().__init__()
            self.conv1, self.pool, self.conv2 = nn.Conv2d(3, 6, 5), nn.MaxPool2d(2, 2), nn.Conv2d(6, 16, 5)
            self.fc1, self.fc2, self.fc3 = nn.Linear(400, 120), nn.Linear(120, 84), nn.Linear(84, 10)

        def forward(self, x: Any) -> Any:
            relu = nn.functional.relu
            x = self.pool(relu(self.conv2(self.pool(relu(self.conv1(x))))))
            return self.fc3(relu(self.fc2(relu(self.fc1(torch.flatten(x, 1))))))

    class Shared(nn.Module):
        r"""One layer under three names."""

        def __init__(self) -> None:
            super().__init__()
            self.a = nn.Linear(4, 4)
            self.b = nn.Sequential(self.a, nn.ReLU(), nn.Sequential(self.a))
            self.c = self.a

        def forward(self, x: Any) -> Any:
            return self.c(self.b(self.a(x)))

    class Lists(nn.Module):
        r"""Containers that nobody calls, parts that are not used, and parameters of the model's own."""

        def __init__(self) -> None:
            super().__init__()
            self.blocks = nn.ModuleList([
                nn.ModuleList([nn.Linear(4, 4), nn.ReLU()]), nn.ModuleList([nn.Linear(4, 4)]),
            ])
            self.ends = nn.ModuleDict({"taken": nn.Linear(4, 2), "idle": nn.Linear(9, 9)})
            self.weight = nn.Parameter(torch.ones(4))
            self.scales = nn.ParameterList([nn.Parameter(torch.ones(4)), nn.Parameter(torch.ones(2, 3))])

        def forward(self, x: Any) -> Any:
            for _ in range(2):
                for block in self.blocks:
                    for part in block:
                        x = part(x) * self.weight + self.scales[0]
            return self.ends["taken"](x)

    class Late(nn.Module):
        r"""A container that is left and entered again."""

        def __init__(self) -> None:
            super().__init__()
            self.box, self.between = nn.ModuleList([nn.Linear(3, 3), nn.Linear(3, 3)]), nn.ReLU()

        def forward(self, x: Any) -> Any:
            return self.box[1](self.between(self.box[0](x)))

    class Pair(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.norm = nn.BatchNorm2d(3)

        def forward(self, x: Any, y: Any) -> Any:
            return x, [self.norm(y)]

    class Two(nn.Module):
        r"""Two inputs, and a dict of outputs."""

        def __init__(self) -> None:
            super().__init__()
            self.left, self.right, self.pair = nn.Linear(4, 3), nn.Conv2d(2, 3, (1, 3), bias=False), Pair()

        def forward(self, x: Any, y: Any, scale: float = 1) -> Any:
            p, q = self.pair(self.left(x) * scale, self.right(y))
            return {"p": p, "q": q[0]}

    class Frozen(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.body = nn.Sequential(nn.Conv2d(3, 4, 3, padding=1), nn.BatchNorm2d(4), nn.ReLU())
            self.head = nn.Linear(4, 2)
            for parameter in [*self.body.parameters(), self.head.bias]:
                parameter.requires_grad = False

        def forward(self, x: Any) -> Any:
            return self.head(self.body(x).mean((2, 3)))

    class Deep(nn.Module):
        r"""Modules in modules, under long names."""

        def __init__(self, levels: int = 5) -> None:
            super().__init__()
            self.shift = nn.Parameter(torch.ones(3))
            self.inside = Deep(levels - 1) if levels else nn.Sequential()
            self.a_layer_with_quite_a_long_name = nn.LayerNorm(3)

        def forward(self, x: Any) -> Any:
            return self.a_layer_with_quite_a_long_name(self.inside(x) + self.shift)

    class Cell(nn.Module):
        r"""Parameters with the names of a recurrent layer's, and one that is neither weight nor bias."""

        def __init__(self) -> None:
            super().__init__()
            self.weight_ih, self.bias_ih = nn.Parameter(torch.ones(4, 3)), nn.Parameter(torch.ones(4))
            self.gain = nn.Parameter(torch.ones(4))

        def forward(self, x: Any) -> Any:
            return (x @ self.weight_ih.T + self.bias_ih) * self.gain

    class Own(nn.Module):
        r"""A parameter of the model's own, beside a layer that is called twice."""

        def __init__(self) -> None:
            super().__init__()
            self.cell, self.twice, self.shift = Cell(), nn.Linear(4, 4), nn.Parameter(torch.ones(30, 1, 4))

        def forward(self, x: Any) -> Any:
            return self.twice(self.twice(self.cell(x))) + self.shift[0]

    class Tied(nn.Module):
        r"""Two layers with one weight."""

        def __init__(self) -> None:
            super().__init__()
            self.a, self.b = nn.Linear(3, 3), nn.Linear(3, 3)
            self.b.weight = self.a.weight

        def forward(self, x: Any) -> Any:
            return self.b(self.a(x))

    class Same(nn.Module):
        def forward(self, x: Any) -> Any:
            return x

    return {
        "alexnet": Case(AlexNet, (1, 3, 224, 224)),
        "net": Case(Net, (16, 3, 32, 32)),
        "shared": Case(Shared, (2, 4)),
        "lists": Case(Lists, (2, 4)),
        "late": Case(Late, (5, 3)),
        "two": Case(Two, [(2, 4), (2, 2, 5, 6)]),
        "frozen": Case(Frozen, (2, 3, 8, 8)),
        "deep": Case(Deep, (2, 3)),
        "own": Case(Own, (5, 2, 3)),
        "tied": Case(Tied, (2, 3)),
        "same": Case(Same, (2, 2)),
        "layer": Case(lambda: nn.Conv2d(3, 8, (3, 5)), (1, 3, 9, 9)),
        "rows": Case(lambda: nn.Sequential(nn.Linear(5, 6), nn.LayerNorm(6), nn.GELU()), [2, 7, 5]),
        "mixed": Case(lambda: nn.Sequential(
            nn.ConvTranspose2d(3, 8, 3, 2), nn.GroupNorm(2, 8), nn.AvgPool2d(2), nn.Sequential(),
            nn.AdaptiveAvgPool2d((2, 2)), nn.Flatten(), nn.Linear(32, 1000), nn.Unflatten(1, (10, 100)), nn.Softmax(1),
        ), (1, 3, 9, 9)),
    }
