"""What it takes for a hashtag to be a trend."""

from pydantic import Field

from murmur.settings.base import Concern


class TrendSettings(Concern):
    trends_people: int = Field(3, ge=1, le=1_000, description="How many people must use a hashtag before it can be a trend.")
