r"""What a pickle is: a program for a small machine with a stack. And the machine, which can do nothing else.

An instruction is one byte, some with an argument behind it. Most push something: None, a number, text, an empty list.
MARK lays the stack aside and begins a new one, for things to collect on: TUPLE makes a tuple of them, APPENDS puts them
on a list, SETITEMS into a dictionary. What is needed again, as an object that stands in two places, is put into the
memo under a number and got from there. STOP ends the program; what lies on top is the object. [1, None] is

    80 02   5d           28     4b 01       4e     65        2e
    PROTO   EMPTY_LIST   MARK   BININT1 1   NONE   APPENDS   STOP

Two instructions make pickles dangerous. GLOBAL pushes what stands under a name in a module, any name in any module,
which Python imports for it; REDUCE calls it. ``os.system`` and the text of a command are all that it takes, so Python's
own unpickler must never see a file from a stranger. Here GLOBAL looks the name up in a dictionary, which is all there
is; nothing is ever imported, and nothing called but a `Function` or `Collection` in it. BUILD gives an object its
attributes, by its ``__setstate__`` if it has one; here a function does it that knows two kinds of them. Nor is there
recursion, so that a list in a list in a list … goes as deep as the file. And a short program may be costly, as one that
makes a set with every byte, so there is a limit to what one may spend.

BINPERSID hands an id to whoever runs the machine, and pushes what that stands for: so PyTorch keeps the numbers of its
tensors outside the pickle.
"""

from __future__ import annotations

import pickle as op  # for the names of the instructions; nothing in it is called
import struct
from collections import OrderedDict
from collections.abc import Callable, Mapping
from io import BufferedReader
from typing import Any, NamedTuple

from tinycnn.serialization.flaw import Flaw, shown
from tinycnn.serialization.keys import Keys

_BUDGET = 2_000_000  # an instruction costs 1; a tensor takes forty, and three objects
_OBJECT = 20  # what an object costs besides: a set has 200 bytes, a tensor of 64 axes a thousand
_LONGEST_NAME = 1000
_NAMES = {code: name for name, code in vars(op).items() if name.isupper() and isinstance(code, bytes)}


class Function:
    """What REDUCE may call: it gets the arguments as a tuple and must check them, for they come from the file."""

    def __init__(self, call: Callable[[tuple[Any, ...]], Any]) -> None:
        self.call = call


class Collection:
    """What REDUCE may also call, with nothing or a list: a set or an OrderedDict, whose keys the machine checks."""

    def __init__(self, kind: type[set[Any]] | type[OrderedDict[Any, Any]]) -> None:
        self.kind = kind


class Vocabulary(NamedTuple):
    """What lies outside of the machine: what GLOBAL may find, by "module.name", and how BUILD changes an object."""

    names: Mapping[str, Any]
    build: Callable[[Any, Any], None]


