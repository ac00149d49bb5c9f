"""Builds HTTP/2 frames from the maps of a scenario: {type: PING, count: 1000}, {type: HEADERS, stream: 1, headers: {...}}."""

import hpack
from hyperframe import frame as hf

PREFACE = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"


def header_block(headers):
    """Without the dynamic table, so that blocks can be sent in any order."""
    pairs = headers if isinstance(headers, list) else list(headers.items())
    fields = [hpack.NeverIndexedHeaderTuple(str(n), str(v)) for n, v in pairs]
    return hpack.Encoder().encode(fields)


def build(spec):
    kind, stream, flags = spec["type"], spec.get("stream", 0), spec.get("flags", [])
    if kind == "preface":
        return PREFACE
    if kind == "hex":
        return bytes.fromhex(spec["bytes"].replace(" ", ""))
    if kind == "SETTINGS":
        settings = {int(k) if isinstance(k, int) else getattr(hf.SettingsFrame, k): v for k, v in spec.get("settings", {}).items()}
        return hf.SettingsFrame(0, settings, flags=flags).serialize()
    if kind == "PING":
        return hf.PingFrame(0, b"\0" * 8, flags=flags).serialize()
    if kind in ("HEADERS", "CONTINUATION"):
        data = bytes.fromhex(spec["hex"].replace(" ", "")) if "hex" in spec else header_block(spec.get("headers", {}))
        frame = hf.HeadersFrame if kind == "HEADERS" else hf.ContinuationFrame
        return frame(stream, data, flags=flags).serialize()
    if kind == "DATA":
        return hf.DataFrame(stream, spec.get("data", "").encode(), flags=flags).serialize()
    if kind == "RST_STREAM":
        return hf.RstStreamFrame(stream, spec.get("code", 8)).serialize()
    if kind == "GOAWAY":
        return hf.GoAwayFrame(0, last_stream_id=spec.get("last", 0), error_code=spec.get("code", 0)).serialize()
    if kind == "WINDOW_UPDATE":
        return hf.WindowUpdateFrame(stream, spec["increment"]).serialize()
    if kind == "PRIORITY":
        return hf.PriorityFrame(stream, depends_on=spec.get("depends on", 0), stream_weight=15, exclusive=False).serialize()
    raise ValueError(f"no frame {kind!r}")


def build_all(specs):
    """Each map in order; `count` repeats it, or its `group`; with `new streams`, each time on streams two higher."""
    out = bytearray()
    for spec in specs:
        for index in range(spec.get("count", 1)):
            group = spec["group"] if "group" in spec else [spec]
            for one in group:
                shifted = dict(one)
                if spec.get("new streams"):
                    shifted["stream"] = one["stream"] + 2 * index
                out += build(shifted)
    return bytes(out)
