"""The reads of moderation: bans and invite links of a room, what a link leads to, whom a person blocks."""

from django.db.models import Subquery
from django.utils import timezone

from .access import check, refuse_banned
from .errors import ChatError, Code
from .events import BanOut, BanPageOut, BlocksOut, InvitationOut, InvitedRoomOut, InviteOut, InvitesOut
from .inputs import BansIn
from .models import Ban, Block, ChatRoom, Invite, Membership
from .payloads import user_brief
from .roles import Action


def bans(*, slug: str, user_id: int, page: BansIn) -> BanPageOut:
    """A page of the bans of a room, newest first (admins)."""
    room = check(slug=slug, user_id=user_id, to=Action.MODERATE_MEMBER).room
    rows = Ban.objects.filter(room=room).select_related("user", "by").order_by("-pk")
    if page.before is not None:
        rows = rows.filter(pk__lt=Subquery(Ban.objects.filter(room=room, user_id=page.before).values("pk")))
    found = list(rows[: page.limit + 1])
    return BanPageOut(items=[ban_out(row) for row in found[: page.limit]], has_more=len(found) > page.limit)


def ban_out(ban: Ban) -> BanOut:
    """The payload of a ban whose `user` and `by` are loaded."""
    return BanOut(user=user_brief(ban.user), by=user_brief(ban.by) if ban.by else None, created_at=ban.created_at)


def invites(*, slug: str, user_id: int) -> InvitesOut:
    """The invite links of a room that have not expired, newest first (admins)."""
    room = check(slug=slug, user_id=user_id, to=Action.INVITE).room
    rows = Invite.objects.filter(room=room, expires_at__gt=timezone.now()).select_related("created_by")
    return InvitesOut(items=[invite_out(row) for row in rows.order_by("-pk")])


def invite_out(invite: Invite) -> InviteOut:
    """The payload of an invite link whose `created_by` is loaded."""
    return InviteOut(
        id=invite.pk,
        code=invite.code,
        url=f"/#/invite/{invite.code}",
        created_at=invite.created_at,
        expires_at=invite.expires_at,
        max_uses=invite.max_uses,
        uses=invite.uses,
        created_by=user_brief(invite.created_by),
    )


def invitation(*, code: str, user_id: int) -> InvitationOut:
    """What a link leads to; raises `not_found`, and `forbidden` to the banned."""
    invite = find_invite(code)
    if invite.is_used_up:
        raise no_such_invite()
    room = invite.room
    refuse_banned(room, user_id)
    count = Membership.objects.filter(room=room).count()
    shown = InvitedRoomOut(slug=room.slug, name=room.name, kind=ChatRoom.Kind(room.kind), member_count=count)
    return InvitationOut(room=shown, expires_at=invite.expires_at)


def find_invite(code: str) -> Invite:
    """A link that was neither revoked nor has expired, with its `room`; raises `not_found`."""
    invite = Invite.objects.filter(code=code, expires_at__gt=timezone.now()).select_related("room").first()
    if invite is None:
        raise no_such_invite()
    return invite


def no_such_invite() -> ChatError:
    """The same for a wrong, revoked, expired and used up link: nobody learns which."""
    return ChatError(Code.NOT_FOUND, "This invite link is not valid.")


def blocks(*, user_id: int) -> BlocksOut:
    """Whom a person blocks, the last one first."""
    rows = Block.objects.filter(blocker=user_id).select_related("blocked").order_by("-pk")
    return BlocksOut(items=[user_brief(row.blocked) for row in rows])
