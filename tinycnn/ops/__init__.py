"""The operations: each with its forward on arrays and its backward on Tensors side by side, one family a file.

    elementwise  arithmetic  activations  entropy       of each element, or of pairs of them
    choice  comparison                                  the larger, the one a mask says; relations, logic, bits
    reduction  extremes  magnitude  verdicts            sums and variances; max and min; norms; all, any, isclose
    logits  normalization                               softmax; what all norms of layers have in common
    linalg  contraction  diagonals                      matrix products; einsum; diagonals and triangles
    convolution  pooling  unfolding                     windows that slide over images
    shaping  expansion  joining  padding  copying       the same elements, in other places
    indexing  indices  scattering  ordering             x[…] and what an index means; gather, scatter; sort, topk
    promotion  arguments                                before an op: one dtype, one shape; types that are refused
"""
