r"""AlexNet twice: as torchvision has it, one tower, and as it won ImageNet in 2012, spread over two graphics cards.

Five convolutions look for ever larger patterns, three linear layers decide. What was new: ReLU in place of tanh, dropout,
and so many parameters that only 1.2 million images, turned and recoloured at random, could fix them.
"""

from __future__ import annotations

from typing import Any

from tinycnn import nn
from tinycnn._tensor import Tensor


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
    Krizhevsky (2014), "One weird trick for parallelizing convolutional neural networks", footnote 1.
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


def alexnet(*, weights: Any = None, progress: bool = True, num_classes: int = 1000, **options: Any) -> AlexNet:
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
    return AlexNet(num_classes=num_classes, **options)
