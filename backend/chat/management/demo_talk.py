"""The demo's people and what they say."""

from typing import NamedTuple


class DemoPerson(NamedTuple):
    name: str
    email: str
    is_admin: bool = False


class Line(NamedTuple):
    """A message; whom it names with `@` is mentioned. `answers` is the beginning of the line that it replies to."""

    name: str
    text: str
    reactions: tuple[tuple[str, str], ...] = ()  # (name, emoji)
    answers: str = ""
    is_pinned: bool = False


class Talk(NamedTuple):
    name: str
    kind: str
    members: tuple[str, ...]  # the owner first
    lines: tuple[Line, ...]
    admins: tuple[str, ...] = ()
    unread: int = 0  # lines at the end that only their writers have seen


PEOPLE = (
    DemoPerson("Mira Lindqvist", "mira@example.com"),
    DemoPerson("Tomás Rey", "tomas@example.com"),
    DemoPerson("Aiko Tanaka", "aiko@example.com"),
    DemoPerson("Ben Okafor", "ben@example.com"),
    DemoPerson("Admin", "admin@example.com", is_admin=True),
)
MIRA, TOMAS, AIKO, BEN, ADMIN = (person.name for person in PEOPLE)

WELCOME = Talk(
    "Welcome",
    "public",
    (ADMIN, MIRA, TOMAS, AIKO, BEN),
    (
        Line(ADMIN, "Hello and welcome! This room is for everybody: ask anything, say hello.", is_pinned=True),
        Line(BEN, "Hi all. First day with the new chat, it feels quick.", ((MIRA, "👋"), (AIKO, "👋"))),
        Line(MIRA, "Try turning your wifi off and on again. It picks up exactly where it was."),
        Line(
            BEN,
            "Just did it on the train, in the tunnel. Nothing missing 🚄",
            ((TOMAS, "🎉"),),
            answers="Try turning",
        ),
        Line(BEN, f"How do I get the others in, @{MIRA}?"),
    ),
    admins=(MIRA,),
    unread=2,
)
HIKE = Talk(
    "Summer hike",
    "public",
    (MIRA, TOMAS, AIKO, BEN),
    (
        Line(MIRA, "Who is in for a hike on Saturday? I was thinking of the lake trail, 14 km, mostly flat."),
        Line(TOMAS, "In! Is it the one with the wooden bridge?"),
        Line(MIRA, "That one. They repaired it in spring, so no climbing down the bank this time.", answers="In! Is"),
        Line(AIKO, "I can join if we start after nine, my train arrives at 8:52."),
        Line(MIRA, "9:15 at the station then? There is a bakery right across.", ((AIKO, "👍"), (TOMAS, "🥐"))),
        Line(BEN, "Forecast says 24° and a bit of wind. I'll bring the big thermos anyway."),
        Line(TOMAS, f"Coffee in a thermos at 24 degrees. Never change, @{BEN}.", answers="Forecast says"),
        Line(BEN, "It's iced coffee. I'm not a monster.", ((MIRA, "😂"), (TOMAS, "😂"), (AIKO, "😂"))),
        Line(AIKO, "Does anybody have a spare rain jacket? Mine gave up last month."),
        Line(TOMAS, "I have two, I'll bring you the blue one.", answers="Does anybody"),
        Line(AIKO, "You're the best, thanks!", ((TOMAS, "💙"),)),
        Line(MIRA, "Swimming stuff too, if you like cold water. The lake had 17° yesterday."),
        Line(BEN, "17° is a number I respect from a distance.", ((AIKO, "🥶"), (MIRA, "😄"))),
        Line(MIRA, "So: Saturday, 9:15, station, bakery side. Back by five.", is_pinned=True),
    ),
    admins=(TOMAS,),
    unread=3,
)
RELEASE = Talk(
    "Release 2.4",
    "private",
    (TOMAS, MIRA, AIKO),
    (
        Line(TOMAS, "Two things left for 2.4: the export and the dark mode contrast. Who takes what?", is_pinned=True),
        Line(AIKO, "Contrast is mine, I have it half done. The grey on the timestamps is too weak."),
        Line(MIRA, "Then I take the export. It loads the whole table into memory, I want it streamed."),
        Line(TOMAS, "Perfect. Can we freeze on Thursday noon?", ((AIKO, "👍"), (MIRA, "👍"))),
        Line(AIKO, "Contrast is up for review: 4.6:1 everywhere now, timestamps too."),
        Line(MIRA, "Looks great on my old laptop, and that screen is merciless. Approved.", answers="Contrast is up"),
        Line(MIRA, "Export streams now: 200,000 rows in 3 s, memory stays flat at 40 MB.", ((TOMAS, "🚀"),)),
        Line(TOMAS, f"Tagging it after lunch. Thank you both, @{MIRA} and @{AIKO}!", ((AIKO, "❤️"),)),
    ),
    admins=(MIRA,),
    unread=1,
)
TENT = Talk(
    "",
    "direct",
    (MIRA, AIKO),
    (
        Line(AIKO, "Quick one: do you still have the tent from last year?"),
        Line(MIRA, "Yes, in the cellar. One pole is taped but it holds."),
        Line(AIKO, "Could I borrow it for the first week of August?"),
        Line(MIRA, "Of course. I'll bring it on Saturday.", ((AIKO, "🙏"),), answers="Could I borrow"),
        Line(AIKO, "And the small stove, if it is not too much?"),
    ),
    unread=1,
)
TALKS = (WELCOME, HIKE, RELEASE, TENT)
