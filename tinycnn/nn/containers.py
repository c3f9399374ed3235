r"""Modules made of modules: Sequential, ModuleList and ModuleDict; and ParameterList, made of parameters."""

from __future__ import annotations

import operator
from collections.abc import ItemsView, Iterable, Iterator, KeysView, Mapping, ValuesView
from typing import Any, Self, SupportsIndex, TypeVar

from tinycnn._tensor import Tensor
from tinycnn.nn.module import Module
from tinycnn.nn.parts import Parameter

__all__ = ["ModuleDict", "ModuleList", "ParameterList", "Sequential"]

Item = TypeVar("Item")


def _at(items: Iterable[Item], index: SupportsIndex) -> Item:
    """The item at an index that may count from the end."""
    found, place = list(items), operator.index(index)
    if not -len(found) <= place < len(found):
        raise IndexError(f"index {place} is out of range: there are {len(found)} items")
    return found[place]


class _ModuleSequence(Module):
    """What Sequential and ModuleList have in common: modules in order, named "0", "1", … unless given other names."""

    def _put(self, name: str, module: Any) -> None:
        if not isinstance(module, Module):
            kind = type(module).__name__
            hint = (
                f"{module.__name__} is a class, {module.__name__}() a layer" if isinstance(module, type)
                else "a star unpacks a list of layers: Sequential(*layers)" if isinstance(module, list | tuple)
                else "a function such as F.relu has a layer of the same name: nn.ReLU()" if callable(module)
                else "it takes layers only"
            )
            raise TypeError(f"{self._get_name()}: item {name} is a {kind}, which is not a Module subclass; {hint}")
        self.add_module(name, module)

    def _refill(self, modules: Iterable[Module]) -> None:
        """Hold these, numbered afresh."""
        self._modules.clear()
        self._modules.update((str(i), module) for i, module in enumerate(modules))

    def __len__(self) -> int:
        return len(self._modules)

    def __iter__(self) -> Iterator[Module]:
        return (module for module in self._modules.values() if module is not None)

    def __setitem__(self, index: SupportsIndex, module: Module) -> None:
        self._put(_at(self._modules, index), module)

    def __delitem__(self, index: SupportsIndex | slice) -> None:
        kept = list(self)
        if not isinstance(index, slice):
            _at(kept, index)  # its IndexError says how many there are
        del kept[index]
        self._refill(kept)

    def append(self, module: Module) -> Self:
        """Add a module at the end."""
        self._put(str(len(self)), module)
        return self

    def extend(self, modules: Iterable[Module]) -> Self:
        """Add modules at the end."""
        if not isinstance(modules, Iterable):
            raise TypeError(f"{self._get_name()}: extend takes an iterable of modules, not {type(modules).__name__}")
        for module in list(modules):
            self.append(module)
        return self

    def insert(self, index: int, module: Module) -> Self:
        """Put a module before the one at `index`."""
        if not -len(self) <= index <= len(self):
            raise IndexError(f"index {index} is out of range: there are {len(self)} modules")
        modules = list(self)
        self.append(module)  # which checks it
        modules.insert(index, module)
        self._refill(modules)
        return self

    def pop(self, index: SupportsIndex) -> Module:
        """Take out the module at `index`."""
        module = _at(self, index)
        del self[index]
        return module

    def __iadd__(self, modules: Iterable[Module]) -> Self:
        return self.extend(modules)

    def __dir__(self) -> list[str]:
        return [name for name in super().__dir__() if not name.isdigit()]


class Sequential(_ModuleSequence):
    r"""Modules one after the other: y = fₙ(… f₂(f₁(x))).

    Parameters
    ----------
    *args : Module, or one dict of them
        The modules; in a dictionary (such as an OrderedDict) they bring names.

    Examples
    --------
    >>> from tinycnn import nn
    >>> model = nn.Sequential(nn.Linear(4, 3), nn.ReLU(), nn.Linear(3, 2))
    >>> model[:2]
    Sequential(
      (0): Linear(in_features=4, out_features=3, bias=True)
      (1): ReLU()
    )
    >>> list(model.state_dict())
    ['0.weight', '0.bias', '2.weight', '2.bias']
    """

    def __init__(self, *args: Any) -> None:
        super().__init__()
        named = args[0] if len(args) == 1 and isinstance(args[0], dict) else {str(i): m for i, m in enumerate(args)}
        for name, module in named.items():
            self._put(name, module)

    def forward(self, input: Any) -> Any:
        """Each module's output is the next one's input."""
        for module in self:
            input = module(input)
        return input

    def __getitem__(self, index: SupportsIndex | slice) -> Any:
        if isinstance(index, slice):
            return type(self)(dict(list(self._modules.items())[index]))  # they keep their names
        return _at(self, index)

    def __add__(self, other: Sequential) -> Sequential:
        if not isinstance(other, Sequential):
            raise ValueError(f"Sequential: only another Sequential can be added, not {type(other).__name__}")
        return Sequential(*self, *other)


