"""A client of the demo in a Node process of its own, that a test leads step by step."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

from tests.people import Person
from tests.processes import ROOT

SCRIPTS = Path(__file__).parent
CLIENTS = ROOT / "frontend_demo"
END_SECONDS = 10


class Leash:
    """A script that runs a client of that person. Each ask waits for its answer; `crash` ends it."""

    def __init__(self, node: str, modules: Path, script: str, client: str, person: Person, **options: object) -> None:
        given = {
            "modules": str(modules),
            "client": str(CLIENTS / client),
            "url": person.server.url,
            "token": person.token,
            **options,
        }
        self._process = subprocess.Popen(
            [node, SCRIPTS / script, json.dumps(given)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=sys.stderr,
            text=True,
            encoding="utf-8",
        )

    def ask(self, command: str, *arguments: object) -> Any:
        """Run a command of the script and give its value; AssertionError if it fails."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(json.dumps([command, *arguments]) + "\n")
        self._process.stdin.flush()
        answer = json.loads(self._process.stdout.readline())
        assert "error" not in answer, answer["error"]
        return answer["value"]

    def look(self) -> dict[str, Any]:
        """Everything the client shows, and all it has heard and said."""
        found: dict[str, Any] = self.ask("look")
        return found

    def rest(self) -> int:
        """Ask nothing more, and wait until the client has nothing more to do; gives the exit status."""
        assert self._process.stdin is not None
        self._process.stdin.close()
        return self._process.wait(END_SECONDS)

    def crash(self) -> None:
        """Gone at once, like a tab that the system kills."""
        with self._process:
            self._process.kill()


class RoomClient(Leash):
    """`frontend_demo/chat-client.js` as a page of that person; `storage` is the file with its localStorage."""

    def __init__(self, node: str, modules: Path, person: Person, slug: str, storage: Path) -> None:
        if not storage.exists():
            storage.write_text("[]")
        user = {"id": person.id, "name": person.name, "avatar": None}
        options = {"slug": slug, "storage": str(storage), "user": user}
        super().__init__(node, modules, "room_client.mjs", "chat-client.js", person, **options)

    def come(self) -> None:
        """Connect and wait until everything that waited is sent."""
        self.ask("connect")
        self.ask("until", "settled")


class InboxClient(Leash):
    """`frontend_demo/inbox-client.js`."""

    def __init__(self, node: str, modules: Path, person: Person) -> None:
        super().__init__(node, modules, "inbox_client.mjs", "inbox-client.js", person)

    def come(self) -> None:
        """Connect and wait for the rooms."""
        self.ask("connect")
        self.ask("until", "status", "online")
