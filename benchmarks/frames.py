"""WebSocket frames as a client makes and takes them, as little of it as a benchmark needs."""

import os
from base64 import b64encode

# A mask of zeros leaves the text as it is, so a client frame costs the generator nothing; the server unmasks as always.
MASK = b"\x00\x00\x00\x00"

CLOSE = 0x88
PING = 0x89
CONTROL = {CLOSE, PING}


def upgrade(path: str, port: int, headers: dict[str, str]) -> bytes:
    """The HTTP request that opens a WebSocket."""
    lines = [
        f"GET {path} HTTP/1.1",
        f"Host: 127.0.0.1:{port}",
        "Upgrade: websocket",
        "Connection: Upgrade",
        f"Sec-WebSocket-Key: {b64encode(os.urandom(16)).decode()}",
        "Sec-WebSocket-Version: 13",
        *(f"{name}: {value}" for name, value in headers.items()),
    ]
    return "\r\n".join([*lines, "", ""]).encode()


def client_frame(text: bytes) -> bytes:
    size = len(text)
    if size < 126:
        return bytes((0x81, 0x80 | size)) + MASK + text
    return b"\x81\xfe" + size.to_bytes(2, "big") + MASK + text


def pong(payload: bytes) -> bytes:
    return b"\x8a" + client_frame(payload)[1:]


def server_frame(text: bytes) -> bytes:
    size = len(text)
    if size < 126:
        return bytes((0x81, size)) + text
    return b"\x81\x7e" + size.to_bytes(2, "big") + text


def split(data: bytes) -> tuple[list[bytes], bytes]:
    """The payloads of all whole server frames, and the rest. That of a close or ping has its first byte in front."""
    payloads = []
    at = 0
    end = len(data)
    while end - at >= 2:
        size = data[at + 1]
        body = at + 2
        if size == 126:
            body = at + 4
            size = int.from_bytes(data[at + 2 : body], "big")
        elif size == 127:
            body = at + 10
            size = int.from_bytes(data[at + 2 : body], "big")
        if body + size > end:
            break
        payload = data[body : body + size]
        payloads.append(data[at : at + 1] + payload if data[at] in CONTROL else payload)
        at = body + size
    return payloads, data[at:]
