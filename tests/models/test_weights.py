r"""The official weights: what is known of them, how they are named, and how they get into a model."""

from __future__ import annotations

import copy
import hashlib
import pickle
import re
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import tinycnn
from tests.loopback import closed_port, serving
from tinycnn import models, nn
from tinycnn.errors import ArgumentError, ConfigError, DownloadError, FormatError, StateError
from tinycnn.models import weights as shelf
from tinycnn.models.weights import Weights, WeightsEnum, imagenet_classes, pretrained

ENUMS = [getattr(shelf, name) for name in shelf.__all__ if name.endswith("_Weights")]
MEMBERS = [member for enum in ENUMS for member in enum]
CONVNEXT_V2 = [enum for enum in ENUMS if enum.__name__.startswith("ConvNeXtV2")]


@pytest.mark.parametrize("member", MEMBERS, ids=repr)
def test_every_entry_is_complete(member: WeightsEnum) -> None:
    name = member.url.rpartition("/")[2]
    assert member.url.startswith("https://")
    assert re.search(r"-[0-9a-f]{8}\.pth$", name) or (name == "model.safetensors" and type(member) in CONVNEXT_V2)
    assert {"num_params", "min_size", "categories", "recipe", "_metrics", "_docs"} <= set(member.meta)
    assert set(member.meta["_metrics"]["ImageNet-1K"]) == {"acc@1", "acc@5"}
    size = member.meta.get("_file_size")
    if size is not None and member is not models.Wide_ResNet50_2_Weights.IMAGENET1K_V1:  # that one is in half precision
        assert size * 2**20 == pytest.approx(4 * member.meta["num_params"], rel=0.02)
    assert callable(member.transforms)
    assert member.value == member.value


def test_no_two_entries_share_a_file() -> None:
    assert len({member.url for member in MEMBERS}) == len(MEMBERS)


@pytest.mark.parametrize("enum", ENUMS, ids=lambda enum: enum.__name__)
def test_the_default_is_the_best(enum: type[WeightsEnum]) -> None:
    if enum is models.SEResNet50_Weights:  # timm's first, by a recipe that pays at larger images
        assert enum["DEFAULT"] is models.SEResNet50_Weights.A1_IN1K
        return
    sound = [member for member in enum if member.meta["categories"]]
    assert enum["DEFAULT"] is max(sound, key=lambda member: member.meta["_metrics"]["ImageNet-1K"]["acc@1"])


@pytest.mark.parametrize(
    ("name", "crop", "resize", "interpolation"),
    [
        ("AlexNet_Weights.DEFAULT", 224, 256, "bilinear"),
        ("ResNet50_Weights.IMAGENET1K_V1", 224, 256, "bilinear"),
        ("ResNet50_Weights.IMAGENET1K_V2", 224, 232, "bilinear"),
        ("ConvNeXt_Tiny_Weights.DEFAULT", 224, 236, "bilinear"),
        ("ConvNeXt_Small_Weights.DEFAULT", 224, 230, "bilinear"),
        ("ConvNeXt_Base_Weights.DEFAULT", 224, 232, "bilinear"),
        ("ConvNeXt_Large_Weights.DEFAULT", 224, 232, "bilinear"),
        ("EfficientNet_B0_Weights.DEFAULT", 224, 256, "bicubic"),
        ("SEResNet50_Weights.A1_IN1K", 224, 235, "bicubic"),
        ("SEResNet50_Weights.A3_IN1K", 160, 168, "bicubic"),
        ("ConvNeXtV2_Atto_Weights.DEFAULT", 224, 256, "bicubic"),
    ],
)
def test_each_has_its_own_preprocessing(name: str, crop: int, resize: int, interpolation: str) -> None:
    shown = repr(models.get_weight(name).transforms())
    assert f"crop_size=[{crop}]" in shown
    assert f"resize_size=[{resize}]" in shown
    assert f"interpolation=InterpolationMode.{interpolation.upper()}" in shown


