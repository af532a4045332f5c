"""The rules of analytics: what clients may tell, what is counted of it and of what happens, and who may see the counts."""

from subgraphs.analytics.service.counting import Counting
from subgraphs.analytics.service.reading import AnalyticsService
from subgraphs.analytics.service.recording import Recording

__all__ = ["AnalyticsService", "Counting", "Recording"]
