"""The index of messages by their words, as the two databases keep it (migration 0004_search)."""

import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any
from unicodedata import normalize

from django.db import OperationalError, connection, transaction

from .errors import ChatError, Code
from .search_text import Term, fold, terms

SECONDS = 2  # that a search may take
WALKED = 2_000  # newest messages that are looked at before the index is asked
READ = 250  # of them, those in the rooms searched, whose words are looked at


def find(question: str, *, room_ids: Sequence[int], before: int, limit: int) -> list[int]:
    """Ids of the messages of the rooms that hold all words of the question, the newest below `before` first.

    Raises `invalid` when it would take longer than SECONDS.
    """
    try:
        if connection.vendor == "postgresql":
            return _find_in_postgresql(terms(fold(question)), room_ids, before, limit)
        # FTS5 folds by itself, and less.
        return _find_in_sqlite(terms(normalize("NFC", question)), room_ids, before, limit)
    except OperationalError as error:
        if _was_stopped(error):
            text = "There is too much of it: add a word, or search one room."
            raise ChatError(Code.INVALID, text, fields={"q": text}) from error
        raise


def _find_in_postgresql(wanted: Sequence[Term], room_ids: Sequence[int], before: int, limit: int) -> list[int]:
    """A GIN index gives all its matches, in no order: too many for a word that everybody uses.

    Such a word is found among the newest messages; only if they do not fill the page the index is asked,
    and without a limit, which would let the planner hope and walk the whole log backwards instead.
    """
    asked: dict[str, Any] = {"query": _tsquery(wanted), "rooms": list(room_ids), "before": before, "limit": limit}
    holds = "kind = 'text' AND deleted_at IS NULL AND chat_search_words(message) @@ to_tsquery('simple', %(query)s)"
    newest = f"""
        WITH walked AS MATERIALIZED (
            SELECT * FROM chat_message WHERE id < %(before)s ORDER BY id DESC LIMIT {WALKED}
        ), mine AS MATERIALIZED (
            SELECT * FROM walked WHERE room_id = ANY(%(rooms)s) ORDER BY id DESC LIMIT {READ}
        )
        SELECT id FROM mine WHERE {holds} ORDER BY id DESC LIMIT %(limit)s
    """  # noqa: S608 - only constants are formatted in
    all_of_them = f"""
        WITH found AS MATERIALIZED (
            SELECT id FROM chat_message WHERE id < %(before)s AND room_id = ANY(%(rooms)s) AND {holds}
        )
        SELECT id FROM found ORDER BY id DESC LIMIT %(limit)s
    """  # noqa: S608 - only constants are formatted in
    with transaction.atomic(), connection.cursor() as cursor:
        # One process for one search: starting others takes longer than most searches do.
        limits = "set_config('statement_timeout', %s, true), set_config('max_parallel_workers_per_gather', '0', true)"
        cursor.execute(f"SELECT {limits}", [f"{SECONDS}s"])
        for statement in (newest, all_of_them):
            cursor.execute(statement, asked)
            ids = [row[0] for row in cursor.fetchall()]
            if len(ids) == limit:
                break
    return ids


def _find_in_sqlite(wanted: Sequence[Term], room_ids: Sequence[int], before: int, limit: int) -> list[int]:
    if not wanted:
        return []  # signs such as ™, which are words only to those who fold them
    # CROSS JOIN: the index from its newest end, then the messages.
    statement = """
        SELECT m.id FROM chat_search CROSS JOIN chat_message m ON m.id = chat_search.rowid
        WHERE chat_search MATCH %s AND chat_search.rowid < %s AND m.room_id IN (SELECT value FROM json_each(%s))
        ORDER BY chat_search.rowid DESC LIMIT %s
    """
    with connection.cursor() as cursor, _stopped_after(SECONDS):
        cursor.execute(statement, [_fts_query(wanted), before, str(list(room_ids)), limit])
        return [row[0] for row in cursor.fetchall()]


@contextmanager
def _stopped_after(seconds: float) -> Iterator[None]:
    """SQLite gives up the statement of the block in time."""
    database: Any = connection.connection
    deadline = time.monotonic() + seconds
    database.set_progress_handler(lambda: time.monotonic() > deadline, 1_000)
    try:
        yield
    finally:
        database.set_progress_handler(None, 0)


def _was_stopped(error: OperationalError) -> bool:
    code = getattr(error.__cause__, "sqlstate", None) or getattr(error.__cause__, "sqlite_errorname", None)
    return code in {"57014", "SQLITE_INTERRUPT"}


def _tsquery(wanted: Sequence[Term]) -> str:
    return " & ".join(
        "(" + " <-> ".join(f"'{word}'" for word in term.words) + (":*)" if term.prefix else ")") for term in wanted
    )


def _fts_query(wanted: Sequence[Term]) -> str:
    return " ".join('"' + " ".join(term.words) + '"' + ("*" if term.prefix else "") for term in wanted)
