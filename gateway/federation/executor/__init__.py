"""Query plan to response; the transports that it fetches through are Protocols."""

from .transport import SubgraphRequest, SubgraphResponse, SubscriptionTransport, Transport, TransportError

__all__ = ["SubgraphRequest", "SubgraphResponse", "SubscriptionTransport", "Transport", "TransportError"]
