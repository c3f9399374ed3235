"""Two runs of a program that trains end in the same weights, to the bit."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

from tests.backend.sharing import python

TRAINING = """if True:
    import hashlib
    import tinycnn as torch
    from tinycnn import nn, optim
    from tinycnn.backend import threads
    from tinycnn.nn import functional as F
    threads.set_num_threads(3)
    torch.manual_seed(0)
    net = nn.Sequential(
        nn.Conv2d(3, 64, 7, stride=2, padding=3, bias=False), nn.BatchNorm2d(64), nn.ReLU(inplace=True),
        nn.MaxPool2d(3, 2, 1),
        nn.Conv2d(64, 64, 3, padding=1), nn.BatchNorm2d(64), nn.ReLU(),                # by Winograd's way
        nn.Conv2d(64, 64, 7, padding=3, groups=64), nn.GroupNorm(8, 64), nn.GELU(),    # depthwise
        nn.Conv2d(64, 128, 3, stride=2, padding=1, groups=8), nn.SiLU(),
        nn.Conv2d(128, 128, 3, padding=2, dilation=2), nn.Conv2d(128, 256, 1), nn.ReLU(), nn.AvgPool2d(2), nn.Flatten(),
        nn.Dropout(0.2), nn.Linear(256 * 49, 128), nn.LayerNorm(128), nn.Sigmoid(), nn.Linear(128, 10),
    )
    optimizer = optim.SGD(net.parameters(), lr=0.1, momentum=0.9, weight_decay=1e-4)
    images, labels = torch.randn(12, 3, 112, 112), torch.arange(12) % 10
    for _ in range(2):
        optimizer.zero_grad()
        loss = F.cross_entropy(net(images), labels)
        loss.backward()
        optimizer.step()
    assert loss.item() < 10
    print(hashlib.sha256(b"".join(x.numpy().tobytes() for x in net.state_dict().values())).hexdigest())
"""


def test_two_processes_train_to_the_same_bits_wherever_their_memory_lies() -> None:
    """Where it lies decides how NumPy's and BLAS's loops meet the bounds of vectors; what is added up may not."""
    with ThreadPoolExecutor() as pool:
        kept, returned = pool.map(lambda value: python(TRAINING, TINYCNN_MALLOC=value), "10")
    assert len(kept) == 65
    assert kept == returned