def test_the_preprocessing_prepares_a_photograph_and_takes_options() -> None:
    image = pytest.importorskip("PIL.Image", reason="Pillow reads photographs").new("RGB", (300, 200), (124, 116, 104))
    prepared = models.ResNet50_Weights.DEFAULT.transforms()(image)
    assert tuple(prepared.shape) == (3, 224, 224)
    np.testing.assert_allclose(prepared.numpy(), 0, atol=0.02)  # it is of ImageNet's mean colour
    assert tuple(models.ResNet50_Weights.DEFAULT.transforms(crop_size=64)(image).shape) == (3, 64, 64)
    features = models.VGG16_Weights.IMAGENET1K_FEATURES.transforms()(image)
    assert float(features[0, 0, 0]) == pytest.approx(255 * (124 / 255 - 0.48235), rel=1e-4)


def test_the_classes_of_imagenet() -> None:
    names = imagenet_classes()
    assert len(names) == len(set(names)) == 1000
    assert (names[0], names[207], names[285]) == ("tench", "golden retriever", "Egyptian cat")
    assert all(name and name == name.strip() for name in names)
    names.clear()  # the caller's own
    assert len(imagenet_classes()) == 1000
    assert len(models.AlexNet_Weights.DEFAULT.meta["categories"]) == 1000


def test_members_by_name() -> None:
    enum = models.ResNet50_Weights
    for name in ("IMAGENET1K_V2", "DEFAULT", "ResNet50_Weights.IMAGENET1K_V2", enum.IMAGENET1K_V2):
        assert enum.verify(name) is enum.IMAGENET1K_V2
    assert enum.verify(None) is None
    assert repr(enum.DEFAULT) == "ResNet50_Weights.IMAGENET1K_V2"


@pytest.mark.parametrize(
    ("given", "error", "message"),
    [
        ("IMAGENET1K_V3", ConfigError, r"Weights has no 'IMAGENET1K_V3'\n.*IMAGENET1K_V1, IMAGENET1K_V2, DEFAULT"),
        ("resnet50.pth", ConfigError, r"hint.*is it a file\?.*load_state_dict\(tinycnn\.load\('resnet50\.pth'\)\)"),
        ("/home/ada/weights", ConfigError, r"hint.*is it a file\?"),
        ("ResNet18_Weights.DEFAULT", ConfigError, "ResNet50_Weights has no 'ResNet18_Weights.DEFAULT'"),
        (models.ResNet18_Weights.DEFAULT, ArgumentError, r"given .*= tinycnn\.\S+\.ResNet18_Weights.IMAGENET1K_V1"),
        (True, ArgumentError, r"(.|\n)*hint.*weights='DEFAULT'"),
    ],
)
def test_what_is_no_member_of_the_enum(given: Any, error: type[Exception], message: str) -> None:
    with pytest.raises(error) as caught:
        models.ResNet50_Weights.verify(given)
    assert re.search(message, str(caught.value)), caught.value


def test_members_survive_copying_and_pickling() -> None:
    for member in (models.VGG16_Weights.IMAGENET1K_FEATURES, models.ResNet50_Weights.DEFAULT):
        assert pickle.loads(pickle.dumps(member)) is member
        assert copy.deepcopy(member) is member


