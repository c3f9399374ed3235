r"""save and load: tensors and the plain values around them, in files.

    atomic.py             replacing: a file is written whole or not at all
    writing.py            save: safetensors
    reading.py            load: what the first bytes say the file is, by one of these
    safetensors_file.py   a header of JSON, then the tensors' bytes
    torch_zip.py          .pth since PyTorch 1.6: a zip of a pickle and the storages
    torch_stream.py       .pth of 2017 to 2020: a few pickles, then the storages
    pickles.py            what a pickle is, and a machine that reads one without running any code
    vocabulary.py         what the names in PyTorch's pickles mean, and no others
    keys.py               what may be a key of a dictionary
    storages.py           the memory that tensors look into, filled from the file
    flaw.py               what is wrong with a file
"""

from tinycnn.serialization.atomic import replacing
from tinycnn.serialization.reading import load
from tinycnn.serialization.writing import save

__all__ = ["load", "replacing", "save"]
