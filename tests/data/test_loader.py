r"""The DataLoader: the right batches, the same ones with threads as without, and nothing left behind."""

from __future__ import annotations

import threading
import time
import traceback
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import tinycnn as torch
from tinycnn import data
from tinycnn.data import workers
from tinycnn.utils.data import DataLoader, Dataset, SubsetRandomSampler, TensorDataset, get_worker_info


def table(rows: int = 10) -> TensorDataset:
    return TensorDataset(torch.arange(rows * 3).reshape(rows, 3).float(), torch.arange(rows))


def labels(loader: DataLoader) -> list[list[int]]:
    return [batch[1].tolist() for batch in loader]


class Slow(Dataset[int]):
    r"""Takes longer for the early samples of a batch, so that threads overtake each other."""

    def __len__(self) -> int:
        return 12

    def __getitem__(self, index: int) -> int:
        time.sleep(0.002 * (index % 3 == 0))
        return index


@given(
    rows=st.integers(1, 20),
    batch_size=st.integers(1, 6),
    drop_last=st.booleans(),
    num_workers=st.integers(0, 3),
    shuffle=st.booleans(),
)
def test_an_epoch_is_every_sample_once(
    rows: int, batch_size: int, drop_last: bool, num_workers: int, shuffle: bool
) -> None:
    loader = DataLoader(table(rows), batch_size, shuffle, drop_last=drop_last, num_workers=num_workers)
    batches = list(loader)
    assert len(batches) == len(loader)
    seen = [label for _, batch in batches for label in batch.tolist()]
    whole = rows - rows % batch_size if drop_last else rows
    assert len(seen) == whole
    assert len(set(seen)) == whole
    assert shuffle or seen == list(range(whole))
    for images, batch in batches:
        assert images.dtype == torch.float32
        assert batch.dtype == torch.int64
        assert images[:, 0].tolist() == [3 * label for label in batch.tolist()]


@pytest.mark.parametrize("num_workers", [1, 2, 4])
@pytest.mark.parametrize("own_generator", [False, True])
def test_one_seed_gives_the_same_epochs_with_any_number_of_workers(num_workers: int, own_generator: bool) -> None:
    class Noisy(Slow):
        def __getitem__(self, index: int) -> Any:
            return super().__getitem__(index), torch.rand(2)

    def epochs(num_workers: int) -> list[Any]:
        generator = torch.Generator().manual_seed(5) if own_generator else None
        torch.manual_seed(7)
        loader = DataLoader(Noisy(), 2, shuffle=True, num_workers=num_workers, generator=generator)
        # the loop draws too, as dropout does
        return [(batch.tolist(), noise.tolist(), torch.rand(1).item()) for _ in range(2) for batch, noise in loader]

    serial = epochs(0)
    assert epochs(num_workers) == serial
    assert len({str(noise) for _, noise, _ in serial}) == len(serial) == 12  # no batch repeats another one's noise


def test_workers_fetch_ahead_but_no_further_than_asked() -> None:
    fetched: list[int] = []

    class Counted(Dataset[int]):
        def __len__(self) -> int:
            return 100

        def __getitem__(self, index: int) -> int:
            fetched.append(index)
            return index

    batches = iter(DataLoader(Counted(), 1, num_workers=2, prefetch_factor=3))
    next(batches)
    deadline = time.monotonic() + 10
    while len(fetched) < 6 and time.monotonic() < deadline:
        time.sleep(0.001)
    assert sorted(fetched) == [0, 1, 2, 3, 4, 5]
    batches.close()


def test_two_workers_fetch_at_the_same_time() -> None:
    both = threading.Barrier(2, timeout=10)

    class Meeting(Dataset[int]):
        def __len__(self) -> int:
            return 4

        def __getitem__(self, index: int) -> int:
            both.wait()
            return index

    assert [int(batch) for batch in DataLoader(Meeting(), num_workers=2)] == [0, 1, 2, 3]


