r"""AlexNet twice: as torchvision has it, one tower, and as it won ImageNet in 2012, spread over two graphics cards.

Five convolutions look for ever larger patterns, three linear layers decide. New was ReLU in place of tanh, dropout, and
the size: 60 million parameters, fitted to 1.2 million images.
"""

from __future__ import annotations

from typing import Any

from tinycnn import nn
from tinycnn._tensor import Tensor
from tinycnn.errors import ShapeError, explain
from tinycnn.models.weights.alexnet import AlexNet_Weights
from tinycnn.models.weights.entry import pretrained


class AlexNet(nn.Module):
    r"""One tower, with fewer kernels than in 2012 and without normalization; for images of 63×63 or larger.

    The layers, and the shape of what leaves them for an image of 3 × 224 × 224 (from 227 × 227 it is the same):

        conv1   64 kernels of 11×11, stride 4, pool      64 × 27 × 27
        conv2   192 kernels of 5×5, pool                192 × 13 × 13
        conv3   384 kernels of 3×3                      384 × 13 × 13
        conv4   256 kernels of 3×3                      256 × 13 × 13
        conv5   256 kernels of 3×3, pool                256 ×  6 ×  6
        fc6, fc7, fc8                                   4096, 4096, 1000 logits

    A ReLU follows each but the last. All pools are 3×3 of stride 2, so that neighbours overlap. The mean over
    6 × 6 regions, `avgpool`, changes nothing at this size and lets larger and smaller images through.

    Parameters
    ----------
    num_classes : int      how many logits
    dropout : float        the part of the inputs of fc6 and of fc7 that is dropped in training

    References
    ----------
    Krizhevsky (2014), "One weird trick for parallelizing convolutional neural networks".
    """

    def __init__(self, num_classes: int = 1000, dropout: float = 0.5) -> None:
        super().__init__()
        self.features = nn.Sequential(
            nn.Conv2d(3, 64, kernel_size=11, stride=4, padding=2),
            nn.ReLU(inplace=True),
            nn.MaxPool2d(kernel_size=3, stride=2),
            nn.Conv2d(64, 192, kernel_size=5, padding=2),
            nn.ReLU(inplace=True),
            nn.MaxPool2d(kernel_size=3, stride=2),
            nn.Conv2d(192, 384, kernel_size=3, padding=1),
            nn.ReLU(inplace=True),
            nn.Conv2d(384, 256, kernel_size=3, padding=1),
            nn.ReLU(inplace=True),
            nn.Conv2d(256, 256, kernel_size=3, padding=1),
            nn.ReLU(inplace=True),
            nn.MaxPool2d(kernel_size=3, stride=2),
        )
        self.avgpool = nn.AdaptiveAvgPool2d((6, 6))
        self.classifier = nn.Sequential(
            nn.Dropout(dropout),
            nn.Linear(256 * 6 * 6, 4096),
            nn.ReLU(inplace=True),
            nn.Dropout(dropout),
            nn.Linear(4096, 4096),
            nn.ReLU(inplace=True),
            nn.Linear(4096, num_classes),
        )

    def forward(self, x: Tensor) -> Tensor:
        x = self.avgpool(self.features(x))            # N, 256, 6, 6
        logits: Tensor = self.classifier(x.flatten(1))
        return logits


def alexnet(
    *, weights: AlexNet_Weights | str | None = None, progress: bool = True, num_classes: int = 1000, **options: Any
) -> AlexNet:
    r"""AlexNet in one tower: 61,100,840 parameters; see `AlexNet`, which takes the further options.

    Parameters
    ----------
    weights : AlexNet_Weights, str or None      trained ones, or random ones
    progress : bool                             show how far the download is

    Examples
    --------
    >>> import tinycnn as torch
    >>> tuple(alexnet(num_classes=10).eval()(torch.zeros(1, 3, 224, 224)).shape)
    (1, 10)
    """
    return pretrained(AlexNet_Weights, weights, progress, AlexNet, num_classes=num_classes, **options)


