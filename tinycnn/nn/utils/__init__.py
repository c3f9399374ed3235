r"""What is done to the parameters of a module as a whole, under the names of torch.nn.utils."""

from __future__ import annotations

from tinycnn.nn.utils.clipping import clip_grad_norm_, clip_grad_value_, clip_grads_with_norm_, get_total_norm
from tinycnn.nn.utils.vectors import parameters_to_vector, vector_to_parameters
from tinycnn.nn.utils.without_init import skip_init

__all__ = [
    "clip_grad_norm_", "clip_grad_value_", "clip_grads_with_norm_", "get_total_norm", "parameters_to_vector",
    "skip_init", "vector_to_parameters",
]