class ModuleList(_ModuleSequence):
    r"""A list of modules, all known to the module that has it. A plain Python list would hide their parameters.

    Parameters
    ----------
    modules : iterable of Module, optional

    Examples
    --------
    >>> from tinycnn import nn
    >>> nn.ModuleList([nn.Linear(3, 3) for _ in range(4)])
    ModuleList(
      (0-3): 4 x Linear(in_features=3, out_features=3, bias=True)
    )
    """

    _instead = ": it only holds modules; call them one by one in a loop, or use Sequential"

    def __init__(self, modules: Iterable[Module] | None = None) -> None:
        super().__init__()
        self.extend(() if modules is None else modules)

    def __getitem__(self, index: SupportsIndex | slice) -> Any:
        return type(self)(list(self)[index]) if isinstance(index, slice) else _at(self, index)

    def __add__(self, other: Iterable[Module]) -> ModuleList:
        return ModuleList([*self, *other])

    def __repr__(self) -> str:
        """As any module, but equal neighbours in one line."""
        runs: list[list[Any]] = []  # the first, the last, and the text they share
        for i, module in enumerate(self):
            text = repr(module)
            if runs and runs[-1][2] == text:
                runs[-1][1] = i
            else:
                runs.append([i, i, text])
        lines = [
            f"({first}): {text}" if first == last else f"({first}-{last}): {last - first + 1} x {text}"
            for first, last, text in runs
        ]
        body = "\n".join(lines).replace("\n", "\n  ")
        return f"{self._get_name()}(\n  {body}\n)" if lines else f"{self._get_name()}()"


class ModuleDict(Module):
    r"""Modules by name, in the order they came, all known to the module that has it.

    Parameters
    ----------
    modules : mapping of str to Module, or iterable of such pairs, optional

    Examples
    --------
    >>> from tinycnn import nn
    >>> heads = nn.ModuleDict({"digit": nn.Linear(8, 10), "parity": nn.Linear(8, 2)})
    >>> heads["parity"]
    Linear(in_features=8, out_features=2, bias=True)
    """

    _instead = ModuleList._instead

    def __init__(self, modules: Mapping[str, Module] | Iterable[tuple[str, Module]] | None = None) -> None:
        super().__init__()
        self.update({} if modules is None else modules)

    def __getitem__(self, key: str) -> Any:
        return self._modules[key]

    def __setitem__(self, key: str, module: Module) -> None:
        self.add_module(key, module)

    def __delitem__(self, key: str) -> None:
        del self._modules[key]

    def __len__(self) -> int:
        return len(self._modules)

    def __iter__(self) -> Iterator[str]:
        return iter(self._modules)

    def __contains__(self, key: str) -> bool:
        return key in self._modules

    def keys(self) -> KeysView[str]:
        """The names."""
        return self._modules.keys()

    def values(self) -> ValuesView[Any]:
        """The modules."""
        return self._modules.values()

    def items(self) -> ItemsView[str, Any]:
        """Names and modules."""
        return self._modules.items()

    def update(self, modules: Mapping[str, Module] | Iterable[tuple[str, Module]]) -> None:
        """Add modules, in place of those that have these names already."""
        if not isinstance(modules, Iterable):
            raise TypeError(f"ModuleDict: takes a mapping or pairs of name and module, not {type(modules).__name__}")
        pairs = modules.items() if isinstance(modules, Mapping | ModuleDict) else modules
        for key, module in list(pairs):
            self[key] = module

    def pop(self, key: str) -> Any:
        """Take out the module of this name."""
        module = self[key]
        del self[key]
        return module

    def clear(self) -> None:
        """Take out all modules."""
        self._modules.clear()


class ParameterList(Module):
    """A list of parameters, all known to the module that has it; tensors put in become parameters."""

    def __init__(self, values: Iterable[Tensor] | None = None) -> None:
        super().__init__()
        self.extend(() if values is None else values)

    def __len__(self) -> int:
        return len(self._parameters)

    def __iter__(self) -> Iterator[Parameter]:
        return (parameter for parameter in self._parameters.values() if parameter is not None)

    def __getitem__(self, index: SupportsIndex | slice) -> Any:
        return type(self)(list(self)[index]) if isinstance(index, slice) else _at(self, index)

    def __setitem__(self, index: SupportsIndex, value: Tensor) -> None:
        self._parameters[_at(self._parameters, index)] = value if isinstance(value, Parameter) else Parameter(value)

    def append(self, value: Tensor) -> Self:
        """Add a parameter at the end."""
        if not isinstance(value, Tensor):
            raise TypeError(f"ParameterList: takes Tensors, not {type(value).__name__}")
        self.register_parameter(str(len(self)), value if isinstance(value, Parameter) else Parameter(value))
        return self

    def extend(self, values: Iterable[Tensor]) -> Self:
        """Add parameters at the end."""
        if not isinstance(values, Iterable) or isinstance(values, Tensor):
            raise TypeError(f"ParameterList: extend takes an iterable of Tensors, not {type(values).__name__}")
        for value in list(values):
            self.append(value)
        return self

    def __iadd__(self, values: Iterable[Tensor]) -> Self:
        return self.extend(values)

    def extra_repr(self) -> str:
        """A line for each parameter: its dtype and shape."""
        return "\n".join(
            f"  ({i}): Parameter containing: [{p.type()} of size {'x'.join(map(str, p.shape))}]"
            for i, p in enumerate(self)
        )
