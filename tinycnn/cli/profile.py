r"""``tinycnn profile``: where the time and the memory of a model's training step go, by op and by module."""

from __future__ import annotations

import argparse
from collections.abc import Callable

from tinycnn import models, nn, optim, plot
from tinycnn.autograd import no_grad
from tinycnn.backend import blas, threads
from tinycnn.cli.architectures import usual_input
from tinycnn.creation import zeros
from tinycnn.errors import ConfigError
from tinycnn.profiler import profile
from tinycnn.random import manual_seed, randn


def add_arguments(parser: argparse.ArgumentParser) -> None:
    r"""The options of the subcommand."""
    parser.add_argument("model", metavar="MODEL", help=f"one of {', '.join(models.list_models())}")
    parser.add_argument("--batch", metavar="N", type=int, default=4, help="images in a step (default: 4)")
    parser.add_argument("--size", metavar="PIXELS", type=int,
                        help="of their sides (default: what the model is made for)")
    parser.add_argument("--steps", metavar="N", type=int, default=3,
                        help="steps to record, after one that is not (default: 3)")
    parser.add_argument("--evaluate", action="store_true", help="go forward only, in evaluation mode")
    parser.add_argument("--device", metavar="NAME", default="cpu", help="cpu or cuda (default: cpu)")
    parser.add_argument("--threads", metavar="N", type=int, help="to compute with (default: one for each core)")
    parser.add_argument("--rows", metavar="N", type=int, default=20, help="ops in the table (default: 20)")
    parser.add_argument("--depth", metavar="N", type=int, default=2,
                        help="levels of nested modules that are shown (default: 2)")
    parser.add_argument("--chart", metavar="FILE", help="write a picture, a PNG file")
    parser.add_argument("--trace", metavar="FILE", help="write a file for chrome://tracing or ui.perfetto.dev")


def run(options: argparse.Namespace) -> int:
    r"""Record some steps on random numbers, and print the tables."""
    for name, least in (("batch", 1), ("size", 1), ("steps", 1), ("threads", 1), ("rows", 0), ("depth", 0)):
        value = getattr(options, name)
        if value is not None and value < least:
            raise ConfigError(f"--{name} is at least {least}, not {value}")
    _, channels, high, wide = usual_input(options.model)
    size = (options.batch, channels, options.size or high, options.size or wide)
    with blas.limited(options.threads):
        step = _step(options, size)
        step()  # what happens once only, such as finding the libraries, is not to count
        with profile() as prof:
            for _ in range(options.steps):
                step()
                prof.step()
        what = "evaluations of a batch of" if options.evaluate else "training steps on a batch of"
        sizes = " × ".join(map(str, size))
        count = threads.get_num_threads()
        computed = "on cuda" if options.device == "cuda" else f"with {count} thread{'s' * (count > 1)}"
    headline = f"{options.model}: {what} {sizes}, {computed}"
    by_op, by_module = prof.key_averages().table(row_limit=options.rows), prof.by_module().table(options.depth)
    print(headline, by_op, by_module, sep="\n\n")
    if options.chart:
        plot.write(prof.chart(headline), options.chart)
        print(f"\npicture: {options.chart}")
    if options.trace:
        prof.export_chrome_trace(options.trace)
        print(f"\ntrace: {options.trace}")
    return 0


def _step(options: argparse.Namespace, size: tuple[int, ...]) -> Callable[[], None]:
    """One step of a training, or of an evaluation."""
    manual_seed(0)
    model: nn.Module = models.get_model(options.model).to(options.device).train(not options.evaluate)
    images = randn(*size, device=options.device)
    if options.evaluate:

        def evaluate() -> None:
            with no_grad():
                model(images)

        return evaluate
    optimizer = optim.SGD(model.parameters(), lr=1e-3, momentum=0.9)
    labels = zeros(size[0], dtype="int64", device=options.device)

    def train() -> None:
        optimizer.zero_grad()
        loss = nn.functional.cross_entropy(model(images), labels)
        loss.backward()
        optimizer.step()

    return train
