"""`python -m backend`: uvicorn with the settings that the chat needs."""

import os

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "backend.settings")

import uvicorn
from django.conf import settings

GRACE = 15  # seconds that requests and sockets have to finish at shutdown


def main() -> None:
    uvicorn.run(
        "backend.asgi:application",
        host=settings.HOST,
        port=settings.PORT,
        workers=settings.WORKERS,
        http="backend.realtime.websocket:ChatHttpProtocol",
        ws="backend.realtime.websocket:ChatWebSocketProtocol",
        ws_max_size=256 * 1024,
        ws_per_message_deflate=False,
        lifespan="on",
        timeout_graceful_shutdown=GRACE,
        proxy_headers=bool(settings.TRUSTED_PROXIES),
        forwarded_allow_ips=",".join(settings.TRUSTED_PROXIES) or None,
        server_header=False,
        access_log=settings.DEBUG,
    )


if __name__ == "__main__":
    main()
