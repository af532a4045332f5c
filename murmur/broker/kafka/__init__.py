"""The event log on Kafka (4.0 or newer), by aiokafka.

A topic of ours is a topic there, with the prefix of the URL before its name; so are groups. What each file knows:
`address` the URL, `topics` what there must be, `appending` batches and their acknowledgement, `publishing` one publisher at
a time, `consuming` a member of a group, `reading` what people look at and how far groups are, `letters` dead letters.
"""

from murmur.broker.kafka.broker import KafkaBroker

__all__ = ["KafkaBroker"]