class Machine:
    """Runs one pickle, from where the file stands to its STOP.

    Parameters
    ----------
    file : BufferedReader
    size : int                 how many bytes there are
    vocabulary : Vocabulary    what the pickle may name
    persistent : function      what a persistent id stands for
    """

    def __init__(
        self, file: BufferedReader, size: int, vocabulary: Vocabulary, persistent: Callable[[Any], Any]
    ) -> None:
        self._file = file
        self._size = self._left = size
        self._vocabulary, self._persistent = vocabulary, persistent
        self._stack: list[Any] = []
        self._aside: list[list[Any]] = []  # the stacks that a MARK has laid aside
        self._memo: dict[int, Any] = {}
        self._keys = Keys()
        self._left_to_spend = _BUDGET

    def run(self) -> Any:
        """The object that the pickle describes."""
        while True:
            self._spend(1)
            code = self._take(1)
            if code == op.STOP:
                return self._pop()
            if code not in _INSTRUCTIONS:
                name = _NAMES.get(code, f"0x{code.hex()}")
                raise Flaw(f"the pickle holds the instruction {name}, which tensors do not need: it is not obeyed")
            _INSTRUCTIONS[code](self)

    def _spend(self, cost: int) -> None:
        self._left_to_spend -= cost
        if self._left_to_spend < 0:
            raise Flaw("the pickle makes more objects, or takes more steps, than twenty thousand tensors need")

    # Reading the program ─────────────────────────────────────────────────────────────────────────────────────────────

    def _take(self, count: int) -> bytes:
        if count > self._left:  # before asking for memory
            raise Flaw(f"the pickle does not end within its {self._size} bytes: the file was cut short or damaged")
        self._left -= count
        data = self._file.read(count)
        if len(data) < count:
            raise Flaw("the file became shorter while it was read")
        return data

    def _number(self, width: int, signed: bool = False) -> int:
        return int.from_bytes(self._take(width), "little", signed=signed)

    def _text(self, length: int) -> str:
        try:
            return self._take(length).decode("utf-8", "surrogatepass")  # as Python writes half a surrogate pair
        except UnicodeDecodeError as error:
            raise Flaw(f"the pickle holds text that is no UTF-8: {error.reason}") from error

    def _line(self) -> str:
        line = self._file.readline(min(_LONGEST_NAME, self._left))
        if not line.endswith(b"\n"):
            raise Flaw("the pickle holds a name that does not end")
        self._left -= len(line)
        return line[:-1].decode("utf-8", "replace")

    def _check_protocol(self, number: int) -> None:
        if not 2 <= number <= 5:
            raise Flaw(f"the pickle is of protocol {number}; 2 to 5 are read, and PyTorch writes 2")

    # The stack ───────────────────────────────────────────────────────────────────────────────────────────────────────

    def _push(self, value: Any) -> None:
        self._stack.append(value)

    def _make(self, value: Any) -> None:
        """Push an object that takes some memory."""
        self._spend(_OBJECT)
        self._push(value)

    def _last(self, count: int) -> list[Any]:
        """The topmost, taken off, the upper ones last."""
        if len(self._stack) < count:
            raise Flaw("the pickle takes more from the stack than lies there: it is damaged")
        items = self._stack[-count:]
        del self._stack[-count:]
        return items

    def _pop(self) -> Any:
        return self._last(1)[0]

    def _top(self) -> Any:
        value = self._pop()
        self._push(value)
        return value

    def _mark(self) -> None:
        self._aside.append(self._stack)
        self._stack = []

    def _since_mark(self) -> list[Any]:
        if not self._aside:
            raise Flaw("the pickle goes back to a mark that it has not set: it is damaged")
        items, self._stack = self._stack, self._aside.pop()
        return items

    def _drop(self, items: object) -> None:
        """What has been taken is not needed."""

    def _remember(self, number: int) -> None:
        self._memo[number] = self._top()

    def _remembered(self, number: int) -> Any:
        if number not in self._memo:
            raise Flaw(f"the pickle gets number {number} from its memo, where nothing was put: it is damaged")
        return self._memo[number]

    # What is done to the object under construction ───────────────────────────────────────────────────────────────────

    def _append(self, items: list[Any]) -> None:
        target = self._top()
        if type(target) is not list:
            raise Flaw(f"the pickle appends to {shown(target)}, not to a list")
        target.extend(items)

    def _set(self, items: list[Any]) -> None:
        target = self._top()
        if type(target) not in (dict, OrderedDict) or len(items) % 2:
            raise Flaw(f"the pickle sets {len(items)} keys and values of {shown(target)}, not pairs of a dictionary")
        target.update(zip(map(self._keys.checked, items[::2]), items[1::2], strict=True))

    def _add(self, items: list[Any]) -> None:
        target = self._top()
        if type(target) is not set:
            raise Flaw(f"the pickle adds to {shown(target)}, not to a set")
        target.update(map(self._keys.checked, items))

    def _name(self, module: Any, name: Any) -> None:
        path = f"{module}.{name}" if isinstance(module, str) and isinstance(name, str) else shown(name)
        if path not in self._vocabulary.names:
            below = self._stack[-1] if self._stack else None
            outermost = not self._stack and not self._aside and "._" not in path  # nor a function that makes something
            raise Flaw(_stranger(path, outermost or (isinstance(below, str) and below == "module")))
        self._push(self._vocabulary.names[path])

    def _call(self, function: Any, arguments: Any) -> None:
        if type(arguments) is tuple and isinstance(function, Function):
            self._make(function.call(arguments))
        elif type(arguments) is tuple and isinstance(function, Collection):
            self._make(self._collected(function.kind, arguments))
        else:
            raise Flaw(f"the pickle calls {shown(function)} with {shown(arguments)} (REDUCE or NEWOBJ): not obeyed")

    def _collected(self, kind: type[Any], arguments: tuple[Any, ...]) -> Any:
        check = self._keys.checked
        match arguments:
            case ():
                return kind()
            case (list() as items,) if kind is set:
                made = kind(map(check, items))
            case (list() as items,) if all(type(item) in (list, tuple) and len(item) == 2 for item in items):
                made = kind((check(key), value) for key, value in items)  # as Python 2 wrote an OrderedDict
            case _:
                given = ", ".join(map(shown, arguments[:9]))
                raise Flaw(f"{kind.__name__} is called with what it does not take: {given}")
        items.clear()  # given twice, the list would multiply
        return made

    def _build(self, state: Any) -> None:
        self._spend(_OBJECT)
        self._vocabulary.build(self._top(), state)


