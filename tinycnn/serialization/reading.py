r"""load: the first bytes say which kind of file it is, whatever its name."""

from __future__ import annotations

import os
import stat
from collections.abc import Callable
from io import BufferedReader
from typing import Any

from tinycnn import backend as backends
from tinycnn._tensor import Tensor
from tinycnn.errors import FormatError
from tinycnn.serialization.flaw import Flaw
from tinycnn.serialization.safetensors_file import read_safetensors
from tinycnn.serialization.torch_stream import read_torch_stream
from tinycnn.serialization.torch_zip import read_torch_zip
from tinycnn.serialization.vocabulary import tensors_in

_MOST_SHARED = 16  # times the size of the file; half precision is widened, and views may share a storage


def load(f: str | os.PathLike[str], map_location: Any = None, *, weights_only: bool = True) -> Any:
    r"""Read what :func:`save` wrote, any other safetensors file, or weights that PyTorch saved as ``.pth`` or ``.pt``.

    Parameters
    ----------
    f : str or PathLike
        The content decides what it is, not the name.
    map_location : str or device, optional
        Where the tensors go; the CPU if None, wherever they were when they were saved.
    weights_only : bool
        Accepted so that code written for PyTorch runs. False changes nothing: no code in a file is ever run.

    Returns
    -------
    dict
        Equal to what was saved: keys that are int stay int, tuples stay tuples. bfloat16 is read as float32. PyTorch's
        files may hold another object than a dictionary, as a single Tensor; it is returned as it was.

    Raises
    ------
    FormatError    the file is of none of these formats, or not a sound one; the message says what is wrong
    OSError        there is no such file, or it cannot be read

    Notes
    -----
    From PyTorch's files come tensors, dictionaries (OrderedDict stays one), lists, tuples, sets, text, numbers, bool,
    None, sizes and dtypes. Whatever else is in one is refused by name, above all a model that was saved whole: of that,
    save ``state_dict()``. Tensors that shared memory share it again, if they stay on the CPU. A Parameter comes back as
    a Tensor that requires grad as it did; `load_state_dict` takes both.

    Both formats of PyTorch are read: the zip that it has written since version 1.6, and the stream of 2017 to 2020.
    Files are not trusted: one that asks for a million objects, or for keys that collide, is given up within seconds.

    Examples
    --------
    >>> import tempfile, tinycnn as torch
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     torch.save({"weight": torch.ones(2)}, f"{folder}/weights.pth")
    ...     torch.load(f"{folder}/weights.pth")
    {'weight': tensor([1., 1.])}
    """
    path = os.fspath(f)
    elsewhere = map_location is not None and backends.get(map_location).name != "cpu"
    mode = os.stat(path).st_mode
    if not (stat.S_ISREG(mode) or stat.S_ISDIR(mode)):  # a pipe would wait for a writer, a device has no end
        raise FormatError(f"{path}: it is a pipe or a device, and no file")
    with open(path, "rb") as file:
        try:
            found = _reader(file)(file)
            tensors = tensors_in(found)
            if elsewhere:
                _move(tensors, map_location, os.fstat(file.fileno()).st_size)
        except Flaw as flaw:
            raise FormatError(f"{path}: {flaw}") from flaw
    return found


def _move(tensors: list[Tensor], device: Any, size: int) -> None:
    """Copy each tensor to the device, where every number of it takes its own place, also if one stood for many."""
    wanted = sum(tensor.nbytes for tensor in tensors)
    if wanted > _MOST_SHARED * size + 1_000_000:
        raise Flaw(f"its tensors share memory, and on {device} would take {wanted} bytes; leave map_location out")
    for tensor in tensors:
        tensor.array = tensor.detach().to(device).array


def _reader(file: BufferedReader) -> Callable[[BufferedReader], Any]:
    """The function that reads such files."""
    first = file.read(512)  # a block of a tar
    file.seek(0)
    if first[8:9] == b"{":  # where the others have, by chance or not, something else
        return read_safetensors
    if first.startswith(b"PK\x03\x04"):
        return read_torch_zip
    if first[:1] == b"\x80" and first[1:2] in (b"\x02", b"\x03", b"\x04", b"\x05"):
        return read_torch_stream
    if not first:
        raise Flaw("the file is empty")
    if first.lstrip().startswith(b"<"):
        raise Flaw("it is a web page, as a server sends in place of a file that it does not give: download it again")
    if first[257:262] == b"ustar":
        raise Flaw(
            "it is a tar archive, as PyTorch wrote until 2017, which is not read. Where PyTorch is installed,"
            " torch.save(torch.load(path, weights_only=False), new_path) makes a file that is; but that runs whatever"
            " code the file holds, so do it only if you trust whoever made it"
        )
    raise Flaw("it is neither a safetensors file, which begins with a header's length and '{', nor one of PyTorch's")
