"""The PROXY protocol, versions 1 and 2: built for clients, read by upstreams."""

import ipaddress
import struct

SIGNATURE = b"\r\n\r\n\0\r\nQUIT\n"
LONGEST_V1 = 107


def _endpoint(text):
    """'1.2.3.4:80' or '[::1]:80'."""
    host, _, port = text.rpartition(":")
    return ipaddress.ip_address(host.strip("[]")), int(port)


def build(spec):
    """{version: 1|2, source: a:p, destination: a:p, tlvs: {0xE0: text}, command: local|proxy} as bytes; `v1: unknown` is UNKNOWN."""
    if spec.get("version", 1) == 1:
        if "source" not in spec:
            return b"PROXY UNKNOWN\r\n"
        (source, source_port), (destination, port) = _endpoint(spec["source"]), _endpoint(spec["destination"])
        return f"PROXY TCP{source.version} {source} {destination} {source_port} {port}\r\n".encode()
    tlvs = b"".join(struct.pack("!BH", int(kind), len(str(value).encode("latin-1"))) + str(value).encode("latin-1")
                    for kind, value in spec.get("tlvs", {}).items())
    if "source" in spec:
        (source, source_port), (destination, port) = _endpoint(spec["source"]), _endpoint(spec["destination"])
        family = 0x11 if source.version == 4 else 0x21
        addresses = source.packed + destination.packed + struct.pack("!HH", source_port, port)
    else:
        family, addresses = 0, b""
    command = 0x20 if spec.get("command") == "local" else 0x21
    return SIGNATURE + struct.pack("!BBH", command, family, len(addresses + tlvs)) + addresses + tlvs


async def read(reader):
    """The header at the start of a connection as a map; ValueError if there is none."""
    start = await reader.readexactly(12)
    if start == SIGNATURE:
        return await _read_v2(reader)
    if not start.startswith(b"PROXY "):
        raise ValueError(f"no PROXY header but {start!r}")
    line = start + await reader.readuntil(b"\r\n")
    if len(line) > LONGEST_V1:
        raise ValueError(f"a PROXY header of {len(line)} bytes")
    parts = line[:-2].decode().split(" ")
    if parts[1] == "UNKNOWN":
        return {"version": 1, "command": "unknown"}
    family, source, destination, source_port, port = parts[1:]
    return {"version": 1, "command": "proxy", "family": family, "source": _text(source, source_port), "destination": _text(destination, port)}


async def _read_v2(reader):
    command, family, length = struct.unpack("!BBH", await reader.readexactly(4))
    rest = await reader.readexactly(length)
    found = {"version": command >> 4, "command": {0: "local", 1: "proxy"}.get(command & 15, str(command & 15)), "tlvs": {}}
    size = {0x11: 4, 0x21: 16}.get(family, 0)
    if size:
        source, destination = (ipaddress.ip_address(rest[i * size:(i + 1) * size]) for i in (0, 1))
        source_port, port = struct.unpack("!HH", rest[2 * size:2 * size + 4])
        found.update(family=f"TCP{source.version}", source=_text(source, source_port), destination=_text(destination, port))
        rest = rest[2 * size + 4:]
    while rest:
        kind, length = struct.unpack("!BH", rest[:3])
        found["tlvs"][kind] = rest[3:3 + length].decode("latin-1")
        rest = rest[3 + length:]
    return found


def _text(address, port):
    return f"[{address}]:{port}" if ":" in str(address) else f"{address}:{port}"
