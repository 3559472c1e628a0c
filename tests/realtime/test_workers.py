"""Two workers with PostgreSQL and Redis between them: what happens at one is seen at the other."""

import asyncio
from collections.abc import Iterator
from typing import Any

import httpx
import pytest
import socketio
from websockets.exceptions import InvalidStatus

from tests.clients import DOORS, LIVE, Client, LiveClient, Refused, RestClient, SocketIOClient, WebSocketClient
from tests.company import Company, Enter
from tests.people import Person
from tests.servers import ChatServer, Cluster
from tests.wire import Wire

pytestmark = pytest.mark.asyncio

REVOKED_WITHIN = 2.0  # seconds, the promise
LINES = 20


@pytest.fixture
def company(two_workers: Cluster) -> Company:
    """Everybody talks to the first worker; `at(second)` leads to the other one."""
    return Company.gather(two_workers.workers[0])


@pytest.fixture
def second(two_workers: Cluster) -> ChatServer:
    return two_workers.workers[1]


@pytest.fixture(scope="module")
def one_port(two_workers: Cluster) -> Iterator[ChatServer]:
    """Two more workers, behind one port."""
    with ChatServer(**two_workers.environment, WORKERS="2") as server:
        yield server


async def assert_ended(client: LiveClient, bye: str, close: int) -> None:
    """The server says why and ends the connection; a Socket.IO client leaves the namespace only."""
    assert (await client.wait_for("bye", seconds=REVOKED_WITHIN))["code"] == bye
    assert (await client.wait_closed()).code == (0 if isinstance(client, SocketIOClient) else close)


def do(person: Person, method: str, path: str, json: object = None, *, status: int = httpx.codes.OK) -> Any:
    answer = person.api(method, path, json=json)
    assert answer.status_code == status, answer.text
    return answer.json() if answer.content else None


async def assert_forbidden(client: LiveClient, command: str, **payload: Any) -> None:
    with pytest.raises(Refused) as refused:
        await client.call(command, **payload)
    assert refused.value.code == "forbidden"


@pytest.mark.parametrize("door", DOORS, ids=lambda door: door.door)
async def test_what_one_worker_takes_every_door_of_both_shows(
    door: type[Client], company: Company, enter: Enter, second: ChatServer
) -> None:
    alice = await enter(door, company.alice)
    bobs = [await enter(live, bob) for bob in (company.bob, company.bob.at(second)) for live in LIVE]
    sent = [await alice.send_message(f"Line {number}") for number in range(LINES)]
    edited = await alice.call("edit", id=sent[0]["id"], message="Edited")
    for bob in bobs:
        assert await bob.wait_for("message_updated") == edited
        assert [event.payload for event in bob.events.all if event.name == "message"] == sent
    rest = await enter(RestClient, company.bob.at(second))
    assert (await rest.history(limit=LINES))["items"] == [edited, *sent[1:]]


async def test_both_workers_show_one_order(company: Company, enter: Enter, second: ChatServer) -> None:
    writers = [await enter(door, alice) for door in DOORS for alice in (company.alice, company.alice.at(second))]
    bobs = [await enter(live, bob) for bob in (company.bob, company.bob.at(second)) for live in LIVE]

    async def write(writer: Client, number: int) -> None:
        for line in range(LINES):
            await writer.send_message(f"{number}: {line}")

    await asyncio.gather(*(write(writer, number) for number, writer in enumerate(writers)))
    total = len(writers) * LINES
    heard = [[await bob.wait_for("message") for _ in range(total)] for bob in bobs]
    assert [message["seq"] for message in heard[0]] == list(range(bobs[0].sync["seq"] + 1, heard[0][-1]["seq"] + 1))
    assert all(messages == heard[0] for messages in heard)


@pytest.mark.parametrize("door", LIVE, ids=lambda door: door.door)
async def test_typing_crosses(door: type[LiveClient], company: Company, enter: Enter, second: ChatServer) -> None:
    alice = await enter(door, company.alice)
    bobs = [await enter(live, company.bob.at(second)) for live in LIVE]
    await alice.typing()
    for bob in bobs:
        assert await bob.wait_for("typing") == {"user_id": company.alice.id, "typing": True}


async def test_a_retry_at_the_other_worker_is_the_same_message(
    company: Company, enter: Enter, second: ChatServer
) -> None:
    doors = [await enter(door, alice) for door in DOORS for alice in (company.alice, company.alice.at(second))]
    bob = await enter(SocketIOClient, company.bob)
    answers = await asyncio.gather(*(door.send_message("Once", client_id=company.slug) for door in doors))
    assert all(answer == answers[0] for answer in answers)
    last = await doors[0].send_message("The end")
    await bob.wait_for("message", lambda message: message["id"] == last["id"])
    assert [event.payload for event in bob.events.all if event.name == "message"] == [answers[0], last]


async def test_logging_out_ends_the_sockets_of_that_token(company: Company, enter: Enter, second: ChatServer) -> None:
    phone = company.bob.log_in()
    ending = [await enter(live, bob) for bob in (phone, phone.at(second)) for live in LIVE]
    staying = [await enter(live, company.bob.at(second)) for live in LIVE]
    assert phone.api("POST", "auth/logout").status_code == httpx.codes.NO_CONTENT
    await asyncio.gather(*(assert_ended(client, "revoked", 4401) for client in ending))
    for client in staying:
        assert (await client.send_message("Still here"))["message"] == "Still here"


