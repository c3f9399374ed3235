r"""The lines of a summary: of the modules that a forward pass called, in its order, or of all there are."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from tinycnn.autograd import no_grad
from tinycnn.nn import Module
from tinycnn.tables.keeping import as_it_was
from tinycnn.tables.layer_info import LayerInfo


def layers_alone(model: Module) -> list[LayerInfo]:
    r"""A line for every module, without running the model."""
    found: list[LayerInfo] = []
    seen: set[int] = set()
    for info in _tree(model):
        _add(info, found, seen)
    return _numbered(found)


def layers_passed(
    model: Module, inputs: Any, kwargs: Mapping[str, Any], batch_dim: int | None, device: Any, training: bool
) -> list[LayerInfo]:
    r"""A line for every call of a module in a forward pass, and for the containers around them that are not called.

    Where a module is held by several attributes, its line stands for the last of them.
    """
    found: list[LayerInfo] = []
    seen: set[int] = set()
    home = next((parameter.device for parameter in model.parameters()), None)
    latest: dict[int, LayerInfo] = {}
    places = {id(info.module): info for info in _tree(model)}

    def before(module: Module, args: Any) -> None:
        place = places[id(module)]
        latest[id(module)] = info = LayerInfo(place.var_name, module, place.depth, place.parent_info)
        _add(info, found, seen)

    def after(module: Module, args: Any, output: Any) -> None:
        latest[id(module)].note_call(args, output, batch_dim)

    handles: list[Any] = []
    try:
        with as_it_was(model, training), no_grad():
            for place in places.values():
                handles += [place.module.register_forward_pre_hook(before),
                            place.module.register_forward_hook(after)]
            if device is not None:
                model.to(device)
            if isinstance(inputs, Mapping):
                model(**inputs, **kwargs)
            else:
                model(*inputs, **kwargs)
    except Exception as error:
        done = ", ".join(f"{info.class_name} ({info.var_name})" for info in found if info.executed)
        error.add_note(f"summary: the model failed in its forward pass; layers that had run: {done or 'none'}")
        raise
    finally:
        for handle in handles:
            handle.remove()
        if device is not None and home is not None:
            model.to(home)
    return _numbered(_with_containers(found, seen))


def _tree(model: Module) -> Iterator[LayerInfo]:
    r"""Every module at every place, from the outside in, with the place it is in."""
    stack = [LayerInfo(type(model).__name__, model, 0)]
    while stack:
        info = stack.pop()
        yield info
        stack += [LayerInfo(name, part, info.depth + 1, info)
                  for name, part in reversed(info.module._modules.items()) if part is not None]


def _add(info: LayerInfo, found: list[LayerInfo], seen: set[int]) -> None:
    r"""The next line; `seen` are the modules that have one."""
    info.is_recursive = info.is_recursive or id(info.module) in seen
    found.append(info)
    seen.add(id(info.module))


def _with_containers(found: list[LayerInfo], seen: set[int]) -> list[LayerInfo]:
    r"""A line more where a layer lies in a module that nobody called, such as a ModuleList."""
    complete: list[LayerInfo] = []
    path: dict[int, Module] = {}  # at each depth the module that the last line lies in
    for info in found:
        for place in _around(info):
            if path.get(place.depth) is not place.module:
                _add(place, complete, seen)
                path = {depth: module for depth, module in path.items() if depth < place.depth}
                path[place.depth] = place.module
        complete.append(info)
        path = {depth: module for depth, module in path.items() if depth < info.depth}
        path[info.depth] = info.module
    return complete


def _around(info: LayerInfo) -> list[LayerInfo]:
    r"""The places around a layer, the outermost first, without the model itself."""
    around: list[LayerInfo] = []
    place = info.parent_info
    while place is not None and place.depth:
        around.insert(0, place)
        place = place.parent_info
    return around


def _numbered(found: list[LayerInfo]) -> list[LayerInfo]:
    r"""Count the lines of each depth, and give each line those that lie inside it, the innermost first."""
    counts: dict[int, int] = {}
    for info in found:
        info.depth_index = counts[info.depth] = counts.get(info.depth, 0) + 1
    for position, info in reversed([*enumerate(found)]):
        after = range(position + 1, len(found))
        end = next((n for n in after if found[n].depth <= info.depth), len(found))
        info.enclose(found[position + 1:end])
    return found
