r"""One set of pretrained weights, the enums that list them, and how they reach a model."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum
from typing import Any, Self, TypeVar, cast

from tinycnn import hub
from tinycnn.errors import ArgumentError, ConfigError, FormatError, described, explain
from tinycnn.nn import Module
from tinycnn.nn.utils import skip_init

M = TypeVar("M", bound=Module)


@dataclass(frozen=True)
class Weights:
    r"""Where weights are to be had, how their images were prepared, and what is known of them.

    Parameters
    ----------
    url : str               where the file lies
    transforms : callable   makes the preprocessing: ``transforms()(image)`` is what the network was trained on
    meta : dict             "num_params", "min_size" of an image, "categories", "recipe", "_metrics", …
    """

    url: str
    transforms: Callable[..., Any]
    meta: dict[str, Any]


class WeightsEnum(Enum):
    r"""The weights there are of one model: an enum of `Weights`, whose ``DEFAULT`` is the best of them.

    Examples
    --------
    >>> from tinycnn.models import ResNet50_Weights
    >>> list(ResNet50_Weights)
    [ResNet50_Weights.IMAGENET1K_V1, ResNet50_Weights.IMAGENET1K_V2]
    >>> ResNet50_Weights.DEFAULT.url
    'https://download.pytorch.org/models/resnet50-11ad3fa6.pth'
    >>> ResNet50_Weights.DEFAULT.meta["categories"][285]
    'Egyptian cat'
    """

    @property
    def url(self) -> str:
        return cast(str, self.value.url)

    @property
    def transforms(self) -> Callable[..., Any]:
        return cast(Callable[..., Any], self.value.transforms)

    @property
    def meta(self) -> dict[str, Any]:
        return cast(dict[str, Any], self.value.meta)

    def __repr__(self) -> str:
        return f"{type(self).__name__}.{self.name}"

    def __reduce_ex__(self, protocol: Any) -> Any:
        return getattr, (type(self), self.name)  # by name, for a copy of `transforms` is not equal to the original

    @classmethod
    def verify(cls, obj: Any) -> Self | None:
        r"""The member that ``obj`` means: itself, its name ("IMAGENET1K_V1", with the class in front or without), None.

        Raises
        ------
        ConfigError      no member has this name; the message lists those that there are
        ArgumentError    it is neither a member of this enum nor a name
        """
        if obj is None or isinstance(obj, cls):
            return obj
        names = ", ".join(cls.__members__)
        if isinstance(obj, str):
            try:
                return cls[obj.removeprefix(f"{cls.__name__}.")]
            except KeyError:
                pass
            hint = None
            if ("." in obj or "/" in obj) and not obj.split(".")[0].endswith("_Weights"):
                hint = f"is it a file? leave weights out, then model.load_state_dict(tinycnn.load({obj!r}))"
            raise ConfigError(explain(f"{cls.__name__} has no {obj!r}", {"there are": names}, hint))
        hint = "weights='DEFAULT' takes the best ones" if isinstance(obj, bool) else None
        given = f"{type(obj).__module__}.{obj!r}" if isinstance(obj, Enum) else described(obj)
        raise ArgumentError(explain(
            f"weights must be a member of {cls.__name__} or its name", {"given": given, "there are": names}, hint
        ))

    def get_state_dict(
        self, progress: bool = True, check_hash: bool = True, *, model_dir: Any = None, map_location: Any = None
    ) -> dict[str, Any]:
        r"""The tensors by name: from the cache, or else downloaded into it.

        Parameters
        ----------
        progress : bool               show how the download goes on
        check_hash : bool             compare the file with the sha256 prefix in its name, where there is one
        model_dir, map_location       as in `tinycnn.hub.load_state_dict_from_url`

        Raises
        ------
        DownloadError    the file cannot be had; the message says which it is, and where to put it by hand
        FormatError      it holds no weights
        """
        state = hub.load_state_dict_from_url(
            self.url, model_dir, map_location, progress, check_hash=check_hash, file_name=_file_name(self.url)
        )
        return bare_weights(state, f"{self!r}: {self.url}")


def pretrained(
    weights_enum: type[WeightsEnum] | None,
    weights: WeightsEnum | str | None,
    progress: bool,
    make: Callable[..., M],
    *args: Any,
    **options: Any,
) -> M:
    r"""The model ``make(*args, **options)``, with the weights in it that were asked for.

    If there are any, no others are drawn before.

    Parameters
    ----------
    weights_enum : type or None            which weights there are of it; None if there are none
    weights : member, its name, or None    which of them; None for random ones
    progress : bool                        show how the download goes on
    make : callable                        the model's class, or a function that makes one

    Raises
    ------
    ConfigError      there are none of this name, or they are of a network with another number of parameters, which is
                     found before anything is downloaded
    DownloadError    the file cannot be had; the message says which it is, and where to put it by hand
    ArgumentError    ``pretrained=`` is among the options
    """
    if "pretrained" in options:
        raise ArgumentError(explain(
            "there is no option pretrained", {"given": f"pretrained={options['pretrained']!r}"},
            "that is how torchvision had it until 2022; now weights='DEFAULT' takes the best ones, weights=None none",
        ))
    if weights is None:
        return make(*args, **options)
    if weights_enum is None:
        raise ConfigError(explain(
            "there are no official weights of this network",
            {"weights": described(weights)},
            "leave weights out; a file of your own goes in with model.load_state_dict(tinycnn.load(path))",
        ))
    member = weights_enum.verify(weights)
    assert member is not None  # verify gives None for None alone
    model = skip_init(make, *args, **options)
    wanted, found = member.meta["num_params"], sum(parameter.numel() for parameter in model.parameters())
    if wanted != found:
        raise ConfigError(explain(
            f"{member!r} are the weights of another network",
            {"its parameters": f"{wanted:,}", "this model's": f"{found:,}"},
            "keep num_classes=1000 and all other defaults, and replace the last layer afterwards",
        ))
    model.load_state_dict(member.get_state_dict(progress=progress))
    return model


def bare_weights(state: Any, source: str) -> dict[str, Any]:
    r"""The tensors by name, out of what training scripts put around them.

    Examples
    --------
    >>> bare_weights({"epoch": 90, "state_dict": {"module.fc.weight": 1.0}}, "checkpoint.pth")
    {'fc.weight': 1.0}

    Raises
    ------
    FormatError    it holds none; `source` says what
    """
    for wrapper in ("model", "state_dict"):
        if isinstance(state, dict) and isinstance(state.get(wrapper), dict):
            state = state[wrapper]
    if not isinstance(state, dict) or not state:
        raise FormatError(f"{source}: holds no weights by name")
    weights = {str(name): tensor for name, tensor in state.items()}
    if all(name.startswith("module.") for name in weights):  # as nn.DataParallel calls them
        weights = {name.removeprefix("module."): tensor for name, tensor in weights.items()}
    return weights


def _file_name(url: str) -> str:
    r"""The name in the cache: that of the URL, but where every file is called "model", its folder's.

    >>> _file_name("https://huggingface.co/timm/convnextv2_atto.fcmae_ft_in1k/resolve/main/model.safetensors")
    'convnextv2_atto.fcmae_ft_in1k.safetensors'
    """
    folder, _, name = url.partition("/resolve/main/model")
    return folder.rpartition("/")[2] + name
