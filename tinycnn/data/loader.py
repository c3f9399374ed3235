r"""The DataLoader: draws indices, fetches samples, collates them into batches, ahead of time if asked to."""

from __future__ import annotations

import itertools
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from typing import Any

from tinycnn import random
from tinycnn.autograd import observing
from tinycnn.errors import ConfigError
from tinycnn.random import Generator

from .collate import default_collate, default_convert
from .dataset import samples_at
from .sampler import BatchSampler, RandomSampler, SequentialSampler, fresh_seed
from .workers import Answer, WorkerInfo, Workers

_FIXED = ("batch_size", "batch_sampler", "sampler", "drop_last", "dataset", "persistent_workers")


class DataLoader:
    r"""The batches of a dataset, one pass (an epoch) each time it is iterated.

    Parameters
    ----------
    dataset : Dataset
        Anything with ``dataset[i]`` and ``len(dataset)``. With ``dataset.__getitems__(indices)`` too, a batch is
        fetched at once: see :class:`TensorDataset`.
    batch_size : int or None
        Samples a batch. None: no batches, each sample goes through ``collate_fn`` alone.
    shuffle : bool
        Draw the samples in a new random order every epoch.
    sampler : iterable of int, optional
        The order of the samples, in place of ``shuffle``.
    batch_sampler : iterable of list of int, optional
        The batches themselves, in place of ``batch_size``, ``shuffle``, ``sampler`` and ``drop_last``.
    num_workers : int
        How many threads fetch batches ahead, while the loop computes. The batches are those of ``num_workers=0``,
        in the same order. Where threads cannot start (a browser), the loop fetches them itself.
    collate_fn : callable, optional
        Makes a batch of a list of samples; :func:`default_collate` if None.
    drop_last : bool
        Leave out a last batch that is not full.
    timeout : float
        The most seconds to wait for a batch from a worker; 0 waits as long as it takes.
    worker_init_fn : callable, optional
        Called with the worker's number as each thread starts. The threads share the one dataset.
    generator : Generator, optional
        What the order is drawn from; the global one if None.
    prefetch_factor : int, optional, keyword only
        Batches fetched ahead for each worker, 2 if None.
    pin_memory, multiprocessing_context, persistent_workers, pin_memory_device, in_order
        Accepted so that code written for PyTorch runs, and without effect: there are no pages to pin and no processes
        to keep; a thread starts in some microseconds; the order is always kept.

    Raises
    ------
    ConfigError     options that exclude each other or are out of range
    TypeError       a dataset that cannot be indexed

    Notes
    -----
    An exception in a worker is raised in the loop, with its own traceback. Leaving the loop early ends the threads.
    The order of the samples is drawn before the first batch, and what a dataset draws itself (an augmentation) comes
    from a generator of the batch's own, whose seed is drawn with the order. So one seed gives the same epoch with any
    number of workers, whatever the loop draws meanwhile.

    Examples
    --------
    >>> import tinycnn as torch
    >>> dataset = torch.utils.data.TensorDataset(torch.arange(5), torch.arange(5) ** 2)
    >>> for x, y in DataLoader(dataset, batch_size=2):
    ...     print(x.tolist(), y.tolist())
    [0, 1] [0, 1]
    [2, 3] [4, 9]
    [4] [16]
    """

    def __init__(
        self,
        dataset: Any,
        batch_size: int | None = 1,
        shuffle: bool | None = None,
        sampler: Iterable[Any] | None = None,
        batch_sampler: Iterable[list[Any]] | None = None,
        num_workers: int = 0,
        collate_fn: Callable[[Any], Any] | None = None,
        pin_memory: bool = False,
        drop_last: bool = False,
        timeout: float = 0,
        worker_init_fn: Callable[[int], Any] | None = None,
        multiprocessing_context: Any = None,
        generator: Generator | None = None,
        *,
        prefetch_factor: int | None = None,
        persistent_workers: bool = False,
        pin_memory_device: str = "",
        in_order: bool = True,
    ) -> None:
        _check_workers(num_workers, timeout, prefetch_factor, persistent_workers)
        _check_batching(batch_size, shuffle, sampler, batch_sampler, drop_last)
        if not hasattr(dataset, "__getitem__"):
            raise TypeError(
                f"DataLoader: a dataset needs __getitem__ and __len__, but {type(dataset).__name__} cannot be indexed; "
                "put the samples of a stream into a list first"
            )
        if sampler is None:
            sampler = RandomSampler(dataset, generator=generator) if shuffle else SequentialSampler(dataset)
        if batch_sampler is not None:
            batch_size = None
        elif batch_size is not None:
            batch_sampler = BatchSampler(sampler, batch_size, drop_last)
        self.dataset = dataset
        self.batch_size = batch_size
        self.sampler = sampler
        self.batch_sampler = batch_sampler
        self.num_workers = num_workers
        self.collate_fn = collate_fn or (default_convert if batch_sampler is None else default_collate)
        self.pin_memory = pin_memory
        self.drop_last = drop_last
        self.timeout = timeout
        self.worker_init_fn = worker_init_fn
        self.multiprocessing_context = multiprocessing_context
        self.generator = generator
        self.prefetch_factor = 2 if num_workers > 0 and prefetch_factor is None else prefetch_factor
        self.persistent_workers = persistent_workers
        self.pin_memory_device = pin_memory_device
        self.in_order = in_order

    def __setattr__(self, name: str, value: Any) -> None:
        if name in _FIXED and name in self.__dict__:
            raise ConfigError(f"{name} attribute should not be set after {type(self).__name__} is initialized")
        super().__setattr__(name, value)

    @property
    def _draws(self) -> Any:
        r"""What is iterated for an epoch: lists of indices, or single ones where there are no batches."""
        return self.sampler if self.batch_sampler is None else self.batch_sampler

    def __len__(self) -> int:
        return len(self._draws)

    def __iter__(self) -> Iterator[Any]:
        seed = fresh_seed(self.generator)  # drawn without workers too, so that what follows is the same with them
        infos = [WorkerInfo(i, self.num_workers, seed + i, self.dataset) for i in range(self.num_workers)]
        draws = enumerate(self._draws, start=seed)
        return self._ahead(draws, infos) if infos else (self._fetch(*draw) for draw in draws)

    def _fetch(self, seed: int, index: Any) -> Any:
        with observing.inside("DataLoader.fetch"), random.drawing_from(Generator().manual_seed(seed)):
            samples = self.dataset[index] if self.batch_sampler is None else samples_at(self.dataset, index)
            return self.collate_fn(samples)

    def _ahead(self, draws: Iterator[tuple[int, Any]], infos: list[WorkerInfo]) -> Iterator[Any]:
        workers = Workers(self._fetch, infos, self.worker_init_fn)
        most = max(1, len(workers) * (self.prefetch_factor or 1))  # tasks in flight
        asked: deque[Any] = deque()
        try:
            if not workers:
                yield from (self._fetch(*draw) for draw in draws)
            while workers:
                asked.extend(workers.ask(*draw) for draw in itertools.islice(draws, most - len(asked)))
                if not asked:
                    return
                yield self._awaited(asked.popleft())
        finally:
            workers.close(self.timeout or None)

    def _awaited(self, answer: Answer) -> Any:
        with observing.inside("DataLoader.wait"):
            return answer.take(self.timeout or None)


