"""Brings what is posted into the home timelines of those who follow. A consumer group called `fanout`."""

from workers.fanout.handler import Fanout, run_fanout

__all__ = ["Fanout", "run_fanout"]