@pytest.mark.parametrize("num_workers", [0, 1, 3])
def test_an_exception_reaches_the_loop_with_its_traceback(num_workers: int) -> None:
    class Broken(Dataset[int]):
        def __len__(self) -> int:
            return 8

        def __getitem__(self, index: int) -> int:
            if index == 5:
                raise FileNotFoundError(f"image {index} is gone")
            return index

    seen = []
    threads = threading.active_count()
    batches = iter(DataLoader(Broken(), 1, num_workers=num_workers))
    with pytest.raises(FileNotFoundError, match="image 5 is gone") as caught:
        seen.extend(int(batch) for batch in batches)
    assert seen == [0, 1, 2, 3, 4]
    assert "__getitem__" in [frame.name for frame in traceback.extract_tb(caught.value.__traceback__)]
    assert threading.active_count() == threads
    if num_workers:
        assert any(note.startswith("in DataLoader worker") for note in caught.value.__notes__)


@pytest.mark.parametrize("num_workers", [0, 2])
def test_a_dataset_that_stops_iterating_does_not_cut_the_epoch_short(num_workers: int) -> None:
    class Exhausted(Slow):
        def __getitem__(self, index: int) -> int:
            return next(iter([index] * (index < 3)))

    with pytest.raises(RuntimeError, match="StopIteration"):
        list(DataLoader(Exhausted(), num_workers=num_workers))


def test_leaving_the_loop_leaves_no_thread() -> None:
    threads = threading.active_count()
    loader = DataLoader(Slow(), 1, num_workers=4)
    for _ in loader:
        assert threading.active_count() == threads + 4
        break
    assert threading.active_count() == threads

    def fail() -> None:
        for batch in loader:
            raise KeyError(batch)

    with pytest.raises(KeyError):
        fail()
    assert threading.active_count() == threads
    list(loader)
    assert threading.active_count() == threads


def test_a_loop_may_be_closed_by_its_own_worker() -> None:
    # the garbage collector runs in whatever thread it likes
    crew = workers.Workers(lambda: crew.close(None), [workers.WorkerInfo(0, 1, 0, None)])
    assert crew.ask().take(timeout=10) is None


def test_two_loops_over_one_loader_at_once() -> None:
    loader = DataLoader(table(4), 1, num_workers=2)
    pairs = [(a[1].item(), b[1].item()) for a in loader for b in loader]
    assert pairs == [(a, b) for a in range(4) for b in range(4)]


@pytest.mark.parametrize("started", [0, 1])
def test_where_threads_cannot_start_the_loop_fetches_by_itself(started: int, monkeypatch: pytest.MonkeyPatch) -> None:
    class Thread(threading.Thread):
        def start(self) -> None:
            if int(self.name.split()[-1]) >= started:
                raise RuntimeError("can't start new thread")
            super().start()

    monkeypatch.setattr(workers.threading, "Thread", Thread)
    assert labels(DataLoader(table(5), 2, num_workers=3)) == [[0, 1], [2, 3], [4]]


def test_an_interrupt_while_threads_start_leaves_none_of_them_behind(monkeypatch: pytest.MonkeyPatch) -> None:
    started: list[threading.Thread] = []

    class Thread(threading.Thread):
        def start(self) -> None:
            super().start()
            started.append(self)
            if len(started) == 2:
                raise KeyboardInterrupt

    monkeypatch.setattr(workers.threading, "Thread", Thread)
    with pytest.raises(KeyboardInterrupt):
        list(DataLoader(table(), num_workers=3))
    for thread in started:
        thread.join(5)
    assert [thread.is_alive() for thread in started] == [False, False]


def test_worker_init_fn_and_worker_info() -> None:
    begun: list[Any] = []
    loader = DataLoader(
        table(2), num_workers=2, worker_init_fn=lambda number: begun.append((number, get_worker_info()))
    )
    list(loader)
    assert sorted(number for number, _ in begun) == [0, 1]
    assert all(info.id == number and info.num_workers == 2 and info.dataset is loader.dataset for number, info in begun)
    assert get_worker_info() is None


def test_an_error_in_worker_init_fn_reaches_the_loop() -> None:
    def begin(number: int) -> None:
        raise OSError("no licence for this worker")

    with pytest.raises(OSError, match="no licence"):
        list(DataLoader(table(), num_workers=2, worker_init_fn=begin))