def _check_workers(num_workers: int, timeout: float, prefetch_factor: int | None, persistent_workers: bool) -> None:
    if num_workers < 0:
        raise ConfigError(
            "DataLoader: num_workers option should be non-negative; use num_workers=0 to fetch batches in the loop"
        )
    if timeout < 0:
        raise ConfigError("DataLoader: timeout option should be non-negative")
    if num_workers == 0 and prefetch_factor is not None:
        raise ConfigError(
            "DataLoader: prefetch_factor option could only be specified with workers; let num_workers > 0, or set "
            "prefetch_factor to None"
        )
    if prefetch_factor is not None and prefetch_factor < 0:
        raise ConfigError("DataLoader: prefetch_factor option should be non-negative")
    if persistent_workers and num_workers == 0:
        raise ConfigError("DataLoader: persistent_workers option needs num_workers > 0")


def _check_batching(
    batch_size: int | None, shuffle: bool | None, sampler: Any, batch_sampler: Any, drop_last: bool
) -> None:
    if sampler is not None and shuffle:
        raise ConfigError("DataLoader: sampler option is mutually exclusive with shuffle")
    if batch_sampler is not None and (batch_size != 1 or shuffle or sampler is not None or drop_last):
        raise ConfigError(
            "DataLoader: batch_sampler option is mutually exclusive with batch_size, shuffle, sampler, and drop_last"
        )
    if batch_size is None and drop_last:
        raise ConfigError(
            "DataLoader: batch_size=None option disables auto-batching and is mutually exclusive with drop_last"
        )
