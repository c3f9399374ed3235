r"""The two networks of the lecture: the softmax classifier, and the small convolutional network of its example."""

from __future__ import annotations

from tinycnn import nn
from tinycnn._tensor import Tensor
from tinycnn.errors import ConfigError, explain
from tinycnn.models.weights.entry import pretrained
from tinycnn.nn import functional as F


def softmax_classifier(
    *, weights: None = None, progress: bool = True, num_classes: int = 10, in_channels: int = 1,
    image_size: int | tuple[int, int] = 8,
) -> nn.Sequential:
    r"""One linear layer: a weighted sum of all pixels a class.

        z = W x + b            P(Y = k | x) = exp zₖ / Σⱼ exp zⱼ

    It returns the logits z; the softmax is part of the loss, `nn.CrossEntropyLoss`. For the digits there are 650
    parameters.

    Parameters
    ----------
    num_classes : int                       K
    in_channels : int                       C
    image_size : int or (int, int)          H and W; one number for square images

    Examples
    --------
    >>> sum(p.numel() for p in softmax_classifier().parameters())  # 10 × 64 weights, 10 biases
    650
    """
    height, width = _sides(image_size)
    linear = nn.Linear(in_channels * height * width, num_classes)
    return pretrained(None, weights, progress, nn.Sequential, nn.Flatten(), linear)


class LeNet(nn.Module):
    r"""Two convolutions, each followed by ReLU and max-pooling, then three linear layers.

    The layers, for the default sizes, and the shape of what leaves them:

        image                                3 × 32 × 32
        conv1   6 kernels of 5×5, pool       6 × 14 × 14
        conv2   16 kernels of 5×5, pool     16 ×  5 ×  5
        fc1, fc2, fc3                       120, 84, 10 logits

    Parameters
    ----------
    num_classes : int                       how many logits
    in_channels : int                       3 for colour, 1 for grey
    image_size : int or (int, int)          H and W, at least 16; one number for square images

    Raises
    ------
    ConfigError    the images are too small for two convolutions and two poolings

    References
    ----------
    LeCun, Bottou, Bengio, Haffner (1998), "Gradient-based learning applied to document recognition", figure 2: the
    same sizes, with trained subsampling for max-pooling, tanh for ReLU, and an output layer of radial basis functions.

    Examples
    --------
    >>> import tinycnn as torch
    >>> tuple(LeNet()(torch.zeros(4, 3, 32, 32)).shape)
    (4, 10)
    """

    def __init__(
        self, *, num_classes: int = 10, in_channels: int = 3, image_size: int | tuple[int, int] = 32
    ) -> None:
        super().__init__()
        height, width = (((side - 4) // 2 - 4) // 2 for side in _sides(image_size))  # after both convs and poolings
        if min(height, width) < 1:
            raise ConfigError(explain(
                "LeNet: two 5×5 convolutions and two poolings leave nothing of images this small",
                {"image size": image_size, "smallest": 16},
                "se_resnet_digits and softmax_classifier take images of any size",
            ))
        self.conv1 = nn.Conv2d(in_channels, 6, 5)
        self.pool = nn.MaxPool2d(2, 2)
        self.conv2 = nn.Conv2d(6, 16, 5)
        self.fc1 = nn.Linear(16 * height * width, 120)
        self.fc2 = nn.Linear(120, 84)
        self.fc3 = nn.Linear(84, num_classes)

    def forward(self, x: Tensor) -> Tensor:
        x = self.pool(F.relu(self.conv1(x)))   # N, 6, 14, 14
        x = self.pool(F.relu(self.conv2(x)))   # N, 16, 5, 5
        x = x.flatten(1)                       # N, 400
        x = F.relu(self.fc1(x))
        x = F.relu(self.fc2(x))
        logits: Tensor = self.fc3(x)           # N, classes
        return logits


class Net(LeNet):
    r"""`LeNet` under the name that the lecture's code gives it.

    Examples
    --------
    >>> sum(p.numel() for p in Net().parameters())
    62006
    """


def lenet(
    *, weights: None = None, progress: bool = True, num_classes: int = 10, in_channels: int = 3,
    image_size: int | tuple[int, int] = 32,
) -> LeNet:
    r"""The lecture's convolutional network, 62,006 parameters for its images; see `LeNet`."""
    return pretrained(
        None, weights, progress, LeNet, num_classes=num_classes, in_channels=in_channels, image_size=image_size
    )


def _sides(image_size: int | tuple[int, int]) -> tuple[int, int]:
    return (image_size, image_size) if isinstance(image_size, int) else image_size
