"""How timelines are kept."""

from pydantic import Field

from murmur.settings.base import Concern


class TimelineSettings(Concern):
    celebrity_followers: int = Field(
        10_000, ge=1, description="From this many followers on an author's tweets are merged on read instead of fanned out."
    )
    timelines_held: int = Field(
        20_000, ge=1, description="Home timelines that `memory:` keeps, at most 29 KB each; the least recently read go first."
    )
    timelines_idle_hours: int = Field(
        168,
        ge=1,
        description="How long Redis keeps a home timeline that nobody reads; its next reader waits for it to be rebuilt.",
    )
