"""Real vendors or those of the sandbox. A store belongs to one kind of installation and opens in no other."""

from typing import Literal

Installation = Literal["live", "sandbox"]
