"""How fast tinycnn is: training steps, inference and single layers, timed beside PyTorch's and DeZero's.

    python -m benchmarks --help

`command` reads the options, `work` lists what is timed and `peers` who, `rounds` lets them take turns, each a `worker`
process of its own, and `record`, `tables` and `pictures` keep and show what came of it.
"""
