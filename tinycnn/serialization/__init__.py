r"""save and load: tensors and the plain values around them, in files.

    file            says what it is               is read
    atomic.py       replacing                     a file is written whole or not at all
    writing.py      save                          safetensors
    reading.py      load                          whatever the first bytes say it is
    safetensors_file.py                           a header of JSON, then the tensors' bytes
    torch_zip.py                                  .pth since PyTorch 1.6: a zip of a pickle and the storages
    torch_stream.py                               .pth of 2017 to 2020: a few pickles, then the storages
    pickles.py      Machine                       what a pickle is, and how one is read without running it
    vocabulary.py   NAMES                         what the names in PyTorch's pickles mean
    storages.py     Storage                       memory that tensors look into, filled from the file
    flaw.py         Flaw                          what is wrong with a file
"""

from tinycnn.serialization.atomic import replacing
from tinycnn.serialization.reading import load
from tinycnn.serialization.writing import save

__all__ = ["load", "replacing", "save"]
