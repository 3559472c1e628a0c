"""A server that does nothing but write, to show how much the load generator can take.

`python -m benchmarks.blaster PORT TOGETHER`: answers upgrades, then writes the same frames to everybody, `TOGETHER` at
a time, as fast as they are taken.
"""

import select
import socket
import sys

from benchmarks.frames import server_frame

TEXT = b'42/room-0-aaaaa,["message",{"id":1,"message":"@@@@1:1|%b"}]' % (b"." * 300)  # as long as our messages are


def main(port: int, together: int) -> None:
    frames = server_frame(TEXT) * together
    poller = select.epoll()
    listener = socket.create_server(("127.0.0.1", port), backlog=1_000)
    poller.register(listener, select.EPOLLIN)
    clients: dict[int, socket.socket] = {}
    rest: dict[int, bytes] = {}
    while True:
        for fd, event in poller.poll():
            if fd == listener.fileno():
                client, _ = listener.accept()
                if not client.recv(4_096):
                    continue
                client.sendall(b"HTTP/1.1 101 Switching Protocols\r\n\r\n")
                client.setblocking(False)
                clients[client.fileno()] = client
                rest[client.fileno()] = b""
                poller.register(client, select.EPOLLOUT)
            elif event & (select.EPOLLHUP | select.EPOLLERR):
                clients.pop(fd).close()
            else:
                data = rest[fd] or frames
                rest[fd] = data[clients[fd].send(data) :]


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