async def test_logging_out_everywhere_ends_all_sockets(company: Company, second: ChatServer) -> None:
    carol = Person.register(company.alice.server, "Carol")
    room = Company(carol.make_room("Carol's"), carol, company.bob, company.mallory)
    async with room.doorman() as enter:
        ending = [await enter(live, who.at(second)) for who in (carol, carol.log_in()) for live in LIVE]
        assert carol.api("POST", "auth/logoutall").status_code == httpx.codes.NO_CONTENT
        await asyncio.gather(*(assert_ended(client, "revoked", 4401) for client in ending))


async def test_removal_ends_the_sockets_in_that_room_only(company: Company, enter: Enter, second: ChatServer) -> None:
    ending = [await enter(live, company.bob.at(second)) for live in LIVE]
    staying: list[LiveClient] = [await enter(live, company.alice.at(second)) for live in LIVE]
    elsewhere = Company.gather(company.alice.server)
    async with elsewhere.doorman() as enter_elsewhere:
        staying += [await enter_elsewhere(live, company.bob.at(second)) for live in LIVE]
        answer = company.alice.api("DELETE", f"rooms/{company.slug}/members/{company.bob.id}")
        assert answer.status_code == httpx.codes.NO_CONTENT
        await asyncio.gather(*(assert_ended(client, "removed", 4403) for client in ending))
        for client in staying:
            assert (await client.send_message("Still here"))["message"] == "Still here"


async def test_a_ban_ends_the_sockets_and_keeps_out(company: Company, enter: Enter, second: ChatServer) -> None:
    bobs = [await enter(live, company.bob.at(second)) for live in LIVE]
    alices = [await enter(live, company.alice.at(second)) for live in LIVE]
    do(company.alice, "PUT", f"rooms/{company.slug}/bans/{company.bob.id}")
    await asyncio.gather(*(assert_ended(bob, "removed", 4403) for bob in bobs))
    for alice in alices:
        line = await alice.wait_for("message")
        assert (line["kind"], line["message"]) == ("removed", "Bob")
    for live in LIVE:
        for bob in (company.bob, company.bob.at(second)):
            with pytest.raises(Refused) as refused:
                await enter(live, bob)
            assert refused.value.code == "forbidden"


@pytest.mark.parametrize("door", LIVE, ids=lambda door: door.door)
async def test_a_mute_counts_from_the_next_message_on(
    door: type[LiveClient], company: Company, enter: Enter, second: ChatServer
) -> None:
    bob, alice = await enter(door, company.bob.at(second)), await enter(door, company.alice.at(second))
    sent = await bob.send_message("Loud")
    mute = f"rooms/{company.slug}/members/{company.bob.id}/mute"
    muted = do(company.alice, "PUT", mute, {"minutes": 5})
    for told in (bob, alice):
        assert await told.wait_for("member") == muted
    await assert_forbidden(bob, "message", message="Louder")
    await assert_forbidden(bob, "edit", id=sent["id"], message="Louder")
    await assert_forbidden(bob, "react", id=sent["id"], emoji="👍")
    assert (await bob.history(limit=1))["items"] == [sent]
    assert (await bob.call("delete", id=sent["id"]))["deleted_at"]
    do(company.alice, "DELETE", mute, status=httpx.codes.NO_CONTENT)
    last = await bob.send_message("Quietly")
    await alice.wait_for("message", lambda message: message["id"] == last["id"])
    assert [event.payload["message"] for event in alice.events.all if event.name == "message"] == ["Loud", "Quietly"]


async def test_a_room_that_is_handed_over_has_its_new_owner_everywhere(
    company: Company, enter: Enter, second: ChatServer
) -> None:
    bob = await enter(SocketIOClient, company.bob.at(second))
    alices = [await enter(live, company.alice.at(second)) for live in LIVE]
    sent = await alices[0].send_message("Mine")
    await assert_forbidden(bob, "delete", id=sent["id"])
    do(company.alice, "POST", f"rooms/{company.slug}/owner", {"user_id": company.bob.id})
    for told in (bob, *alices):
        roles = [await told.wait_for("member") for _ in range(2)]
        assert [(who["id"], who["role"]) for who in roles] == [(company.bob.id, "owner"), (company.alice.id, "admin")]
    assert (await bob.call("delete", id=sent["id"]))["deleted_at"]
    do(company.alice.at(second), "DELETE", f"rooms/{company.slug}", status=httpx.codes.FORBIDDEN)
    do(company.bob, "DELETE", f"rooms/{company.slug}/members/{company.alice.id}", status=httpx.codes.NO_CONTENT)
    await asyncio.gather(*(assert_ended(alice, "removed", 4403) for alice in alices))


