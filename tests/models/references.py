r"""The networks that neither torchvision nor timm has, in PyTorch, and how to get at those that they have."""

from __future__ import annotations

from typing import Any

import torch
from torch import nn
from torch.nn import functional as F

from tests.models.recipes import Recipe


def reference(recipe: Recipe) -> nn.Module:
    """The model that a recipe names, with random weights."""
    source, _, name = recipe.reference.partition(":")
    if source == "torchvision":
        from torchvision import models

        return models.get_model(name, weights=None, **recipe.options)
    if source == "timm":
        import timm

        return timm.create_model(name, pretrained=False, **recipe.options)
    return HERE[name]()


class Caffe(nn.Module):
    """AlexNet after the deploy file that Caffe made of it, but with the paper's k = 2."""

    def __init__(self) -> None:
        super().__init__()

        def lrn() -> nn.Module:
            return nn.LocalResponseNorm(size=5, alpha=5 * 0.0001, beta=0.75, k=2.0)

        self.features = nn.Sequential(
            nn.Conv2d(3, 96, 11, 4), nn.ReLU(), lrn(), nn.MaxPool2d(3, 2),
            nn.Conv2d(96, 256, 5, 1, 2, groups=2), nn.ReLU(), lrn(), nn.MaxPool2d(3, 2),
            nn.Conv2d(256, 384, 3, 1, 1), nn.ReLU(),
            nn.Conv2d(384, 384, 3, 1, 1, groups=2), nn.ReLU(),
            nn.Conv2d(384, 256, 3, 1, 1, groups=2), nn.ReLU(), nn.MaxPool2d(3, 2),
        )
        self.classifier = nn.Sequential(
            nn.Linear(9216, 4096), nn.ReLU(), nn.Dropout(), nn.Linear(4096, 4096), nn.ReLU(), nn.Dropout(),
            nn.Linear(4096, 1000),
        )

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.classifier(torch.flatten(self.features(x), 1))


def vgg(*layers: Any) -> nn.Module:
    """torchvision's VGG over these: (channels, kernel), "M" for the pooling, "LRN"."""
    from torchvision.models import VGG

    made: list[nn.Module] = []
    before = 3
    for layer in layers:
        if layer == "M":
            made.append(nn.MaxPool2d(2, 2))
        elif layer == "LRN":
            made.append(nn.LocalResponseNorm(5, 5e-4, 0.75, 2.0))
        else:
            made += [nn.Conv2d(before, layer[0], layer[1], 1, layer[1] // 2), nn.ReLU(inplace=True)]
            before = layer[0]
    return VGG(nn.Sequential(*made), init_weights=False)


class CifarBlock(nn.Module):
    """Two convolutions, with or without the sum; option A where the map halves."""

    def __init__(self, before: int, planes: int, stride: int, plain: bool) -> None:
        super().__init__()
        self.conv1, self.bn1 = nn.Conv2d(before, planes, 3, stride, 1, bias=False), nn.BatchNorm2d(planes)
        self.conv2, self.bn2 = nn.Conv2d(planes, planes, 3, 1, 1, bias=False), nn.BatchNorm2d(planes)
        self.stride, self.new, self.plain = stride, planes - before, plain

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        y = self.bn2(self.conv2(F.relu(self.bn1(self.conv1(x)))))
        if not self.plain:
            zeros = torch.zeros_like(y[:, : self.new // 2])
            y = y + torch.cat((zeros, F.max_pool2d(x, 1, self.stride), zeros), 1)
        return F.relu(y)


class Cifar(nn.Module):
    """6n + 2 layers."""

    def __init__(self, n: int, plain: bool = False) -> None:
        super().__init__()
        self.conv1, self.bn1 = nn.Conv2d(3, 16, 3, 1, 1, bias=False), nn.BatchNorm2d(16)
        before = 16
        for stage, planes in enumerate((16, 32, 64), 1):
            blocks = []
            for i in range(n):
                blocks.append(CifarBlock(before, planes, 2 if stage > 1 and i == 0 else 1, plain))
                before = planes
            setattr(self, f"layer{stage}", nn.Sequential(*blocks))
        self.fc = nn.Linear(64, 10)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        x = self.layer3(self.layer2(self.layer1(F.relu(self.bn1(self.conv1(x))))))
        return self.fc(x.mean((2, 3)))


def plain(*blocks: int) -> nn.Module:
    """torchvision's ResNet without what its blocks add to their convolutions."""
    from torchvision.models.resnet import BasicBlock, ResNet

    class Plain(BasicBlock):
        def forward(self, x: torch.Tensor) -> torch.Tensor:
            return F.relu(self.bn2(self.conv2(F.relu(self.bn1(self.conv1(x))))))

    net = ResNet(Plain, list(blocks))
    for block in net.modules():
        if isinstance(block, Plain):
            del block.downsample
    return net


HERE = {
    "alexnet_2012": Caffe,
    "vgg11_lrn": lambda: vgg(
        (64, 3), "LRN", "M", (128, 3), "M", (256, 3), (256, 3), "M", (512, 3), (512, 3), "M", (512, 3), (512, 3), "M"
    ),
    "vgg16_c": lambda: vgg(
        (64, 3), (64, 3), "M", (128, 3), (128, 3), "M", (256, 3), (256, 3), (256, 1), "M",
        (512, 3), (512, 3), (512, 1), "M", (512, 3), (512, 3), (512, 1), "M",
    ),
    **{f"resnet{6 * n + 2}": (lambda n=n: Cifar(n)) for n in (3, 5, 7, 9, 18)},
    "plain20": lambda: Cifar(3, plain=True),
    "plain56": lambda: Cifar(9, plain=True),
    "plain18": lambda: plain(2, 2, 2, 2),
    "plain34": lambda: plain(3, 4, 6, 3),
}
