"""The tables: rooms, who is in them, and the log of each room.

Every durable change of a room takes the room's next `seq` and writes exactly one message row,
so "what happened after n" is `updated_seq > n`, ordered by it.

A foreign key that a unique constraint begins with has no index of its own: it would cost each insert,
and PostgreSQL may take it instead of the one that also has the order.
"""

import secrets
import string
from datetime import datetime
from typing import Any

from django.conf import settings
from django.db import IntegrityError, models, transaction
from django.utils import timezone
from django.utils.text import slugify

MESSAGE_LENGTH = 4_000  # characters
ATTACHMENT_FOLDER = "attachments"
SLUG_TAIL = 5
SLUG_HEAD = 40


def make_slug(name: str) -> str:
    """`Tea & Cake` -> `tea-cake-x7k2p`: readable, and not to be guessed from the name."""
    head = slugify(name)[:SLUG_HEAD].strip("-_") or "room"
    tail = "".join(secrets.choice(string.ascii_lowercase + string.digits) for _ in range(SLUG_TAIL))
    return f"{head}-{tail}"


class ChatRoom(models.Model):
    class Kind(models.TextChoices):
        PUBLIC = "public"
        PRIVATE = "private"
        DIRECT = "direct"

    name = models.CharField(max_length=80)
    slug = models.SlugField(max_length=SLUG_HEAD + 1 + SLUG_TAIL, unique=True, editable=False)
    kind = models.CharField(max_length=10, choices=Kind, default=Kind.PUBLIC)
    members = models.ManyToManyField(settings.AUTH_USER_MODEL, through="Membership", related_name="rooms")
    last_seq = models.PositiveBigIntegerField(default=0, editable=False)
    direct_key = models.CharField(max_length=41, unique=True, null=True, blank=True, editable=False)
    created_at = models.DateTimeField(auto_now_add=True)

    def __str__(self) -> str:
        return self.slug

    def save(self, *args: Any, **kwargs: Any) -> None:
        """Draws the slug once, at creation; a clash draws again, and renaming keeps it."""
        if self.slug:
            super().save(*args, **kwargs)
            return
        while not self.slug:
            self.slug = make_slug(self.name)
            try:
                with transaction.atomic():
                    super().save(*args, **kwargs)
            except IntegrityError:
                if not ChatRoom.objects.filter(slug=self.slug).exists():
                    raise
                self.slug = ""


class Role(models.TextChoices):
    OWNER = "owner"
    ADMIN = "admin"
    MEMBER = "member"


class Membership(models.Model):
    room = models.ForeignKey(ChatRoom, on_delete=models.CASCADE, related_name="memberships", db_index=False)
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="memberships")
    role = models.CharField(max_length=10, choices=Role, default=Role.MEMBER)
    last_read_seq = models.PositiveBigIntegerField(default=0)
    muted_until = models.DateTimeField(null=True, blank=True)
    joined_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["room", "user"], name="one_membership")]

    def __str__(self) -> str:
        return f"{self.user_id} in {self.room_id} ({self.role})"

    @property
    def mute_end(self) -> datetime | None:
        """None: not muted, or not any more."""
        return self.muted_until if self.muted_until and self.muted_until > timezone.now() else None


class Ban(models.Model):
    """Outlives the membership: a banned person can't come back by joining again."""

    room = models.ForeignKey(ChatRoom, on_delete=models.CASCADE, related_name="bans", db_index=False)
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="bans")
    by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, related_name="+")
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["room", "user"], name="one_ban")]

    def __str__(self) -> str:
        return f"{self.user_id} banned from {self.room_id}"


class Mute(models.Model):
    """What is left of a mute when the muted person goes: it waits for them, so that leaving is no way out of it."""

    room = models.ForeignKey(ChatRoom, on_delete=models.CASCADE, related_name="mutes", db_index=False)
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")
    until = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["room", "user"], name="one_mute")]

    def __str__(self) -> str:
        return f"{self.user_id} muted in {self.room_id} until {self.until:%Y-%m-%d %H:%M}"


class Block(models.Model):
    """`blocker` wants no direct messages from `blocked`."""

    blocker = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="blocks", db_index=False
    )
    blocked = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["blocker", "blocked"], name="one_block")]

    def __str__(self) -> str:
        return f"{self.blocker_id} blocks {self.blocked_id}"


