"""The index of what is written: a GIN index on PostgreSQL, an FTS5 table that triggers keep on SQLite.

No model knows of either. Django drops SQLite's triggers whenever it has to rebuild `chat_message`:
a later migration that does so runs `create` again (tests/chat/test_search.py fails otherwise).
"""

from django.apps.registry import Apps
from django.db import migrations
from django.db.backends.base.schema import BaseDatabaseSchemaEditor

# Compatibility forms and accents are folded away. A sign of a script that has no spaces is a word of its own.
# Punctuation parts words, or else PostgreSQL's parser would take `example.com/tea` and `-5` for one word each.
# The pending list is short: whoever fills it has to sort it in, which takes 0.2 s at the usual 4 MB.
POSTGRESQL = r"""
CREATE FUNCTION chat_search_words(message text) RETURNS tsvector LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
RETURN to_tsvector('simple', regexp_replace(
    normalize(regexp_replace(normalize(message, NFKD), '[\u0300-\u036f]+', '', 'g'), NFC),
    '([\u2e80-\u9fff\uf900-\ufaff\U00020000-\U0003ffff]|[!-/:-@[-`{-~])', ' \1 ', 'g'
));

CREATE INDEX chat_search ON chat_message USING gin (chat_search_words(message))
WITH (gin_pending_list_limit = 512) WHERE kind = 'text' AND deleted_at IS NULL;
"""

POSTGRESQL_REVERSE = """
DROP INDEX chat_search;
DROP FUNCTION chat_search_words(text);
"""

# The same for scripts without spaces; the rest is the tokenizer's.
SIGNS = "[\u2e80-\u9fff\uf900-\ufaff\U00020000-\U0003ffff]"
WORDS = f"""
CASE WHEN {{0}}.message GLOB '*{SIGNS}*' THEN (
    WITH RECURSIVE walk(place, sign, words) AS (
        SELECT 0, '', ''
        UNION ALL
        SELECT place + 1, substr({{0}}.message, place + 1, 1),
            words || CASE WHEN sign GLOB '{SIGNS}' THEN ' ' || sign || ' ' ELSE sign END
        FROM walk WHERE place <= length({{0}}.message)
    )
    SELECT words FROM walk ORDER BY place DESC LIMIT 1
) ELSE {{0}}.message END
"""

SQLITE = [
    """
    CREATE VIRTUAL TABLE chat_search
    USING fts5(words, tokenize = "unicode61 remove_diacritics 2 categories 'L* N* M* Co'")
    """,
    f"""
    CREATE TRIGGER chat_search_new AFTER INSERT ON chat_message
    WHEN new.kind = 'text' AND new.deleted_at IS NULL BEGIN
        INSERT INTO chat_search (rowid, words) VALUES (new.id, {WORDS.format("new")});
    END
    """,
    f"""
    CREATE TRIGGER chat_search_changed AFTER UPDATE ON chat_message
    WHEN old.message IS NOT new.message OR old.deleted_at IS NOT new.deleted_at BEGIN
        DELETE FROM chat_search WHERE rowid = old.id;
        INSERT INTO chat_search (rowid, words) SELECT new.id, {WORDS.format("new")}
        WHERE new.kind = 'text' AND new.deleted_at IS NULL;
    END
    """,
    """
    CREATE TRIGGER chat_search_gone AFTER DELETE ON chat_message BEGIN
        DELETE FROM chat_search WHERE rowid = old.id;
    END
    """,
    f"""
    INSERT INTO chat_search (rowid, words) SELECT id, {WORDS.format("chat_message")} FROM chat_message
    WHERE kind = 'text' AND deleted_at IS NULL
    """,
]

SQLITE_REVERSE = [
    "DROP TRIGGER IF EXISTS chat_search_new",
    "DROP TRIGGER IF EXISTS chat_search_changed",
    "DROP TRIGGER IF EXISTS chat_search_gone",
    "DROP TABLE chat_search",
]


def create(apps: Apps, schema_editor: BaseDatabaseSchemaEditor) -> None:
    for statement in [POSTGRESQL] if schema_editor.connection.vendor == "postgresql" else SQLITE:
        schema_editor.execute(statement, params=None)


def drop(apps: Apps, schema_editor: BaseDatabaseSchemaEditor) -> None:
    for statement in [POSTGRESQL_REVERSE] if schema_editor.connection.vendor == "postgresql" else SQLITE_REVERSE:
        schema_editor.execute(statement, params=None)


class Migration(migrations.Migration):
    dependencies = [("chat", "0003_mutes")]

    operations = [migrations.RunPython(create, drop)]
