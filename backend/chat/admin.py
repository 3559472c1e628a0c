"""The moderator's pages. What people in a room would notice goes through the services, so that sockets hear of it."""

from collections.abc import Callable
from typing import Any, cast

from django.contrib import admin, messages
from django.db.models import Count, OuterRef, QuerySet, Subquery
from django.db.models.functions import Coalesce
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.html import format_html
from pydantic import ValidationError

from backend.accounts.models import User
from backend.chat.errors import ChatError, as_chat_error
from backend.chat.inputs import SendIn
from backend.chat.models import Ban, Block, ChatRoom, Invite, Membership, Message, Role
from backend.chat.services import staff
from backend.chat.services.sending import send_message


class ModeratedAdmin(admin.ModelAdmin):  # type: ignore[type-arg]  # no type argument at run time
    """A page whose writes are services: what they refuse is shown above the page instead of failing it."""

    list_per_page = 50
    show_full_result_count = False  # it counts the whole table

    def changeform_view(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        return self._or_refusal(request, super().changeform_view, *args, **kwargs)

    def changelist_view(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        return self._or_refusal(request, super().changelist_view, *args, **kwargs)

    def delete_view(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        return self._or_refusal(request, super().delete_view, *args, **kwargs)

    def delete_queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> None:
        for item in queryset:
            self.delete_model(request, item)

    def _or_refusal(
        self, request: HttpRequest, view: Callable[..., HttpResponse], *args: Any, **kwargs: Any
    ) -> HttpResponse:
        try:
            return view(request, *args, **kwargs)
        except (ChatError, ValidationError) as error:
            self.message_user(request, str(as_chat_error(error)), messages.ERROR)
            return HttpResponseRedirect(request.get_full_path())


def at_work(request: HttpRequest) -> User:
    """Who is at work: the admin lets nobody in without logging in."""
    return cast(User, request.user)


class LeaderInline(admin.TabularInline):  # type: ignore[type-arg]
    """Owners and admins only: a room may have thousands of members, which have a list of their own."""

    model = Membership
    verbose_name_plural = "owners and admins"
    fields = readonly_fields = ("user", "role", "joined_at", "muted_until")
    show_change_link = True

    def get_queryset(self, request: HttpRequest) -> QuerySet[Membership]:
        leaders: QuerySet[Membership] = super().get_queryset(request)
        return leaders.exclude(role=Role.MEMBER).select_related("user", "room")

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


@admin.register(ChatRoom)
class RoomAdmin(ModeratedAdmin):
    list_display = ("name", "slug", "kind", "member_count", "last_seq", "created_at")
    list_filter = ("kind", "created_at")
    search_fields = ("name", "slug")
    ordering = ("-pk",)
    fields = ("name", "slug", "kind", "last_seq", "created_at", "lists")
    readonly_fields = ("slug", "kind", "last_seq", "created_at", "lists")
    inlines = (LeaderInline,)

    def get_queryset(self, request: HttpRequest) -> QuerySet[ChatRoom]:
        members = Membership.objects.filter(room=OuterRef("pk")).order_by().values("room")
        count = Subquery(members.annotate(count=Count("pk")).values("count"))
        rooms: QuerySet[ChatRoom] = super().get_queryset(request)
        return rooms.annotate(member_count=Coalesce(count, 0))

    @admin.display(description="members")
    def member_count(self, room: Any) -> int:
        return int(room.member_count)

    @admin.display(description="")
    def lists(self, room: ChatRoom) -> str:
        return format_html(
            '<a href="{}?room__id__exact={}">members</a> · <a href="{}?room__id__exact={}">messages</a>',
            reverse("admin:chat_membership_changelist"),
            room.pk,
            reverse("admin:chat_message_changelist"),
            room.pk,
        )

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False  # a room begins with an owner, who makes it in the app

    def save_model(self, request: HttpRequest, obj: ChatRoom, form: Any, change: bool) -> None:
        if "name" in form.changed_data:
            staff.rename_room(slug=obj.slug, name=obj.name, staff=at_work(request))

    def delete_model(self, request: HttpRequest, obj: ChatRoom) -> None:
        staff.delete_room(slug=obj.slug)

    def get_deleted_objects(self, objs: Any, request: HttpRequest) -> Any:
        # Django would load and list every message.
        names = [f"{room.name} ({room.slug}) and all that was said in it" for room in objs]
        return names, {"rooms": len(names)}, set(), []


@admin.register(Membership)
class MembershipAdmin(ModeratedAdmin):
    list_display = ("user", "room", "role", "joined_at", "muted_until")
    list_filter = ("role", "room__kind", "joined_at")
    list_select_related = ("user", "room")
    search_fields = ("user__email", "user__name", "room__slug", "room__name")
    raw_id_fields = ("user", "room")
    ordering = ("-pk",)
    fields = ("room", "user", "role", "muted_until", "last_read_seq", "joined_at")

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> tuple[str, ...]:
        always = ("last_read_seq", "joined_at")
        return (*always, "room", "user") if obj else (*always, "muted_until")

    def save_model(self, request: HttpRequest, obj: Membership, form: Any, change: bool) -> None:
        if change:
            if "role" in form.changed_data:
                staff.change_role(membership=obj, role=Role(obj.role))
            if "muted_until" in form.changed_data:
                staff.mute(membership=obj, until=obj.muted_until)
        else:
            added = staff.add_member(room=obj.room, person=obj.user, role=Role(obj.role))
            obj.pk = added.pk

    def delete_model(self, request: HttpRequest, obj: Membership) -> None:
        staff.remove_member(membership=obj, staff=at_work(request))


@admin.register(Ban)
class BanAdmin(ModeratedAdmin):
    list_display = ("user", "room", "by", "created_at")
    list_filter = ("created_at",)
    list_select_related = ("user", "room", "by")
    search_fields = ("user__email", "user__name", "room__slug", "room__name")
    raw_id_fields = ("user", "room")
    ordering = ("-pk",)
    fields = ("room", "user")

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def save_model(self, request: HttpRequest, obj: Ban, form: Any, change: bool) -> None:
        obj.pk = staff.ban(room=obj.room, person=obj.user, staff=at_work(request)).pk


class ReadOnlyAdmin(admin.ModelAdmin):  # type: ignore[type-arg]
    """A list to look into: what is in it is made and changed in the app."""

    list_per_page = 50
    show_full_result_count = False
    ordering = ("-pk",)

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


@admin.register(Invite)
class InviteAdmin(ReadOnlyAdmin):
    """To see and revoke; the code is nobody's to read here, it opens a private room."""

    list_display = ("room", "created_by", "created_at", "expires_at", "uses", "max_uses")
    list_filter = ("created_at", "expires_at")
    list_select_related = ("room", "created_by")
    search_fields = ("created_by__email", "created_by__name", "room__slug", "room__name")
    fields = list_display


@admin.register(Block)
class BlockAdmin(ReadOnlyAdmin):
    """To see who is unwelcome to many; people unblock one another themselves."""

    list_display = ("blocker", "blocked", "created_at")
    list_filter = ("created_at",)
    list_select_related = ("blocker", "blocked")
    search_fields = ("blocked__email", "blocked__name", "blocker__email", "blocker__name")
    fields = list_display

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


class DeletedFilter(admin.EmptyFieldListFilter):
    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.title = "deleted"

    def choices(self, changelist: Any) -> Any:
        for choice, label in zip(super().choices(changelist), ("All", "No", "Yes"), strict=True):
            yield {**choice, "display": label}


@admin.register(Message)
class MessageAdmin(ModeratedAdmin):
    """Sent and deleted here, never edited: nobody puts words into the mouth of others."""

    list_display = ("__str__", "room", "sender", "kind", "beginning", "created_at", "deleted_at")
    list_filter = ("kind", ("deleted_at", DeletedFilter), "created_at")
    list_select_related = ("room", "sender")
    search_fields = ("message", "room__slug", "sender__email", "sender__name")
    raw_id_fields = ("room", "reply_to")
    ordering = ("-pk",)
    actions = ("delete_messages",)
    readonly_fields = (
        "room", "sender", "message", "kind", "seq", "updated_seq", "client_id", "reply_to", "created_at", "edited_at",
        "deleted_at",
    )  # fmt: skip

    @admin.display(description="message")
    def beginning(self, message: Message) -> str:
        return message.message[:80]

    def get_fields(self, request: HttpRequest, obj: Any = None) -> tuple[str, ...]:
        return self.readonly_fields if obj else ("room", "message", "reply_to")

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> tuple[str, ...]:
        return self.readonly_fields if obj else ()

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False  # a row that goes would leave a hole in the log

    def save_model(self, request: HttpRequest, obj: Message, form: Any, change: bool) -> None:
        """Post as oneself, into a room that one is in."""
        if not change:
            body = SendIn(message=obj.message, reply_to=obj.reply_to_id)
            sent = send_message(slug=obj.room.slug, user_id=at_work(request).pk, body=body)
            obj.pk = sent.message.id
            obj.refresh_from_db()

    @admin.action(description="Delete the selected messages (an empty line stays)", permissions=["change"])
    def delete_messages(self, request: HttpRequest, queryset: QuerySet[Message]) -> None:
        texts = queryset.filter(kind=Message.Kind.TEXT, deleted_at=None).select_related("room")
        for message in texts:
            staff.delete_message(message=message)
        self.message_user(request, f"{len(texts)} messages deleted.")
