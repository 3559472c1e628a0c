"""The servers that tests run against: PostgreSQL, Redis, our own, and several of ours together.

with cluster(workers=3) as chat:
    chat.workers[0].kill9()
    chat.redis.restart()
    chat.workers[0].start()
    chat.workers[0].http.get("/readyz")
"""

import contextlib
import os
import pwd
import signal
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass

import httpx
import psycopg
import redis
from psycopg import sql
from redis.backoff import NoBackoff
from redis.retry import Retry

from tests.processes import Server, find_program

POSTGRES_FOLDERS = "usr/lib/postgresql/*/bin"
migrated: set[str] = set()  # the databases that a ChatServer has brought up to date


class PostgresServer(Server):
    """PostgreSQL in a folder of its own; `stop()` cuts its clients off, `stop(signal.SIGQUIT)` is a crash."""

    stop_signal = signal.SIGINT

    def __init__(self, *, fsync: bool = True) -> None:
        self.program = find_program("postgres", folders=POSTGRES_FOLDERS)
        if os.geteuid() == 0:  # PostgreSQL refuses to run as root
            self.user = "postgres" if "postgres" in {account.pw_name for account in pwd.getpwall()} else "nobody"
        super().__init__()
        self.fsync = fsync
        self.data = self.folder / "data"

    def command(self) -> list[str]:
        settings = {
            "port": self.port,
            "listen_addresses": "127.0.0.1",
            "unix_socket_directories": "",
            "max_connections": 200,
            "fsync": "on" if self.fsync else "off",
        }
        return [self.program, "-D", str(self.data), *(f"--{name}={value}" for name, value in settings.items())]

    def start(self) -> None:
        if not self.data.exists():
            initdb = find_program("initdb", folders=POSTGRES_FOLDERS)
            options = ["--username=chat", "--auth=trust", "--encoding=UTF8", "--locale=C.UTF-8", "--no-sync"]
            self.run([initdb, *options, str(self.data)])
        super().start()

    def answers(self) -> bool:
        try:
            psycopg.connect(self.url("postgres"), connect_timeout=2).close()
        except psycopg.OperationalError:
            return False
        return True

    def url(self, database: str) -> str:
        return f"postgres://chat@127.0.0.1:{self.port}/{database}"

    def create_database(self, name: str) -> str:
        """Create an empty database and return its URL."""
        with psycopg.connect(self.url("postgres"), autocommit=True) as connection:
            connection.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))
        return self.url(name)


class RedisServer(Server):
    """Redis that keeps nothing on disk; `client` is for the test's own questions."""

    def __init__(self) -> None:
        self.program = find_program("redis-server")
        super().__init__()
        self.url = f"redis://127.0.0.1:{self.port}/0"
        self.client = redis.Redis(port=self.port, decode_responses=True, retry=Retry(NoBackoff(), 0))

    def command(self) -> list[str]:
        return [self.program, "--port", str(self.port), "--bind", "127.0.0.1", "--save", "", "--dir", str(self.folder)]

    def answers(self) -> bool:
        try:
            return bool(self.client.ping())
        except redis.RedisError:
            return False

    def close(self) -> None:
        self.client.close()
        super().close()


class ChatServer(Server):
    """`python -m backend` with the given environment; alone on a SQLite file of its own unless that says otherwise."""

    def __init__(self, **environment: str) -> None:
        super().__init__()
        self.url = f"http://127.0.0.1:{self.port}"
        self.http = httpx.Client(
            base_url=self.url,
            timeout=20,
            trust_env=False,
            limits=httpx.Limits(max_keepalive_connections=0),  # a kept connection would not survive a restart
        )
        self.settings = {
            "DJANGO_SETTINGS_MODULE": "tests.settings",
            "DATABASE_URL": f"sqlite:///{self.folder}/chat.sqlite3",
            "MEDIA_ROOT": str(self.folder / "media"),
            "REDIS_URL": "",
            "DEBUG": "",
            "WORKERS": "1",
            "HOST": "127.0.0.1",
            "PORT": str(self.port),
            "PYTHONUNBUFFERED": "1",
            **environment,
        }

    def command(self) -> list[str]:
        return [sys.executable, "-m", "backend"]

    def environment(self) -> dict[str, str]:
        return {**os.environ, **self.settings}

    def start(self) -> None:
        database = self.settings["DATABASE_URL"]
        if database not in migrated:
            self.manage("migrate", "--verbosity", "0")
            migrated.add(database)
        super().start()

    def answers(self) -> bool:
        try:
            return self.http.get("/healthz").status_code == httpx.codes.OK
        except httpx.TransportError:
            return False

    def terminate(self) -> None:
        """Ask for a graceful end without waiting for it."""
        os.kill(self.pid, signal.SIGTERM)

    def manage(self, *arguments: str) -> None:
        """Run a command of manage.py in this server's environment."""
        self.run([sys.executable, "manage.py", *arguments])

    def close(self) -> None:
        self.http.close()
        super().close()


class PlainChatServer(ChatServer):
    """The same app under any ASGI server's usual settings: without raw frames."""

    def command(self) -> list[str]:
        app = ["uvicorn", "backend.asgi:application", "--log-level", "warning"]
        return [sys.executable, "-m", *app, "--host", "127.0.0.1", "--port", str(self.port)]


class NginxServer(Server):
    """nginx with the given `server` block, and what has to stand around it."""

    def __init__(self, block: str) -> None:
        self.program = find_program("nginx")
        super().__init__()
        self.url = f"http://127.0.0.1:{self.port}"
        self.block = block

    def command(self) -> list[str]:
        paths = "".join(
            f"{kind}_temp_path {self.folder}/{kind};" for kind in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
        )
        (self.folder / "nginx.conf").write_text(f"""
            daemon off;
            {"user root;" if os.geteuid() == 0 else ""}
            worker_processes 1;
            pid {self.folder}/pid;
            error_log stderr;
            events {{}}
            http {{
                access_log off;
                {paths}
                map $http_upgrade $connection_upgrade {{ default upgrade; "" close; }}
                server {{
                    listen 127.0.0.1:{self.port};
                    {self.block}
                }}
            }}
        """)
        return [self.program, "-e", "stderr", "-c", str(self.folder / "nginx.conf")]

    def answers(self) -> bool:
        try:
            return httpx.get(f"{self.url}/healthz", trust_env=False).is_success
        except httpx.TransportError:
            return False


@dataclass
class Cluster:
    """PostgreSQL, Redis, and workers on a port each that share them."""

    postgres: PostgresServer
    redis: RedisServer
    environment: dict[str, str]  # what one more ChatServer needs to belong to it
    workers: list[ChatServer]


@contextlib.contextmanager
def cluster(*, workers: int, **environment: str) -> Iterator[Cluster]:
    with contextlib.ExitStack() as stack:
        postgres = stack.enter_context(PostgresServer())
        redis_server = stack.enter_context(RedisServer())
        shared = {
            "DATABASE_URL": postgres.create_database("chat"),
            "REDIS_URL": redis_server.url,
            "MEDIA_ROOT": stack.enter_context(tempfile.TemporaryDirectory(prefix="chat-media-")),
            **environment,
        }
        servers = [stack.enter_context(ChatServer(**shared)) for _ in range(workers)]
        yield Cluster(postgres, redis_server, shared, servers)
