"""Repeatable chance: a number for a name.

Belongs here: draws, and sharing a whole number out without a remainder. Does not: what is drawn.

A draw is a hash of the seed and of a name, not the next number of a stream: adding a region changes no
other region, and no library's generator can change the sample.
"""

from collections.abc import Sequence
from hashlib import blake2b

SEED = "sample of alp_pipeline, 1"


def draw(*name: object) -> float:
    """A number in [0, 1) that belongs to `name`.

    >>> draw("AT33", "I55") == draw("AT33", "I55"), draw("AT33", "I55") == draw("AT34", "I55")
    (True, False)
    """
    text = "\x1f".join((SEED, *map(str, name)))
    return int.from_bytes(blake2b(text.encode(), digest_size=6).digest(), "big") / 2**48


def around(spread: float, *name: object) -> float:
    """A factor between 1 - spread and 1 + spread, even over the range."""
    return 1.0 + spread * (2.0 * draw(*name) - 1.0)


def uneven(doublings: float, *name: object) -> float:
    """A factor between 2^-doublings and 2^doublings, mostly near 1."""
    return float(2.0 ** (doublings * (draw(*name, "first") + draw(*name, "second") - 1.0)))


def share_out(total: int, weights: Sequence[float]) -> list[int]:
    """Whole numbers in the proportion of the weights that add up to `total` exactly.

    >>> share_out(10, [1, 1, 1])
    [4, 3, 3]
    """
    whole = sum(weights)
    exact = [total * weight / whole for weight in weights]
    parts = [int(number) for number in exact]
    by_rest = sorted(range(len(parts)), key=lambda at: (parts[at] - exact[at], at))
    for at in by_rest[: total - sum(parts)]:
        parts[at] += 1
    return parts
