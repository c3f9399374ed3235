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
        if "_parameters" not in self.__dict__:
            if isinstance(value, Parameter | Parts):
                raise AttributeError("cannot assign parameters or modules before Module.__init__() call")
            object.__setattr__(self, name, value)
            return
        stores: tuple[dict[str, Any], ...] = (self._parameters, self._modules, self._buffers)
        home = (
            self._parameters if isinstance(value, Parameter)
            else self._modules if isinstance(value, Parts)
            else self._buffers if name in self._buffers and (value is None or is_tensor(value))
            else next((store for store in stores if value is None and name in store), None)
        )
        if home is None:
            if name in self._parameters:
                raise TypeError(
                    f"cannot assign '{type(value).__name__}' as parameter '{name}' (nn.Parameter or None expected)"
                )
            object.__setattr__(self, name, value)
            return
        for store in stores:
            if store is not home:
                store.pop(name, None)
        self.__dict__.pop(name, None)
        home[name] = value

    def __getattr__(self, name: str) -> Any:
        for store in ("_parameters", "_buffers", "_modules"):
            if name in self.__dict__.get(store, ()):
                return self.__dict__[store][name]
        raise AttributeError(f"'{type(self).__name__}' object has no attribute '{name}'")

    def __delattr__(self, name: str) -> None:
        stores: tuple[dict[str, Any], ...] = (self._parameters, self._buffers, self._modules)
        for store in stores:
            if name in store:
                del store[name]
                return
        object.__delattr__(self, name)

    def __dir__(self) -> list[str]:
        return sorted({*super().__dir__(), *self._parameters, *self._buffers, *self._modules})

    def register_buffer(self, name: str, tensor: Tensor | None, persistent: bool = True) -> None:
        """Make `tensor` part of the module's state, though it is not learnt; saved with it if persistent."""
        if tensor is not None and not is_tensor(tensor):
            raise TypeError(f"cannot assign '{type(tensor).__name__}' to buffer '{name}' (Tensor or None required)")
        self._check_name(name, self._buffers)
        self._buffers[name] = tensor
        (self._transient.discard if persistent else self._transient.add)(name)

    def register_parameter(self, name: str, param: Parameter | None) -> None:
        """Add a parameter, or say with None that there is none of this name."""
        self._check_name(name, self._parameters)
        self._parameters[name] = param

    def add_module(self, name: str, module: Module | None) -> None:
        """Add a part under a name that may be computed."""
        if module is not None and not isinstance(module, Parts):
            raise TypeError(f"{type(module).__name__} is not a Module subclass")
        self._check_name(name, self._modules)
        self._modules[name] = module

    register_module = add_module

    def _check_name(self, name: str, own: Mapping[str, Any]) -> None:
        if not isinstance(name, str) or not name or "." in name:
            raise KeyError(f"a name must be a string, not empty and without dots, but got {name!r}")
        if hasattr(self, name) and name not in own:
            raise KeyError(f"attribute '{name}' already exists")
