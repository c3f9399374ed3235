r"""ImageNet's competition through the years: what the winners published (the lecture's Figure 18)."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from tinycnn.plot.canvas import FAINT, INK, RIGHT, TEST, TRAIN, new_figure, tidy

if TYPE_CHECKING:
    from matplotlib.figure import Figure


class Entry(NamedTuple):
    r"""A submission to the ImageNet Large Scale Visual Recognition Challenge, as it was published.

    `error` is the share, in %, of test images whose class is not among the five that were named; `layers` those with
    weights of the networks, 0 if there was no network, None where several networks were joined that differ in it.
    """

    year: int
    name: str
    layers: int | None
    error: float
    source: str


#: Winners of the classification task, without outside data, and VGG, which came second in 2014.
ENTRIES = (
    Entry(2010, "NEC-UIUC", 0, 28.2, "Russakovsky et al. 2015"),
    Entry(2011, "XRCE", 0, 25.8, "Russakovsky et al. 2015"),
    Entry(2012, "AlexNet", 8, 16.4, "Krizhevsky et al. 2012, table 2"),
    Entry(2013, "Clarifai", 8, 11.7, "Russakovsky et al. 2015; the depth is that of Zeiler and Fergus 2014"),
    Entry(2014, "VGG", 19, 7.3, "Simonyan and Zisserman 2015, table 7"),
    Entry(2014, "GoogLeNet", 22, 6.7, "Szegedy et al. 2015, table 2"),
    Entry(2015, "ResNet", 152, 3.57, "He et al. 2016, table 5"),
    Entry(2016, "Trimps-Soushen", None, 2.99, "ILSVRC 2016, results"),
    Entry(2017, "SENet", None, 2.25, "Hu et al. 2019, section 1"),
)
HUMAN = 5.1  # one trained annotator on 1500 test images; Russakovsky et al. 2015, section 6.4


def imagenet_years(title: str = "ImageNet through the years: top-5 error in %") -> Figure:
    r"""The published top-5 errors of the winners, 2010 to 2017, and how deep their networks were (Figure 18).

    Nothing of it is computed here: these are results that others published, most of them of several networks whose
    predictions were averaged. `imagenet.ENTRIES` holds them, each with its source.

    References
    ----------
    Russakovsky et al. 2015, "ImageNet large scale visual recognition challenge"; Krizhevsky, Sutskever and Hinton 2012,
    "ImageNet classification with deep convolutional neural networks"; Simonyan and Zisserman 2015, "Very deep
    convolutional networks for large-scale image recognition"; Szegedy et al. 2015, "Going deeper with convolutions";
    He, Zhang, Ren and Sun 2016, "Deep residual learning for image recognition"; results of 2016 at
    https://image-net.org/challenges/LSVRC/2016/results; Hu, Shen, Albanie, Sun and Wu 2019, "Squeeze-and-excitation
    networks".

    Examples
    --------
    >>> figure = imagenet_years()
    >>> [label.get_text() for label in figure.axes[0].get_xticklabels()][2]
    'AlexNet\n2012\n8 layers'
    """
    figure = new_figure(12, 5.4, title)
    axes = figure.subplots()
    bars = [(e.error, FAINT if e.layers == 0 else TRAIN if e.name == "AlexNet" else TEST) for e in ENTRIES]
    bars.append((HUMAN, RIGHT))
    for place, (error, colour) in enumerate(bars):
        axes.bar(place, error, color=colour, width=0.72)
        axes.text(place, error + 0.4, f"{error:g}", ha="center", va="bottom", fontsize=12, color=INK)
    depth = [{0: "no network", None: "several nets"}.get(entry.layers, f"{entry.layers} layers") for entry in ENTRIES]
    below = [f"{entry.name}\n{entry.year}\n{layers}" for entry, layers in zip(ENTRIES, depth, strict=True)]
    axes.set_xticks(range(len(bars)), [*below, "a trained\nhuman"], fontsize=9)
    axes.set_ylim(0, 32)
    tidy(axes)
    axes.tick_params(axis="x", length=0)
    figure.supxlabel(
        "Published results of the ILSVRC classification task, most of them of several networks together, without "
        "outside data; VGG came second. The human: one annotator, 1500 images.\nSources: Russakovsky 2015, Krizhevsky "
        "2012, Simonyan 2015, Szegedy 2015, He 2016, Hu 2019 (each et al.), and image-net.org for 2016.",
        x=0.02, ha="left", fontsize=8, color=FAINT,
    )
    return figure
