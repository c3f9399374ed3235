r"""``tinycnn predict``: what is on a photograph."""

from __future__ import annotations

import argparse
import errno
import os
import sys
import warnings
from collections import Counter
from collections.abc import Sequence

from tinycnn import models
from tinycnn.cli.architectures import usual_input
from tinycnn.cli.program import FAILED
from tinycnn.datasets import open_photograph
from tinycnn.errors import ConfigError, FormatError
from tinycnn.plot import write
from tinycnn.plot.prediction import top_classes
from tinycnn.train.prediction import MODEL, Guess, load_classifier, read_classes

_EXAMPLES = """
examples:
  tinycnn predict cat.jpg                                   ResNet-50 with its official weights, downloaded once
  tinycnn predict cat.jpg --model convnext_tiny             another network
  tinycnn predict *.jpg --weights resnet50-11ad3fa6.pth     weights from a file, several photographs
  tinycnn predict owl.jpg --weights runs/resnet18-owls      what a training has left; it names model and classes

Photographs are turned upright as their camera says, and prepared as the weights want them. Official weights are known
by the name or the hash of the file; others are treated as the model's best official ones. Where there are none:
shorter side 256, the middle 224 × 224, ImageNet's mean and standard deviation.
"""
_BAR = 24  # characters that stand for a probability of 1


def add_arguments(parser: argparse.ArgumentParser) -> None:
    r"""The options of the subcommand."""
    parser.epilog = _EXAMPLES
    parser.add_argument("photos", metavar="PHOTO", nargs="+", help="files of any format that Pillow reads")
    parser.add_argument("--model", metavar="NAME",
                        help=f"one of {', '.join(models.list_models())} (default: {MODEL}, or that of the training)")
    parser.add_argument("--weights", metavar="WEIGHTS", default="DEFAULT",
                        help="a file (.pth, .safetensors), the folder of a training, or the name of official weights"
                             " such as IMAGENET1K_V2 (default: DEFAULT, the best official ones)")
    parser.add_argument("--classes", metavar="FILE", help="the classes' names, one a line (default: ImageNet's 1000, or"
                                                          " those of the training)")
    parser.add_argument("--top", metavar="K", type=int, default=5, help="classes to show (default: 5)")
    parser.add_argument("--output", metavar="PATH", help="the picture, or a folder for them"
                                                         " (default: PHOTO.prediction.png, beside the photograph)")
    parser.add_argument("--no-picture", action="store_true", help="only print")
    parser.add_argument("--device", metavar="NAME", default="cpu", help="cpu or cuda (default: cpu)")


def run(options: argparse.Namespace) -> int:
    r"""Ask the network about one photograph after the other; one that cannot be read does not stop the others."""
    if options.top < 1:
        raise ConfigError(f"top must be at least 1, not {options.top}")
    lacking = _lacking(options.photos)  # before weights are loaded, or even downloaded
    for photo, error in lacking.items():
        _complain(photo, error)
    if len(lacking) == len({*options.photos}):
        return FAILED
    pictures = dict.fromkeys(options.photos) if options.no_picture else _pictures(options.photos, options.output)
    classes = None if options.classes is None else read_classes(options.classes)
    size = usual_input(options.model or MODEL)[-1]
    classifier = load_classifier(options.model, options.weights, classes, size)
    classifier.model.to(options.device)
    failed = len(lacking)
    for photo, picture in pictures.items():
        if photo in lacking:
            continue
        try:
            image = open_photograph(photo)
        except (FormatError, OSError) as error:
            _complain(photo, error)
            failed += 1
            continue
        guesses = classifier.guesses(image, options.top)
        print(table(photo, guesses))
        if picture is not None:
            names, probabilities = zip(*guesses, strict=True)
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")  # of letters that the font does not have
                write(top_classes(image, names, probabilities, os.path.basename(photo)), picture)
            print(f"picture: {picture}\n")
    return FAILED if failed else 0


def _lacking(photos: Sequence[str]) -> dict[str, OSError]:
    r"""The photographs that are not there, or are folders, each with the error that opening it would give."""
    numbers = {photo: errno.EISDIR if os.path.isdir(photo) else errno.ENOENT
               for photo in photos if os.path.isdir(photo) or not os.path.exists(photo)}
    return {photo: OSError(number, os.strerror(number), photo) for photo, number in numbers.items()}


def _complain(photo: str, error: Exception) -> None:
    r"""Say in a line what is wrong with a photograph, and go on."""
    words = f"{photo}: {error.strerror}" if isinstance(error, OSError) and error.strerror else str(error)
    print(f"tinycnn predict: error: {words}", file=sys.stderr)


def _pictures(photos: Sequence[str], output: str | None) -> dict[str, str | None]:
    r"""Where the picture of each photograph goes.

    Examples
    --------
    >>> _pictures(["a.jpg", "b.jpg", "b.png"], None)
    {'a.jpg': 'a.prediction.png', 'b.jpg': 'b.jpg.prediction.png', 'b.png': 'b.png.prediction.png'}
    """
    if output is not None and len(photos) == 1 and not os.path.isdir(output):
        return {photos[0]: output}
    places = {photo: photo if output is None else os.path.join(output, os.path.basename(photo)) for photo in photos}
    if len({*places.values()}) < len(places):
        raise ConfigError("two of the photographs have the same name, so would their pictures in one folder")
    if output is not None:
        _make_folder(output, len(photos))
    stems = Counter(os.path.splitext(place)[0] for place in places.values())
    return {photo: f"{stem if stems[stem] == 1 else place}.prediction.png"
            for photo, place in places.items() for stem in [os.path.splitext(place)[0]]}


def _make_folder(output: str, count: int) -> None:
    if os.path.isfile(output) or os.path.splitext(output)[1].lower() == ".png":
        raise ConfigError(f"output must be a folder for the pictures of {count} photographs, not {output}")
    os.makedirs(output, exist_ok=True)


def table(photo: str, guesses: Sequence[Guess]) -> str:
    r"""The likeliest classes in aligned columns.

    Examples
    --------
    >>> print(table("cat.jpg", [Guess("tabby", 0.75), Guess("Egyptian cat", 0.125)]))
    cat.jpg
      1  tabby          75.0 %  ██████████████████
      2  Egyptian cat   12.5 %  ███
    """
    width = max(len(guess.name) for guess in guesses)
    digits = len(str(len(guesses)))
    rows = [f"  {rank:>{digits}}  {name:<{width}}  {100 * p:5.1f} %  {_bar(p)}".rstrip()
            for rank, (name, p) in enumerate(guesses, 1)]
    return "\n".join([photo, *rows])


def _bar(probability: float) -> str:
    whole, eighths = divmod(round(8 * _BAR * probability), 8)
    return "█" * whole + (" ▏▎▍▌▋▊▉"[eighths] if eighths else "")