async def test_the_last_one_to_leave_closes_the_room_everywhere(
    company: Company, enter: Enter, second: ChatServer
) -> None:
    alices = [await enter(live, company.alice.at(second)) for live in LIVE]
    for person in (company.bob, company.alice):
        do(person, "POST", f"rooms/{company.slug}/leave", status=httpx.codes.NO_CONTENT)
    await asyncio.gather(*(assert_ended(alice, "removed", 4403) for alice in alices))
    with pytest.raises(Refused) as refused:
        await enter(WebSocketClient, company.alice.at(second))
    assert refused.value.code == "not_found"


async def test_many_come_by_one_link_at_both_workers(company: Company, enter: Enter, second: ChatServer) -> None:
    alice = await enter(SocketIOClient, company.alice)
    invite = do(company.alice, "POST", f"rooms/{company.slug}/invites", {"max_uses": 3}, status=httpx.codes.CREATED)
    workers = (company.alice.server, second)
    crowd = [Person.register(workers[number % 2], f"P{number}") for number in range(8)]

    async def accept(person: Person) -> int:
        return (await asyncio.to_thread(person.api, "POST", f"invites/{invite['code']}/accept")).status_code

    assert sorted(await asyncio.gather(*map(accept, crowd))) == [200] * 3 + [404] * 5
    came = [(await alice.wait_for("message", lambda line: line["kind"] == "joined"))["sender"]["id"] for _ in range(3)]
    assert do(company.alice.at(second), "GET", f"rooms/{company.slug}/invites")["items"][0]["uses"] == 3
    [newcomer] = [person for person in crowd if person.id == came[0]]
    guest = await enter(WebSocketClient, newcomer)
    assert (await guest.send_message("Hello"))["sender"]["id"] == newcomer.id


async def test_both_open_their_direct_room_at_the_same_moment(company: Company, second: ChatServer) -> None:
    one, other = (Person.register(server, "P") for server in (company.alice.server, second))

    async def open_direct(me: Person, you: Person) -> httpx.Response:
        return await asyncio.to_thread(me.api, "POST", "rooms/direct", json={"user_id": you.id})

    answers = await asyncio.gather(*(open_direct(*pair) for pair in [(one, other), (other, one)] * 3))
    assert sorted(answer.status_code for answer in answers) == [200] * 5 + [201]
    assert len({answer.json()["slug"] for answer in answers}) == 1


async def test_a_block_counts_from_the_next_message_on(company: Company, second: ChatServer) -> None:
    one, other = (Person.register(company.alice.server, name) for name in ("One", "Other"))
    slug = do(one, "POST", "rooms/direct", {"user_id": other.id}, status=httpx.codes.CREATED)["slug"]
    async with await SocketIOClient.open(second.url, slug, other.token) as blocked:
        await blocked.send_message("Hello")
        do(one, "PUT", f"users/me/blocks/{other.id}", status=httpx.codes.NO_CONTENT)
        await assert_forbidden(blocked, "message", message="Hello?")
        do(one, "DELETE", f"users/me/blocks/{other.id}", status=httpx.codes.NO_CONTENT)
        await blocked.send_message("Hello!")


async def test_an_outside_emitter_reaches_the_members(
    company: Company, enter: Enter, two_workers: Cluster, second: ChatServer
) -> None:
    members = [await enter(SocketIOClient, who) for who in (company.alice, company.bob.at(second))]
    emitter = socketio.RedisManager(two_workers.redis.url, write_only=True)
    emitter.emit("notice", {"text": "Maintenance at noon"}, namespace=f"/{company.slug}")
    emitter.redis.close()
    for member in members:
        assert await member.wait_for("notice") == {"text": "Maintenance at noon"}


async def test_a_message_from_a_shell_reaches_the_sockets(company: Company, enter: Enter, second: ChatServer) -> None:
    bobs = [await enter(live, bob) for bob in (company.bob, company.bob.at(second)) for live in LIVE]
    code = (
        "from backend.chat.inputs import SendIn; from backend.chat.services.sending import send_message; "
        f"send_message(slug={company.slug!r}, user_id={company.alice.id}, body=SendIn(message='From the shell'))"
    )
    await asyncio.to_thread(second.manage, "shell", "--command", code)
    for bob in bobs:
        message = await bob.wait_for("message", seconds=5)
        assert (message["message"], message["sender"]["id"]) == ("From the shell", company.alice.id)


async def test_polling_on_a_shared_port_is_told_why(one_port: ChatServer) -> None:
    answer = one_port.http.get("/socket.io/", params={"EIO": "4", "transport": "polling"})
    assert answer.status_code == httpx.codes.BAD_REQUEST
    assert answer.json()["code"] == "invalid"
    assert "websocket" in answer.json()["message"]
    with pytest.raises(InvalidStatus):
        await Wire.connect(one_port.url, "/socket.io/?EIO=3&transport=websocket")


async def test_websockets_on_a_shared_port_work(company: Company, enter: Enter, one_port: ChatServer) -> None:
    hearers = [await enter(live, company.bob.at(one_port)) for live in LIVE for _ in range(4)]
    for door in DOORS:
        alice = await enter(door, company.alice.at(one_port))
        sent = await alice.send_message(f"Through {door.door}")
        for hearer in hearers:
            assert await hearer.wait_for("message") == sent
