"""Routers whose experts are chosen unequally often, as in trained models.

A router's logits are products of its rows with a normalised state: for random states about normal, with a deviation in
proportion to the row's length. An expert is chosen where its logit passes a threshold t that few logits pass, so a row of
deviation d is chosen with the probability 1 - N(t / d). The rows are scaled such that these probabilities fall with the rank as
rank^-S and sum up to the number of experts that a token uses. No logit can be positive more often than not, so the most popular
experts are cut to MOST. No bias and no other tensor is needed: any program reads the file.
"""

from array import array
from statistics import NormalDist

MOST = 0.45  # of the tokens: what the most popular experts are cut to
ROUTER = "ffn_gate_inp.weight"


def popularity(n_experts, n_used, exponent):
    """By rank: the share of tokens that choose the expert. Falls as rank^-exponent, at most MOST, and sums up to n_used where
    n_used <= MOST * n_experts."""
    weights = [(rank + 1) ** -exponent for rank in range(n_experts)]
    low, high = 0.0, n_experts / weights[-1]
    for _ in range(100):
        factor = (low + high) / 2
        if sum(min(MOST, factor * weight) for weight in weights) < n_used:
            low = factor
        else:
            high = factor
    return [min(MOST, high * weight) for weight in weights]


def deviations(n_experts, n_used, exponent):
    """By rank: what a row's deviation is multiplied by; 1 in the quadratic mean."""
    inverse = [1.0 / NormalDist().inv_cdf(1.0 - share) for share in popularity(n_experts, n_used, exponent)]
    mean = (sum(value * value for value in inverse) / n_experts) ** 0.5
    return [value / mean for value in inverse]


class SkewedRouters:
    """Scales the rows of routers in an order of its own for each tensor. With exponent 0 it leaves them as they are."""

    def __init__(self, exponent, n_used, rng):
        self.exponent, self.n_used, self.rng = exponent, n_used, rng

    def applies_to(self, name):
        return self.exponent > 0 and name.endswith(ROUTER)

    def scaled(self, values, n_experts):
        """`values`: array of floats, a row per expert."""
        factors = deviations(n_experts, self.n_used, self.exponent)
        self.rng.shuffle(factors)
        width = len(values) // n_experts
        return array("f", (value * factors[expert] for expert in range(n_experts)
                           for value in values[expert * width:(expert + 1) * width]))
