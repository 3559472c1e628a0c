"""Many rows as one parameter: a JSON list of lists, which the database unpacks.

What is asked for every message goes this way: Django's `IN` lists and bulk inserts cost some 50 us a row.
"""

from collections.abc import Iterable, Sequence
from typing import Any

import orjson
from django.db import connection


def table(name: str, **columns: str) -> str:
    """A table to stand in a FROM, its columns with their PostgreSQL types; its one parameter is `pack(rows)`."""
    if connection.vendor == "postgresql":
        fields = [f"(value->>{place})::{kind} AS {column}" for place, (column, kind) in enumerate(columns.items())]
        return f"(SELECT {', '.join(fields)} FROM jsonb_array_elements(%s::jsonb)) AS {name}"  # noqa: S608 - our names
    fields = [f"json_extract(value, '$[{place}]') AS {column}" for place, column in enumerate(columns)]
    return f"(SELECT {', '.join(fields)} FROM json_each(%s)) AS {name}"  # noqa: S608 - our names


def pack(rows: Iterable[Sequence[Any]]) -> str:
    """Each row has its values in the order of the columns."""
    return orjson.dumps(list(rows), default=tuple).decode()  # it takes no named tuples


def fetch(sql: str, *params: Any) -> list[tuple[Any, ...]]:
    """Run one statement; gives its rows."""
    with connection.cursor() as cursor:
        cursor.execute(sql, params)
        found: list[tuple[Any, ...]] = cursor.fetchall()
    return found
