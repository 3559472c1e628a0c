"""Files in messages, through every door, against a real server."""

from typing import Any

import pytest

from tests.clients import LIVE, Client, Refused, RestClient
from tests.company import Company, Enter
from tests.people import Person
from tests.pictures import picture

pytestmark = pytest.mark.asyncio


def upload(person: Person, name: str = "tea.txt", content: bytes = b"tea") -> dict[str, Any]:
    answer = person.api("POST", "attachments", files={"file": (name, content)})
    assert answer.status_code == 201, answer.text
    item: dict[str, Any] = answer.json()
    return item


def status(person: Person, item: dict[str, Any]) -> int:
    """What somebody gets who asks for the file."""
    return person.api("GET", f"attachments/{item['id']}").status_code


async def test_a_file_comes_with_its_message(door: type[Client], company: Company, enter: Enter) -> None:
    photo, notes = upload(company.alice, "tea.png", picture()), upload(company.alice)
    assert (photo["thumbnail"], notes["thumbnail"]) == (f"{photo['url']}?thumbnail=1", None)
    alice = await enter(door, company.alice)
    bobs = [await enter(live, company.bob) for live in LIVE]
    assert [status(person, photo) for person in (company.alice, company.bob, company.mallory)] == [200, 404, 404]
    details: dict[str, Any] = {"attachment_ids": [photo["id"], notes["id"]], "client_id": company.slug}
    sent = await alice.send_message("Look", **details)
    assert sent["attachments"] == [photo, notes]
    assert await alice.send_message("Look", **details) == sent
    for bob in bobs:
        assert await bob.wait_for("message") == sent
    assert (await (await enter(RestClient, company.bob)).history())["items"][-1] == sent
    assert [status(person, photo) for person in (company.alice, company.bob, company.mallory)] == [200, 200, 404]
    tombstone = await alice.call("delete", id=sent["id"])
    assert tombstone["attachments"] == []
    for bob in bobs:
        assert await bob.wait_for("message_updated") == tombstone
    assert [status(person, photo) for person in (company.alice, company.bob)] == [404, 404]


async def test_only_files_of_ones_own_that_were_not_sent(door: type[Client], company: Company, enter: Enter) -> None:
    alice = await enter(door, company.alice)
    sent, thrown, kept = upload(company.alice), upload(company.alice), upload(company.alice)
    gone = await alice.send_message("Look", attachment_ids=[sent["id"]])
    company.alice.api("DELETE", f"attachments/{thrown['id']}")
    foreign = upload(company.bob)
    await alice.call("delete", id=gone["id"])
    for bad in (
        [foreign["id"]],
        [kept["id"], sent["id"]],
        [thrown["id"]],
        [2**63 - 1],
        [0],
        ["x"],
        list(range(1, 12)),
        5,
    ):
        with pytest.raises(Refused) as refused:
            await alice.send_message("Look", attachment_ids=bad)
        assert refused.value.code == "invalid"
        assert {field.split(".")[0] for field in refused.value.error["fields"]} == {"attachment_ids"}
    assert (await alice.send_message("Look", attachment_ids=[kept["id"]]))["attachments"] == [kept]
    assert status(company.bob, kept) == 200