def test_a_worker_that_takes_too_long_is_given_up() -> None:
    stuck = threading.Event()

    class Stuck(Dataset[int]):
        def __len__(self) -> int:
            return 2

        def __getitem__(self, index: int) -> int:
            stuck.wait(10)
            return index

    with pytest.raises(RuntimeError, match=r"timed out after 0\.01 seconds"):
        list(DataLoader(Stuck(), num_workers=1, timeout=0.01))
    stuck.set()


def test_sampler_and_batch_sampler_decide_what_is_drawn() -> None:
    assert labels(DataLoader(table(), 2, sampler=[3, 1, 7])) == [[3, 1], [7]]
    loader = DataLoader(table(), batch_sampler=[[9, 0], [4]])
    assert labels(loader) == [[9, 0], [4]]
    assert len(loader) == 2
    assert loader.batch_size is None
    assert sorted(labels(DataLoader(table(), 3, sampler=SubsetRandomSampler([8, 2, 5])))[0]) == [2, 5, 8]


def test_without_batches_samples_come_one_by_one() -> None:
    loader = DataLoader([np.ones(2, np.float32), "text"], batch_size=None)
    first, second = loader
    assert isinstance(first, torch.Tensor)
    assert first.tolist() == [1, 1]
    assert second == "text"
    assert len(loader) == 2


def test_collate_fn_gets_the_samples() -> None:
    batches = list(DataLoader(table(3), 2, collate_fn=lambda samples: [label.item() for _, label in samples]))
    assert batches == [[0, 1], [2]]
    assert [list(batch) for batch in DataLoader("abc", 2, collate_fn=list)] == [["a", "b"], ["c"]]


def test_pytorchs_other_options_are_accepted() -> None:
    loader = DataLoader(
        table(2), num_workers=1, pin_memory=True, persistent_workers=True, multiprocessing_context="fork", in_order=True
    )
    assert labels(loader) == labels(loader) == [[0], [1]]
    assert loader.prefetch_factor == 2


@pytest.mark.parametrize(
    ("options", "says"),
    [
        ({"num_workers": -1}, "num_workers option should be non-negative"),
        ({"timeout": -1}, "timeout option should be non-negative"),
        ({"prefetch_factor": 2}, "prefetch_factor option could only be specified"),
        ({"prefetch_factor": -1, "num_workers": 1}, "prefetch_factor option should be non-negative"),
        ({"persistent_workers": True}, "persistent_workers option needs num_workers > 0"),
        ({"sampler": [0], "shuffle": True}, "sampler option is mutually exclusive with shuffle"),
        (
            {"batch_sampler": [[0]], "batch_size": 2},
            "batch_sampler option is mutually exclusive with batch_size, shuffle",
        ),
        ({"batch_sampler": [[0]], "shuffle": True}, "batch_sampler option is mutually exclusive"),
        ({"batch_sampler": [[0]], "sampler": [0]}, "batch_sampler option is mutually exclusive"),
        ({"batch_sampler": [[0]], "drop_last": True}, "batch_sampler option is mutually exclusive"),
        ({"batch_size": None, "drop_last": True}, "batch_size=None option disables auto-batching"),
        ({"batch_size": 0}, "batch_size should be a positive integer value, but got batch_size=0"),
        ({"batch_size": 2.0}, "batch_size should be a positive integer value"),
    ],
)
def test_options_that_exclude_each_other(options: dict[str, Any], says: str) -> None:
    with pytest.raises(ValueError, match=says):
        DataLoader(table(), **options)


def test_what_cannot_be_indexed_is_refused() -> None:
    with pytest.raises(TypeError, match="generator cannot be indexed; put the samples of a stream into a list"):
        DataLoader(i for i in range(3))
    with pytest.raises(ValueError, match="num_samples=0"):
        DataLoader([], shuffle=True)


def test_options_are_fixed_once_the_loader_is_made() -> None:
    loader = DataLoader(table())
    for name in ("batch_size", "sampler", "dataset", "drop_last"):
        with pytest.raises(ValueError, match=f"{name} attribute should not be set after DataLoader is initialized"):
            setattr(loader, name, None)
    loader.num_workers = 2
    assert len(labels(loader)) == 10


def test_pytorchs_place_for_it_all_hands_on_the_same_names() -> None:
    assert torch.utils.data.__all__ == data.__all__
    assert all(getattr(torch.utils.data, name) is getattr(data, name) for name in data.__all__)
