"""One HTTP message as it arrives, and messages as a scenario writes them."""

import re


class Message:
    """What has arrived of a request or response, over HTTP/1 or HTTP/2."""

    def __init__(self):
        self.status = None
        self.method = None
        self.path = None
        self.authority = None
        self.scheme = None
        self.version = None
        self.reason = None
        self.pseudo = {}
        self.headers = []
        self.head = ""  # as it stood on the wire (HTTP/1)
        self.body = bytearray()
        self.trailers = []
        self.has_head = False
        self.ended = False
        self.cut = None  # why it will never end: "closed", "reset", or an HTTP/2 error's name

    def header(self, name):
        return next((v for n, v in self.headers if n.lower() == name), None)

    def describe(self):
        if not self.has_head:
            return f"no head yet{', ' + self.cut if self.cut else ''}"
        first = f"status {self.status}" if self.status is not None else f"{self.method} {self.path}"
        end = "ended" if self.ended else f"cut: {self.cut}" if self.cut else "not ended"
        return f"{first}, headers {self.headers}, {len(self.body)} bytes of body {bytes(self.body[:200])!r}, trailers {self.trailers}, {end}"


def expand(text):
    """{x*1000} stands for a thousand x."""
    return re.sub(r"\{x\*(\d+)\}", lambda m: "x" * int(m[1]), text)


class Text:
    """A message as a scenario writes it: head lines, a blank line, the body."""

    def __init__(self, text):
        head, blank, body = expand(text).partition("\n\n")
        lines = head.rstrip("\n").split("\n")
        self.first = lines[0]
        self.headers = [self._header(line) for line in lines[1:]]
        self.lines = lines
        # A block scalar ends with a newline that is not part of the body.
        self.body = (body[:-1] if body.endswith("\n") else body).encode() if blank else b""

    @staticmethod
    def _header(line):
        name, _, value = line.partition(":")
        return name.strip(), value.strip()

    def http1(self):
        return "\r\n".join(self.lines).encode("latin-1") + b"\r\n\r\n" + self.body

    def http2_request(self, scheme="http"):
        method, path = self.first.split()[:2]
        host = next((v for n, v in self.headers if n.lower() == "host"), None)
        if method == "CONNECT" and not any(n == ":protocol" for n, _ in self._pseudo()):
            head = [(":method", method), (":authority", path)]
        else:
            head = [(":method", method), (":scheme", scheme), (":path", path)]
            if host is not None:
                head.append((":authority", host))
        return head + self._pseudo() + self._fields()

    def http2_response(self):
        return [(":status", self.first.split()[1])] + self._fields()

    def _pseudo(self):
        """':protocol: websocket' as a line of the head."""
        return [(":" + m[1], m[2]) for line in self.lines[1:] if (m := re.match(r":([a-z]+):\s*(.*)", line))]

    def _fields(self):
        skipped = ("host", "connection", "transfer-encoding", "")
        return [(n.lower(), v) for n, v in self.headers if n.lower() not in skipped]
