"""python-socketio as its documentation has it: Redis manager, the ORM in Django's thread."""

import os
from typing import Any

import django

os.environ["DJANGO_SETTINGS_MODULE"] = "benchmarks.peers.settings"
django.setup()

import socketio
from asgiref.sync import sync_to_async

from benchmarks.peers.messages.models import Message

sio = socketio.AsyncServer(
    async_mode="asgi",
    client_manager=socketio.AsyncRedisManager(os.environ["REDIS_URL"]),
    cors_allowed_origins=[],
)
application = socketio.ASGIApp(sio)


@sio.event
async def connect(sid: str, environ: dict[str, Any], auth: dict[str, Any]) -> None:
    for room in auth["rooms"]:
        await sio.enter_room(sid, room)
    await sio.save_session(sid, {"room": auth["rooms"][0]})


@sio.event
async def message(sid: str, data: dict[str, Any]) -> dict[str, Any]:
    room = (await sio.get_session(sid))["room"]
    row = await sync_to_async(Message.objects.create)(room=room, sender=sid, message=data["message"])
    payload = {
        "id": row.pk,
        "room": room,
        "sender": sid,
        "message": row.message,
        "created_at": row.created_at.isoformat(),
    }
    await sio.emit("message", payload, room=room)
    return {"ok": True, "id": row.pk}
