"""The lecture's PyTorch example, letter for letter but for its imports, and that it learns."""

from __future__ import annotations

import numpy as np

LECTURE = """
import torch
import torch.nn as nn
import torch.nn.functional as F

class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv1 = nn.Conv2d(3, 6, 5)
        self.pool = nn.MaxPool2d(2, 2)
        self.conv2 = nn.Conv2d(6, 16, 5)
        self.fc1 = nn.Linear(16 * 5 * 5, 120)
        self.fc2 = nn.Linear(120, 84)
        self.fc3 = nn.Linear(84, 10)

    def forward(self, x):
        x = self.pool(F.relu(self.conv1(x)))
        x = self.pool(F.relu(self.conv2(x)))
        x = torch.flatten(x, 1)
        x = F.relu(self.fc1(x))
        x = F.relu(self.fc2(x))
        x = self.fc3(x)
        return x

net = Net()

import torch.optim as optim

criterion = nn.CrossEntropyLoss()
optimizer = optim.SGD(net.parameters(), lr=0.001, momentum=0.9)
"""


def test_the_lectures_example_learns() -> None:
    import tinycnn

    tinycnn.manual_seed(0)
    names: dict[str, object] = {}
    code = LECTURE.replace("import torch\n", "import tinycnn as torch\n").replace("import torch.", "import tinycnn.")
    exec(compile(code, "lecture", "exec"), names)
    net, criterion, optimizer = names["net"], names["criterion"], names["optimizer"]
    assert sum(p.numel() for p in net.parameters()) == 62_006  # what PyTorch counts

    # Ten classes of colour images: a bright square in one of ten places, in noise.
    rng = np.random.default_rng(0)
    labels = np.repeat(np.arange(10), 16)
    images = rng.normal(size=(160, 3, 32, 32)).astype("float32") * 0.3
    for image, label in zip(images, labels, strict=True):
        row, column = divmod(int(label), 4)
        image[:, 8 * row + 4 : 8 * row + 12, 7 * column : 7 * column + 8] += 3
    x, y = tinycnn.from_numpy(images), tinycnn.from_numpy(labels)

    start = criterion(net(x), y).item()
    assert abs(start - np.log(10)) < 0.2  # it knows nothing yet
    optimizer.param_groups[0]["lr"] = 0.01
    for step in range(50):
        batch = np.arange(160).reshape(16, 10).T[step % 10]
        optimizer.zero_grad()
        criterion(net(x[batch]), y[batch]).backward()
        optimizer.step()
    assert criterion(net(x), y).item() < 0.5 * start
    assert (net(x).argmax(1) == y).float().mean().item() > 0.8