class AlexNet2012(nn.Module):
    r"""The winner of ImageNet 2012: two towers that meet in conv3 and in the linear layers; for images of 227×227.

    The layers, and the shape of what leaves them; each tower, one for each graphics card, makes half of the channels:

        conv1   96 kernels of 11×11, stride 4, LRN, pool                 96 × 27 × 27
        conv2   256 of 5×5, each sees its tower's 48, LRN, pool         256 × 13 × 13
        conv3   384 of 3×3, each sees all 256                           384 × 13 × 13
        conv4   384 of 3×3, each sees its tower's 192                   384 × 13 × 13
        conv5   256 of 3×3, each sees its tower's 192, pool             256 ×  6 ×  6
        fc6, fc7, fc8                                                   4096, 4096, 1000 logits

    A ReLU follows each but the last. All pools are 3×3 of stride 2, so that neighbours overlap. A tower is a group of
    the convolution: with ``groups=2`` the first half of the kernels sees the first half of the channels.

    Local response normalization (§3.3) lets five neighbouring channels compete at each pixel,

        b_i = a_i / (k + α Σⱼ a_j²)^β,      k = 2, n = 5, α = 10⁻⁴, β = 0.75

    In `nn.LocalResponseNorm` α is divided by n, hence the 5·10⁻⁴ below.

    Parameters
    ----------
    num_classes : int      how many logits
    dropout : float        the part of the outputs of fc6 and of fc7 that is dropped in training

    Raises
    ------
    ShapeError    the images are not of 227×227

    Notes
    -----
    The paper says that images are 224×224, but only from 227 on conv2 has the 27·27·256 = 186,624 neurons it counts.

    References
    ----------
    Krizhevsky, Sutskever, Hinton (2012), "ImageNet classification with deep convolutional neural networks", figure 2;
    §3.3 for LRN, §4.2 for dropout, §5 for how weights start.
    """

    def __init__(self, num_classes: int = 1000, dropout: float = 0.5) -> None:
        super().__init__()
        self.features = nn.Sequential(
            nn.Conv2d(3, 96, kernel_size=11, stride=4),
            nn.ReLU(inplace=True),
            nn.LocalResponseNorm(5, alpha=5e-4, beta=0.75, k=2.0),
            nn.MaxPool2d(kernel_size=3, stride=2),
            nn.Conv2d(96, 256, kernel_size=5, padding=2, groups=2),
            nn.ReLU(inplace=True),
            nn.LocalResponseNorm(5, alpha=5e-4, beta=0.75, k=2.0),
            nn.MaxPool2d(kernel_size=3, stride=2),
            nn.Conv2d(256, 384, kernel_size=3, padding=1),
            nn.ReLU(inplace=True),
            nn.Conv2d(384, 384, kernel_size=3, padding=1, groups=2),
            nn.ReLU(inplace=True),
            nn.Conv2d(384, 256, kernel_size=3, padding=1, groups=2),
            nn.ReLU(inplace=True),
            nn.MaxPool2d(kernel_size=3, stride=2),
        )
        self.classifier = nn.Sequential(
            nn.Linear(256 * 6 * 6, 4096),
            nn.ReLU(inplace=True),
            nn.Dropout(dropout),
            nn.Linear(4096, 4096),
            nn.ReLU(inplace=True),
            nn.Dropout(dropout),
            nn.Linear(4096, num_classes),
        )
        self._initialize()

    def _initialize(self) -> None:
        r"""Weights from N(0, 0.01²); biases 1 where that gives ReLU positive inputs from the start, else 0 (§5)."""
        layers = [part for part in self.modules() if isinstance(part, nn.Conv2d | nn.Linear)]
        #      conv1  2  3  4  5  fc6  7  8
        biases = (0, 1, 0, 1, 1,   1, 1, 0)
        for layer, bias in zip(layers, biases, strict=True):
            nn.init.normal_(layer.weight, std=0.01)
            nn.init.constant_(layer.get_parameter("bias"), bias)

    def forward(self, x: Tensor) -> Tensor:
        maps: Tensor = self.features(x)               # N, 256, 6, 6
        if maps.shape[-2:] != (6, 6):
            raise ShapeError(explain(
                "AlexNet2012 takes images of 227×227",
                {"input N C H W": tuple(x.shape)},
                "the paper says 224, but its layers have the sizes it gives for 227; alexnet() takes either",
            ))
        logits: Tensor = self.classifier(maps.flatten(1))
        return logits


def alexnet_2012(
    *, weights: None = None, progress: bool = True, num_classes: int = 1000, **options: Any
) -> AlexNet2012:
    r"""AlexNet as it was: two towers, LRN, 60,965,224 parameters; see `AlexNet2012`. No weights are published.

    Examples
    --------
    >>> import tinycnn as torch
    >>> tuple(alexnet_2012(num_classes=10).eval()(torch.zeros(1, 3, 227, 227)).shape)
    (1, 10)
    """
    return pretrained(None, weights, progress, AlexNet2012, num_classes=num_classes, **options)
