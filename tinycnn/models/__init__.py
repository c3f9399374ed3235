r"""Whole networks, as functions that make them: ``models.se_resnet_digits()``, or by name with ``models.get_model``."""

from __future__ import annotations

from tinycnn.models.alexnets import AlexNet, AlexNet2012, alexnet, alexnet_2012
from tinycnn.models.lecture import LeNet, lenet, softmax_classifier
from tinycnn.models.registry import get_model, get_model_builder, list_models
from tinycnn.models.resnet import BasicBlock, ResNet, resnet_digits, se_resnet_digits
from tinycnn.models.vgg import (
    VGG,
    vgg11,
    vgg11_bn,
    vgg11_lrn,
    vgg13,
    vgg13_bn,
    vgg16,
    vgg16_bn,
    vgg16_c,
    vgg19,
    vgg19_bn,
)

__all__ = [
    "VGG",
    "AlexNet",
    "AlexNet2012",
    "BasicBlock",
    "LeNet",
    "ResNet",
    "alexnet",
    "alexnet_2012",
    "get_model",
    "get_model_builder",
    "lenet",
    "list_models",
    "resnet_digits",
    "se_resnet_digits",
    "softmax_classifier",
    "vgg11",
    "vgg11_bn",
    "vgg11_lrn",
    "vgg13",
    "vgg13_bn",
    "vgg16",
    "vgg16_bn",
    "vgg16_c",
    "vgg19",
    "vgg19_bn",
]
