"""How a module holds what it is made of: parameters, buffers and modules, each told apart when set as an attribute."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from tinycnn._tensor import Tensor
from tinycnn.autograd.node import is_tensor

if TYPE_CHECKING:
    from tinycnn.nn.module import Module


class Parameter(Tensor):
    """A Tensor that a module learns: assigned as an attribute, it is listed among `Module.parameters`."""

    def __init__(self, data: Any = (), requires_grad: bool = True) -> None:
        super().__init__(data)
        self.requires_grad = requires_grad

    def __repr__(self) -> str:
        return "Parameter containing:\n" + super().__repr__()

    def __deepcopy__(self, memo: dict[int, Any]) -> Tensor:
        made = super().__deepcopy__(memo)
        made.grad = None  # the copy of a model has seen no loss yet
        return made


_STORES = {  # where each kind is held, what it is called, and its type
    "_parameters": ("parameter", "Parameter"),
    "_modules": ("child module", "Module"),
    "_buffers": ("buffer", "Tensor"),
}


class Parts:
    """Three dictionaries behind the attributes: what is learnt, what is only kept, and the parts inside."""

    _parameters: dict[str, Parameter | None]
    _buffers: dict[str, Tensor | None]
    _modules: dict[str, Module | None]
    _transient: set[str]  # names of buffers that are not saved

    def __init__(self) -> None:
        for name, store in (("_parameters", {}), ("_buffers", {}), ("_modules", {}), ("_transient", set())):
            object.__setattr__(self, name, store)

    def __setattr__(self, name: str, value: Any) -> None:
        home = "_parameters" if isinstance(value, Parameter) else "_modules" if isinstance(value, Parts) else None
        if home is not None:
            self._make_room(name, home)
        else:
            home = next((store for store in _STORES if name in self.__dict__.get(store, ())), None)
        if home is None:
            object.__setattr__(self, name, value)
            return
        kind, wanted = _STORES[home]
        if not (value is None or isinstance(value, Parameter | Parts) or (home == "_buffers" and is_tensor(value))):
            raise TypeError(f"cannot assign '{type(value).__name__}' as {kind} '{name}' ({wanted} or None expected)")
        self.__dict__[home][name] = value

    def _make_room(self, name: str, home: str) -> None:
        """Let `name` mean nothing but what `home` is about to hold."""
        kind, _ = _STORES[home]
        self._check_begun(kind)
        for store in (self.__dict__, *(self.__dict__[other] for other in _STORES if other != home)):
            store.pop(name, None)
        self._transient.discard(name)
        self._check_name(kind, name, self.__dict__[home])

    def __getattr__(self, name: str) -> Any:
        for store in _STORES:
            if name in self.__dict__.get(store, ()):
                return self.__dict__[store][name]
        begun = "_parameters" in self.__dict__
        hint = "" if begun else "; its __init__ has to call super().__init__() before anything else"
        raise AttributeError(f"'{type(self).__name__}' object has no attribute '{name}'{hint}")

    def __delattr__(self, name: str) -> None:
        for store in _STORES:
            if name in self.__dict__.get(store, ()):
                del self.__dict__[store][name]
                self._transient.discard(name)
                return
        object.__delattr__(self, name)

    def __dir__(self) -> list[str]:
        return sorted({*super().__dir__(), *self._parameters, *self._buffers, *self._modules})

    def register_buffer(self, name: str, tensor: Tensor | None, persistent: bool = True) -> None:
        """Make `tensor` part of the module's state, though it is not learnt; saved with it if persistent."""
        self._register("_buffers", name, tensor, tensor is None or is_tensor(tensor))
        (self._transient.discard if persistent else self._transient.add)(name)

    def register_parameter(self, name: str, param: Parameter | None) -> None:
        """Add a parameter, or say with None that there is none of this name."""
        self._register("_parameters", name, param, isinstance(param, Parameter | None))

    def add_module(self, name: str, module: Module | None) -> None:
        """Add a part under a name that may be computed."""
        self._register("_modules", name, module, isinstance(module, Parts | None))

    register_module = add_module

    def _register(self, home: str, name: str, value: Any, fits: bool) -> None:
        kind, wanted = _STORES[home]
        self._check_begun(kind)
        if not fits:
            raise TypeError(f"{kind} '{name}': {type(value).__name__} is not a {wanted} subclass")
        self._check_name(kind, name, self.__dict__[home])
        self.__dict__[home][name] = value

    def _check_begun(self, kind: str) -> None:
        if "_parameters" not in self.__dict__:
            raise AttributeError(f"cannot assign a {kind} before the Module.__init__() call")

    def _check_name(self, kind: str, name: str, own: Mapping[str, Any]) -> None:
        if not isinstance(name, str):
            raise TypeError(f"{kind} name should be a string, not {type(name).__name__}")
        if not name or "." in name:
            raise KeyError(f"{kind} name must be not empty and without dots, which join names to paths: {name!r}")
        if hasattr(self, name) and name not in own:
            raise KeyError(f"attribute '{name}' already exists")
