"""Many rows as one parameter: a JSON list of lists, which the database unpacks.

What is asked for every message goes this way: Django's `IN` lists and bulk inserts cost some 50 us a row.
"""

from collections.abc import Collection, Sequence
from typing import Any

import orjson
from django.db import connection


def table(name: str, **columns: str) -> str:
    """A table to stand in a FROM, its columns with their PostgreSQL types; its parameters are `*pack(rows)`."""
    if connection.vendor == "postgresql":
        fields = [f"(value->>{place})::{kind} AS {column}" for place, (column, kind) in enumerate(columns.items())]
        return f"(SELECT {', '.join(fields)} FROM jsonb_array_elements(%s::jsonb) LIMIT %s) AS {name}"  # noqa: S608 - our names
    fields = [f"json_extract(value, '$[{place}]') AS {column}" for place, column in enumerate(columns)]
    return f"(SELECT {', '.join(fields)} FROM json_each(%s) LIMIT %s) AS {name}"  # noqa: S608 - our names


def pack(rows: Collection[Sequence[Any]]) -> tuple[str, int]:
    """Each row has its values in the order of the columns. Their number tells the planner that they are few."""
    return orjson.dumps(list(rows), default=tuple).decode(), len(rows)  # orjson takes no named tuples


def fetch(sql: str, *params: Any) -> list[tuple[Any, ...]]:
    """Run one statement; gives its rows."""
    with connection.cursor() as cursor:
        cursor.execute(sql, params)
        found: list[tuple[Any, ...]] = cursor.fetchall()
    return found
