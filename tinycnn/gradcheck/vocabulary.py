r"""The words the checker answers with: verdicts, and the causes it can tell apart."""

from __future__ import annotations

VERDICTS = {
    "pass": "every derivative agrees with finite differences",
    "fail": "a derivative is wrong, or backward breaks a rule",
    "kink": "the function has no derivative at this point: move it a little",
    "vacuous": "every derivative is 0 here, so a backward that returned zeros would pass as well",
    "nondeterministic": "the function gives other values when it is called again, so there is nothing to compare with",
}

HINTS = {  # for verdicts that blame no argument
    "vacuous": "Weight the outputs with random numbers instead of summing them, and look at other inputs.",
    "nondeterministic": "Does it draw random numbers, as dropout does? model.eval() switches that off. Or does it keep"
    " something from one call to the next, such as running statistics or a counter?",
}

CAUSES = {
    "sign": "the gradient points the other way",
    "scale": "a factor is missing or too much, such as the number of rows",
    "transposed": "axes are exchanged, such as W for Wᵀ, or two whole gradients",
    "flipped": "the gradient is reversed or shifted along axes, such as a kernel that ought to be turned",
    "missing-sum": "one share is there where the sum over all is due, such as one sample's of a batch",
    "missing-term": "one of several ways by which the input acts on the output is left out",
    "wrong-axis": "a sum, mean or maximum runs over another axis than in forward",
    "ignores-upstream": "the gradient does not depend on the cotangent g that backward is given",
    "overwritten": "where a value is used several times, the last use replaces the others: = for +=",
    "entries": "some entries are wrong and the others right, or the right numbers are at the wrong entries",
    "stride-remainder": "rows or columns at the border are wrong, where the stride leaves a remainder",
    "kink": "the point lies where two pieces of the function meet",
    "float32": "something inside computes in single precision, which leaves half the digits",
    "mutated-input": "forward or backward changes its inputs, or backward what it was given",
    "nondeterministic": "two calls with the same inputs give two answers",
    "wrong-shape": "the gradient has another shape or dtype than its input, or is missing",
    "unknown": "wrong in a way that fits none of these",
}
