"""The whole distributed profile on one machine: real engines, every role a process of its own, HAProxy in front."""

from murmur.roles.cluster.running import Cluster
from murmur.roles.cluster.size import Size, fitting
from murmur.roles.cluster.status import Line, status

__all__ = ["Cluster", "Line", "Size", "fitting", "status"]
