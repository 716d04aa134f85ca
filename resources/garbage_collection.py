"""How often this process looks for objects that refer to each other in a circle: as seldom as a batch can afford."""

import gc

_OBJECTS_BETWEEN_SEARCHES = 100_000
"""Python has 700: an eighth of the CPU of a purchase, and a sixth of that of a command that imports and ends."""


def collect_garbage_seldom() -> None:
    """Lets what cannot be reached any more wait longer until it is found; to call again changes nothing."""
    gc.set_threshold(_OBJECTS_BETWEEN_SEARCHES)