class Invite(models.Model):
    """A link into a room: whoever has `code` may join, until it expires, is used up or revoked."""

    room = models.ForeignKey(ChatRoom, on_delete=models.CASCADE, related_name="invites")
    code = models.CharField(max_length=43, unique=True, editable=False)
    created_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")
    created_at = models.DateTimeField(auto_now_add=True)
    expires_at = models.DateTimeField()
    max_uses = models.PositiveIntegerField(null=True, blank=True)
    uses = models.PositiveIntegerField(default=0, editable=False)

    def __str__(self) -> str:
        return f"to {self.room_id} until {self.expires_at:%Y-%m-%d}"

    @property
    def is_used_up(self) -> bool:
        return self.max_uses is not None and self.uses >= self.max_uses


class Message(models.Model):
    class Kind(models.TextChoices):
        TEXT = "text"
        CREATED = "created"
        JOINED = "joined"
        LEFT = "left"
        REMOVED = "removed"
        RENAMED = "renamed"

    room = models.ForeignKey(ChatRoom, on_delete=models.CASCADE, related_name="messages", db_index=False)
    # A deleted sender would take messages out of the log: accounts are emptied, never deleted.
    sender = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="messages", db_index=False
    )
    message = models.TextField(max_length=MESSAGE_LENGTH, blank=True)
    kind = models.CharField(max_length=10, choices=Kind, default=Kind.TEXT)
    seq = models.PositiveBigIntegerField(editable=False)
    updated_seq = models.PositiveBigIntegerField(editable=False)
    client_id = models.CharField(max_length=64, null=True, blank=True, editable=False)
    reply_to = models.ForeignKey("self", on_delete=models.SET_NULL, null=True, blank=True, related_name="replies")
    mention_ids = models.JSONField(default=list, editable=False)  # for the payload; Mention is the index to it
    created_at = models.DateTimeField()
    edited_at = models.DateTimeField(null=True, blank=True)
    deleted_at = models.DateTimeField(null=True, blank=True)
    pinned_at = models.DateTimeField(null=True, blank=True, editable=False)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["room", "seq"], name="one_message_a_place"),
            models.UniqueConstraint(fields=["sender", "client_id"], name="one_message_a_client_id"),
        ]
        indexes = [
            models.Index(fields=["room", "updated_seq"], name="message_changes"),
            models.Index(
                fields=["room", "pinned_at"], name="pinned_messages", condition=models.Q(pinned_at__isnull=False)
            ),
        ]

    def __str__(self) -> str:
        return f"{self.room_id}#{self.seq}"


class Mention(models.Model):
    """Somebody is named in a message: what counts the unread ones. `room` and `seq` are the message's."""

    message = models.ForeignKey(Message, on_delete=models.CASCADE, related_name="mentions")
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+", db_index=False)
    room = models.ForeignKey(ChatRoom, on_delete=models.CASCADE, related_name="+")
    seq = models.PositiveBigIntegerField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["user", "room", "seq"], name="one_mention")]

    def __str__(self) -> str:
        return f"{self.user_id} in {self.message_id}"


class Reaction(models.Model):
    message = models.ForeignKey(Message, on_delete=models.CASCADE, related_name="reactions", db_index=False)
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="reactions")
    emoji = models.CharField(max_length=32)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["message", "user", "emoji"], name="one_reaction")]

    def __str__(self) -> str:
        return f"{self.emoji} on {self.message_id}"


def attachment_path(attachment: "Attachment", filename: str) -> str:
    """A random name without the sender's ending: nothing about it is chosen by the sender.

    In one of 256 folders, so that none of them grows too long to be listed.
    """
    name = secrets.token_hex(16)
    return f"{ATTACHMENT_FOLDER}/{name[:2]}/{name}"


class Attachment(models.Model):
    uploader = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="attachments")
    message = models.ForeignKey(Message, on_delete=models.CASCADE, null=True, blank=True, related_name="attachments")
    file = models.FileField(upload_to=attachment_path)
    thumbnail = models.FileField(upload_to=attachment_path, blank=True)
    name = models.CharField(max_length=255)
    type = models.CharField(max_length=100)
    size = models.PositiveBigIntegerField()
    width = models.PositiveIntegerField(null=True, blank=True)
    height = models.PositiveIntegerField(null=True, blank=True)
    created_at = models.DateTimeField(auto_now_add=True)

    def __str__(self) -> str:
        return self.name
