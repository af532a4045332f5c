"""The rules of timelines: reading them, and hearing of what arrives in them."""

from subgraphs.timelines.service.home import MAX_FOLLOWEES, TimelineService
from subgraphs.timelines.service.watch import Arrivals, HomeWatch, Update

__all__ = ["MAX_FOLLOWEES", "Arrivals", "HomeWatch", "TimelineService", "Update"]
