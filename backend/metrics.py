"""The numbers of this worker at /metrics; docs/operations.md says what each means.

No label takes more than a handful of values: none names a person, a room or an address.
"""

from prometheus_client import Counter, Gauge, Histogram

messages_stored = Counter("chat_messages_stored", "Messages and system lines committed.")
batch_size = Histogram(
    "chat_batch_size", "Calls in one batch.", ["batch"], buckets=(1, 2, 5, 10, 20, 50, 100, 200, 500)
)
refusals = Counter("chat_refusals", "Requests, commands and connects refused.", ["code"])
connections = Gauge("chat_connections", "Connections to rooms that are open now.")
bus_dropped = Counter("chat_bus_dropped", "Messages to other workers that Redis did not take.")
