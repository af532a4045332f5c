"""How one person stands to another in the follow graph."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Relation:
    """What the viewer has done to somebody, and somebody to the viewer."""

    follows: bool = False
    followed_by: bool = False
    blocks: bool = False
    blocked_by: bool = False
    mutes: bool = False

    @property
    def blocked(self) -> bool:
        """Whether either of the two has blocked the other."""
        return self.blocks or self.blocked_by


STRANGERS = Relation()
"""The relation of two people who have none."""
