r"""Where the time and the memory of a step go: by op, forward and backward in one row, and by module.

The names are torch.profiler's. What PyTorch lacks is `by_module`, `chart`, and that all columns add up: what Python
does between the ops has a row of its own. The gradient of a large linear layer's weights is formed in the optimizer's
step, or when it is looked at first, and its time is counted there.

>>> import tinycnn as torch
>>> from tinycnn import nn
>>> from tinycnn.profiler import profile, record_function
>>> model = nn.Sequential(nn.Conv2d(3, 8, 3), nn.ReLU(), nn.Flatten(), nn.Linear(288, 10))
>>> images, labels = torch.randn(4, 3, 8, 8), torch.tensor([0, 1, 2, 3])
>>> with profile() as prof:
...     with record_function("loss"):
...         loss = nn.functional.cross_entropy(model(images), labels)
...     loss.backward()
>>> {event.key: event.count for event in prof.key_averages()}["Conv2d"]
1
>>> print(prof.key_averages().table(sort_by="forward", row_limit=10))        # doctest: +SKIP
>>> print(prof.by_module())                                                  # doctest: +SKIP
>>> prof.chart().savefig("step.png")                                         # doctest: +SKIP
"""

from __future__ import annotations

from tinycnn.profiler.averages import EventAverage, EventList
from tinycnn.profiler.module_costs import ModuleCost, ModuleList
from tinycnn.profiler.session import profile, record_function, tensorboard_trace_handler
from tinycnn.profiler.timetable import ProfilerAction, ProfilerActivity, schedule, supported_activities

__all__ = [
    "EventAverage", "EventList", "ModuleCost", "ModuleList", "ProfilerAction", "ProfilerActivity", "profile",
    "record_function", "schedule", "supported_activities", "tensorboard_trace_handler",
]
