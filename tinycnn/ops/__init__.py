"""The operations: each with its forward on arrays and its backward on Tensors side by side, one family a file."""
