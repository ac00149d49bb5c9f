#!/usr/bin/env python3
"""A steady client: one request a millisecond on one connection; prints for each when it was sent and how long it took, in seconds of the
monotonic clock. A late answer delays the requests behind it, and they count from when they were due.

  pacer.py PORT SECONDS"""

import socket
import sys
import time

PACE_S = 0.001
REQUEST = b"GET /1k HTTP/1.1\r\nhost: bench\r\n\r\n"


def main():
    port, seconds = int(sys.argv[1]), float(sys.argv[2])
    sock = socket.create_connection(("127.0.0.1", port))
    sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    taken, due = [], time.monotonic()
    size = None
    end = due + seconds
    while due < end:
        pause = due - time.monotonic()
        if pause > 0:
            time.sleep(pause)
        sock.sendall(REQUEST)
        got = sock.recv(65536)
        if not got.startswith(b"HTTP/1.1 200"):
            sys.exit(f"answer: {got[:100]!r}")
        head, _, body = got.partition(b"\r\n\r\n")
        if size is None:
            size = next(int(line[15:]) for line in head.lower().split(b"\r\n") if line.startswith(b"content-length:"))
        missing = size - len(body)
        while missing > 0:
            missing -= len(sock.recv(65536))
        taken.append((due, time.monotonic() - due))
        due += PACE_S
    sys.stdout.write("".join(f"{at:.6f} {took:.6f}\n" for at, took in taken))


if __name__ == "__main__":
    main()
