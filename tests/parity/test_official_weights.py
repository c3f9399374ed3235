r"""The enums of weights, fact by fact against those of torchvision and timm where these are installed."""

from __future__ import annotations

import math
from typing import Any

import pytest

from tinycnn import models
from tinycnn.models import weights as shelf

ENUMS = [name for name in shelf.__all__ if name.endswith("_Weights")]
TIMM = [name for name in ENUMS if name.startswith(("SE", "ConvNeXtV2"))]


def equal(ours: Any, theirs: Any) -> bool:
    return ours == theirs or (isinstance(ours, float) and math.isnan(ours) and math.isnan(theirs))


@pytest.mark.parametrize("name", sorted(set(ENUMS) - set(TIMM)))
def test_torchvisions(name: str) -> None:
    peers = pytest.importorskip("torchvision.models", reason="torchvision is not installed")
    ours, theirs = getattr(models, name), getattr(peers, name)
    assert list(ours.__members__) == list(theirs.__members__)
    assert repr(ours.DEFAULT) == repr(theirs.DEFAULT)
    for our, their in zip(ours, theirs, strict=True):
        assert our.url == their.url
        assert set(our.meta) | {"_docs"} == set(their.meta) | {"_docs"}
        for key in set(their.meta) - {"_docs", "_metrics"}:
            assert our.meta[key] == their.meta[key], key
        for metric, value in their.meta["_metrics"]["ImageNet-1K"].items():
            assert equal(our.meta["_metrics"]["ImageNet-1K"][metric], value), metric
        assert repr(our.transforms()) == repr(their.transforms())


def test_timms_se_resnet() -> None:
    timm = pytest.importorskip("timm", reason="timm is not installed")
    for member in models.SEResNet50_Weights:
        theirs = timm.get_pretrained_cfg(f"seresnet50.{member.name.lower()}")
        assert member.url.rpartition("/")[2] == theirs.url.rpartition("/")[2]
        _check_preprocessing(member, theirs)
    assert timm.get_pretrained_cfg("seresnet50").tag == models.SEResNet50_Weights.DEFAULT.name.lower()


@pytest.mark.parametrize("size", ["atto", "femto", "pico", "nano", "tiny", "base", "large", "huge"])
def test_timms_convnext_v2(size: str) -> None:
    timm = pytest.importorskip("timm", reason="timm is not installed")
    member = models.get_model_weights(f"convnextv2_{size}").DEFAULT
    theirs = timm.get_pretrained_cfg(f"convnextv2_{size}.{member.name.lower()}")
    assert member.url == f"https://huggingface.co/{theirs.hf_hub_id}/resolve/main/model.safetensors"
    assert member.meta["license"].lower() == theirs.license
    _check_preprocessing(member, theirs)


def _check_preprocessing(member: Any, theirs: Any) -> None:
    crop = theirs.input_size[-1]
    shown = repr(member.transforms())
    assert f"crop_size=[{crop}]\n" in shown
    assert f"resize_size=[{math.floor(crop / theirs.crop_pct)}]\n" in shown
    assert f"InterpolationMode.{theirs.interpolation.upper()}\n" in shown


@pytest.mark.parametrize(
    "patterns", [{}, {"include": "vgg*_bn"}, {"include": ["resnet*", "alex*"], "exclude": "*5?"}, {"exclude": ["*"]}]
)
def test_lists_by_patterns(patterns: Any) -> None:
    peers = pytest.importorskip("torchvision.models", reason="torchvision is not installed")
    shared = set(models.list_models()) & set(peers.list_models())
    assert [name for name in models.list_models(**patterns) if name in shared] == [
        name for name in peers.list_models(**patterns) if name in shared
    ]