class Small(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.fc = nn.Linear(2, 3)


def small_weights(url: str, num_params: int = 9) -> type[WeightsEnum]:
    class Small_Weights(WeightsEnum):
        V1 = Weights(url, partial(dict), {"num_params": num_params})
        DEFAULT = V1

    return Small_Weights


@pytest.fixture
def content(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> bytes:
    monkeypatch.setenv("TINYCNN_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("no_proxy", "*")
    tinycnn.save({"fc.weight": tinycnn.ones(3, 2), "fc.bias": tinycnn.zeros(3)}, tmp_path / "file")
    return (tmp_path / "file").read_bytes()


def test_weights_get_into_the_model(content: bytes) -> None:
    name = f"small-{hashlib.sha256(content).hexdigest()[:8]}.pth"
    with serving() as server:
        server.files[name] = content
        enum = small_weights(f"{server.url}/{name}")
        for weights in ("DEFAULT", enum["V1"], "Small_Weights.V1"):
            model = pretrained(enum, weights, False, Small)
            assert model.fc.weight.tolist() == [[1, 1]] * 3
        assert len(server.asked) == 1  # then it lies in the cache


def test_without_weights_the_model_is_drawn_as_ever() -> None:
    tinycnn.manual_seed(0)
    drawn = Small().fc.weight.tolist()
    for enum in (None, small_weights("https://example.org/small-00000000.pth")):
        tinycnn.manual_seed(0)
        assert pretrained(enum, None, True, Small).fc.weight.tolist() == drawn


def test_where_weights_replace_them_no_numbers_are_drawn(content: bytes) -> None:
    tinycnn.manual_seed(0)
    first = tinycnn.rand(1).item()
    tinycnn.manual_seed(0)
    with serving(small=content) as server:
        pretrained(small_weights(f"{server.url}/small"), "DEFAULT", False, Small)
    assert tinycnn.rand(1).item() == first


@pytest.mark.parametrize("name", ["resnet50", "alexnet", "vgg16", "convnext_tiny", "efficientnet_b0", "resnet20"])
def test_the_old_way_to_ask_for_weights(name: str) -> None:
    for given in (True, False):
        with pytest.raises(ArgumentError, match=rf"no option pretrained\n.*pretrained={given}\n.*weights='DEFAULT'"):
            models.get_model(name, pretrained=given)


def test_the_hash_in_the_name_is_checked(content: bytes) -> None:
    with serving() as server:
        server.files["small-deadbeef.pth"] = content
        enum = small_weights(f"{server.url}/small-deadbeef.pth")
        with pytest.raises(DownloadError, match="sha256 should begin with deadbeef"):
            pretrained(enum, "DEFAULT", False, Small)
        assert set(enum["V1"].get_state_dict(progress=False, check_hash=False)) == {"fc.weight", "fc.bias"}


def test_another_number_of_parameters_is_refused_before_the_download() -> None:
    enum = small_weights(f"{closed_port()}/small-00000000.pth", num_params=1_000_000)
    with pytest.raises(ConfigError) as caught:
        pretrained(enum, "DEFAULT", False, Small)
    assert str(caught.value) == (
        "Small_Weights.V1 are the weights of another network\n"
        "  its parameters  = 1,000,000\n"
        "  this model's    = 9\n"
        "  hint            keep num_classes=1000 and all other defaults, and replace the last layer afterwards"
    )


def test_a_model_without_official_weights() -> None:
    with pytest.raises(ConfigError, match=r"no official weights of this network(.|\n)*tinycnn\.load\(path\)"):
        pretrained(None, "DEFAULT", False, Small)


def test_names_and_shapes_must_fit(content: bytes, tmp_path: Path) -> None:
    class Other(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.head = nn.Linear(2, 3)

    with serving(small=content) as server, pytest.raises(StateError, match=r"fc\.weight"):
        pretrained(small_weights(f"{server.url}/small"), "DEFAULT", False, Other)


def test_a_training_scripts_wrapping_is_taken_off(monkeypatch: pytest.MonkeyPatch, content: bytes) -> None:
    state = {"fc.weight": tinycnn.ones(3, 2), "fc.bias": tinycnn.zeros(3)}
    with serving(small=content) as server:
        member = small_weights(f"{server.url}/small")["V1"]
        for wrapped in ({"model": state}, {"state_dict": state, "epoch": 3}, state,
                        {f"module.{name}": tensor for name, tensor in state.items()}):
            monkeypatch.setattr("tinycnn.hub.cache.load", lambda path, place, wrapped=wrapped: wrapped)
            assert list(member.get_state_dict(progress=False)) == ["fc.weight", "fc.bias"]
        for nothing in ({}, [], tinycnn.ones(2)):
            monkeypatch.setattr("tinycnn.hub.cache.load", lambda path, place, nothing=nothing: nothing)
            with pytest.raises(FormatError, match="holds no weights"):
                member.get_state_dict(progress=False)


def test_files_that_are_all_called_model_get_the_name_of_their_folder(content: bytes, tmp_path: Path) -> None:
    with serving() as server:
        server.files["timm/net.a1_in1k/resolve/main/model.safetensors"] = content
        member = small_weights(f"{server.url}/timm/net.a1_in1k/resolve/main/model.safetensors")["V1"]
        member.get_state_dict(progress=False, model_dir=tmp_path / "cache")
    assert [path.name for path in (tmp_path / "cache").iterdir()] == ["net.a1_in1k.safetensors"]
