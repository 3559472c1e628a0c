"""The addresses of the plain WebSocket door."""

from typing import Any

from channels.routing import ProtocolTypeRouter, URLRouter
from django.urls import re_path

from .connections import INBOX
from .consumers import ChatConsumer
from .middlewares import KnoxAuthMiddleware

# A path without a slug reaches the consumer too: it is refused with a code, like an unknown room.
websocket_urlpatterns: list[Any] = [
    re_path(r"^ws/chat/(?P<slug>[-\w]+)/?$", ChatConsumer.as_asgi()),
    re_path(r"^ws/inbox/?$", ChatConsumer.as_asgi(), {"slug": INBOX}),
    re_path(r"", ChatConsumer.as_asgi()),
]

websocket_application = ProtocolTypeRouter({"websocket": KnoxAuthMiddleware(URLRouter(websocket_urlpatterns))})
