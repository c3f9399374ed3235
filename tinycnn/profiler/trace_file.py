r"""The recording as a file for chrome://tracing, ui.perfetto.dev or TensorBoard."""

from __future__ import annotations

import gzip
import json
import os
from typing import Any

from tinycnn.profiler.spans import Span, Trace
from tinycnn.serialization import replacing

_CATEGORIES = {"op": "cpu_op", "module": "python_function", "label": "user_annotation"}


def write_trace(trace: Trace, path: str | os.PathLike[str]) -> None:
    r"""Write the spans as events of Chrome's trace format; an arrow leads from an op to its backward."""
    document = {"schemaVersion": 1, "displayTimeUnit": "ms", "traceEvents": _events(trace)}
    data = json.dumps(document, ensure_ascii=False).encode()
    with replacing(path) as temporary, open(temporary, "wb") as file:
        file.write(gzip.compress(data) if os.fspath(path).endswith(".gz") else data)


def _events(trace: Trace) -> list[dict[str, Any]]:
    threads = list(dict.fromkeys([trace.thread, *(span.thread for span in trace.spans)]))
    process = {"pid": os.getpid()}
    events: list[dict[str, Any]] = [
        {"ph": "M", "name": "thread_name", **process, "tid": number, "args": {"name": f"thread {number}"}}
        for number in range(len(threads))
    ]
    forward = {span.serial for span in trace.spans if span.serial and span.way == "forward"}
    for span in trace.spans:
        place = {**process, "tid": threads.index(span.thread)}
        began = (span.began - trace.began) / 1e3
        events.append({"ph": "X", "name": span.key, "cat": _CATEGORIES[span.sort], "ts": began,
                       "dur": span.cpu_time_total, **place, "args": _arguments(span)})  # fmt: skip
        if span.serial in forward:
            ends = {"ph": "s"} if span.way == "forward" else {"ph": "f", "bp": "e"}
            events.append({**ends, "name": "fwdbwd", "cat": "fwdbwd", "id": span.serial, "ts": began, **place})
        if span.sort == "op":
            events.append({"ph": "C", "name": "results in MB", "ts": (span.ended - trace.began) / 1e3, **process,
                           "args": {"live": span.live / 1e6}})  # fmt: skip
    return events


def _arguments(span: Span) -> dict[str, Any]:
    found: dict[str, Any] = {}
    if span.place is not None:
        found["Module"] = span.place.path or span.place.kind
    if span.sort == "op":
        found["Input Dims"] = [list(shape or ()) for shape in span.shapes]
        found["Sequence number"] = span.serial
        found["Bytes"] = span.bytes
    if span.flops:
        found["FLOPs"] = span.flops
    return found