_INSTRUCTIONS: dict[bytes, Callable[[Machine], None]] = {
    # plain values
    op.NONE: lambda m: m._push(None),
    op.NEWTRUE: lambda m: m._push(True),
    op.NEWFALSE: lambda m: m._push(False),
    op.BININT1: lambda m: m._push(m._number(1)),
    op.BININT2: lambda m: m._push(m._number(2)),
    op.BININT: lambda m: m._push(m._number(4, signed=True)),
    op.LONG1: lambda m: m._push(m._number(m._number(1), signed=True)),
    op.BINFLOAT: lambda m: m._push(struct.unpack(">d", m._take(8))[0]),
    op.SHORT_BINSTRING: lambda m: m._push(m._text(m._number(1))),  # Python 2's text
    op.BINSTRING: lambda m: m._push(m._text(m._number(4))),
    op.SHORT_BINUNICODE: lambda m: m._push(m._text(m._number(1))),
    op.BINUNICODE: lambda m: m._push(m._text(m._number(4))),
    op.BINUNICODE8: lambda m: m._push(m._text(m._number(8))),
    # collections
    op.MARK: lambda m: m._mark(),
    op.EMPTY_TUPLE: lambda m: m._push(()),
    op.TUPLE1: lambda m: m._push(tuple(m._last(1))),
    op.TUPLE2: lambda m: m._push(tuple(m._last(2))),
    op.TUPLE3: lambda m: m._push(tuple(m._last(3))),
    op.TUPLE: lambda m: m._push(tuple(m._since_mark())),
    op.EMPTY_LIST: lambda m: m._push([]),
    op.APPEND: lambda m: m._append(m._last(1)),
    op.APPENDS: lambda m: m._append(m._since_mark()),
    op.EMPTY_DICT: lambda m: m._make({}),
    op.SETITEM: lambda m: m._set(m._last(2)),
    op.SETITEMS: lambda m: m._set(m._since_mark()),
    op.EMPTY_SET: lambda m: m._make(set()),
    op.ADDITEMS: lambda m: m._add(m._since_mark()),
    op.FROZENSET: lambda m: m._make(frozenset(map(m._keys.checked, m._since_mark()))),
    op.POP: lambda m: m._drop(m._last(1)),
    op.POP_MARK: lambda m: m._drop(m._since_mark()),
    # the memo
    op.BINPUT: lambda m: m._remember(m._number(1)),
    op.LONG_BINPUT: lambda m: m._remember(m._number(4)),
    op.MEMOIZE: lambda m: m._remember(len(m._memo)),
    op.BINGET: lambda m: m._push(m._remembered(m._number(1))),
    op.LONG_BINGET: lambda m: m._push(m._remembered(m._number(4))),
    # names, calls, attributes, and what lies outside
    op.GLOBAL: lambda m: m._name(m._line(), m._line()),
    op.STACK_GLOBAL: lambda m: m._name(*m._last(2)),
    op.REDUCE: lambda m: m._call(*m._last(2)),
    op.NEWOBJ: lambda m: m._call(*m._last(2)),  # of a class; REDUCE calls a function
    op.BUILD: lambda m: m._build(m._pop()),
    op.BINPERSID: lambda m: m._make(m._persistent(m._pop())),
    # about the pickle itself
    op.PROTO: lambda m: m._check_protocol(m._number(1)),
    op.FRAME: lambda m: m._drop(m._take(8)),
}


def _stranger(path: str, outermost: bool) -> str:
    """Why a name is refused, and what was likely meant."""
    path = path if len(path) < 200 and path.replace(".", "_").isidentifier() else shown(path)
    if outermost or path.startswith("torch.nn.modules."):
        return (
            f"it holds a whole object of the class {path}, not tensors. Making one would run its code, so tinycnn reads"
            " only tensors and dictionaries of them; where the class is known, save model.state_dict() instead"
        )
    return (
        f"it asks for {path} (GLOBAL), which is none of the names that tensors and dictionaries need. It might run"
        " anything, so it is refused; in PyTorch, save only model.state_dict(), without other objects beside it"
    )
