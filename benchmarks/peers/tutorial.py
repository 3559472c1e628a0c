"""Channels as in its tutorial, with a row in the database for each message."""

import json
import os
from typing import Any

import django

os.environ["DJANGO_SETTINGS_MODULE"] = "benchmarks.peers.settings"
django.setup()

from channels.db import database_sync_to_async
from channels.generic.websocket import AsyncWebsocketConsumer
from channels.routing import ProtocolTypeRouter, URLRouter
from django.urls import path

from benchmarks.peers.messages.models import Message


class ChatConsumer(AsyncWebsocketConsumer):
    async def connect(self) -> None:
        self.room = self.scope["url_route"]["kwargs"]["room"]
        self.group = f"chat_{self.room}"
        await self.channel_layer.group_add(self.group, self.channel_name)
        await self.accept()

    async def disconnect(self, code: int) -> None:
        await self.channel_layer.group_discard(self.group, self.channel_name)

    async def receive(self, text_data: str = "", bytes_data: bytes | None = None) -> None:
        row = await database_sync_to_async(Message.objects.create)(
            room=self.room, sender=self.channel_name, message=json.loads(text_data)["message"]
        )
        event = {
            "type": "chat.message",
            "id": row.pk,
            "room": self.room,
            "sender": row.sender,
            "message": row.message,
            "created_at": row.created_at.isoformat(),
        }
        await self.channel_layer.group_send(self.group, event)

    async def chat_message(self, event: dict[str, Any]) -> None:
        await self.send(text_data=json.dumps({**event, "type": "message"}))


application = ProtocolTypeRouter({"websocket": URLRouter([path("ws/chat/<slug:room>/", ChatConsumer.as_asgi())])})
