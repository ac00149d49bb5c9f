"""HTTP/2 as a peer of the proxy sees it, by the h2 package, which also checks what the proxy sends."""

import asyncio

import h2.config
import h2.connection
import h2.errors
import h2.events
import h2.exceptions
import h2.settings
from hyperframe.frame import Frame

from .message import Message

SETTINGS = {name.lower(): code for name, code in h2.settings.SettingCodes.__members__.items()}


def error_name(code):
    try:
        return h2.errors.ErrorCodes(code).name
    except ValueError:
        return str(code)


def error_code(name):
    return h2.errors.ErrorCodes[name] if isinstance(name, str) else h2.errors.ErrorCodes.CANCEL


class Connection(h2.connection.H2Connection):
    """The h2 package takes a GOAWAY for the end; in truth the streams that are open go on."""

    def _receive_goaway_frame(self, frame):
        state = self.state_machine.state
        frames, events = super()._receive_goaway_frame(frame)
        if frame.error_code == h2.errors.ErrorCodes.NO_ERROR:
            self.state_machine.state = state
        return frames, events


class Http2Stream:
    """One stream: the messages that arrived on it (interim responses are messages of their own)."""

    def __init__(self, stream_id):
        self.id = stream_id
        self.messages = [Message()]
        self.reset = None  # error name, by the proxy
        self.withheld = 0  # bytes received that no WINDOW_UPDATE has given back

    @property
    def last(self):
        return self.messages[-1]


class Http2Connection:
    """One connection, client or server. `on_message(stream)` is called when a head has arrived."""

    def __init__(self, reader, writer, waiter, is_client, settings=None, gives_back=True):
        self.reader, self.writer, self.waiter = reader, writer, waiter
        self.is_client = is_client
        self.gives_back = gives_back  # whether received bytes are given back to the sender's window
        self.streams = {}
        self.closed = None
        self.error = None
        self.goaway = None  # (error name, last stream)
        self.pings = 0
        self.ping_acks = 0
        self.settings_acks = 0
        self.remote_settings = {}
        self.on_message = lambda stream: None
        config = h2.config.H2Configuration(
            client_side=is_client, header_encoding="utf-8", validate_outbound_headers=False,
            normalize_outbound_headers=False)
        self.h2 = Connection(config)
        if settings:
            codes = {SETTINGS[k.lower()]: v for k, v in settings.items()}
            self.h2.local_settings.update(codes)
            self.h2.local_settings.acknowledge()  # counts from the start: no SETTINGS frame of defaults goes before it
        self.h2.initiate_connection()
        self._flush()
        self.task = asyncio.create_task(self._read())

    # --- what arrives

    async def _read(self):
        try:
            while data := await self.reader.read(65536):
                for event in self.h2.receive_data(data):
                    self._handle(event)
                self._flush()
                self.waiter.changed()
            self.closed = "closed"
        except ConnectionError:
            self.closed = "reset"
        except h2.exceptions.ProtocolError as bad:
            self.error = f"the proxy broke HTTP/2: {type(bad).__name__} {bad}"
            self._flush()
        for stream in self.streams.values():
            if not stream.last.ended and stream.last.cut is None:
                stream.last.cut = self.closed or "malformed"
        self.waiter.changed()

    def _handle(self, event):
        kind = type(event).__name__
        handler = getattr(self, "_on_" + kind, None)
        if handler:
            handler(event)

    def _stream(self, stream_id):
        if stream_id not in self.streams:
            self.streams[stream_id] = Http2Stream(stream_id)
        return self.streams[stream_id]

    def _on_RequestReceived(self, event):
        self._head(event)

    def _on_ResponseReceived(self, event):
        self._head(event)

    def _on_InformationalResponseReceived(self, event):
        stream = self._head(event)
        stream.last.ended = True
        stream.messages.append(Message())

    def _head(self, event):
        stream = self._stream(event.stream_id)
        message = stream.last
        for name, value in event.headers:
            if name.startswith(":"):
                message.pseudo[name] = value
            else:
                message.headers.append((name, value))
        status = message.pseudo.get(":status")
        message.status = int(status) if status else None
        message.method = message.pseudo.get(":method")
        message.path = message.pseudo.get(":path")
        message.authority = message.pseudo.get(":authority")
        message.scheme = message.pseudo.get(":scheme")
        message.version = "HTTP/2"
        message.has_head = True
        self.on_message(stream)
        return stream

    def _on_DataReceived(self, event):
        stream = self._stream(event.stream_id)
        stream.last.body += event.data
        stream.withheld += event.flow_controlled_length
        if self.gives_back:
            self.give_back(stream)

    def give_back(self, stream):
        if stream.withheld:
            self.h2.acknowledge_received_data(stream.withheld, stream.id)
            stream.withheld = 0
            self._flush()

    def _on_TrailersReceived(self, event):
        self._stream(event.stream_id).last.trailers = list(event.headers)

    def _on_StreamEnded(self, event):
        self._stream(event.stream_id).last.ended = True

    def _on_StreamReset(self, event):
        stream = self._stream(event.stream_id)
        stream.reset = error_name(event.error_code)
        if not stream.last.ended:
            stream.last.cut = stream.reset

    def _on_ConnectionTerminated(self, event):
        self.goaway = (error_name(event.error_code), event.last_stream_id)

    def _on_RemoteSettingsChanged(self, event):
        for code, change in event.changed_settings.items():
            self.remote_settings[getattr(code, "name", str(code))] = change.new_value

    def _on_SettingsAcknowledged(self, event):
        self.settings_acks += 1

    def _on_PingReceived(self, event):
        self.pings += 1

    def _on_PingAckReceived(self, event):
        self.ping_acks += 1

    # --- what is sent

    def _flush(self):
        data = self.h2.data_to_send()
        if data and not self.writer.is_closing():
            self.writer.write(data)

    async def send_head(self, stream_id, headers, end):
        self.h2.send_headers(stream_id, headers, end_stream=end)
        self._flush()
        if self.is_client:
            self._stream(stream_id)

    async def send_body(self, stream_id, body, end):
        view = memoryview(body)
        while True:
            room = min(self.h2.local_flow_control_window(stream_id), self.h2.max_outbound_frame_size)
            if view and room <= 0:
                await self.waiter.until(
                    lambda: self.closed or self.h2.local_flow_control_window(stream_id) > 0,
                    lambda: f"no window to send {len(view)} more bytes on stream {stream_id}")
                if self.closed:
                    return
                continue
            piece, view = view[:room], view[room:]
            self.h2.send_data(stream_id, bytes(piece), end_stream=end and not view)
            self._flush()
            if not view:
                return

    async def send_trailers(self, stream_id, trailers):
        self.h2.send_headers(stream_id, list(trailers.items()), end_stream=True)
        self._flush()

    def reset_stream(self, stream_id, error):
        self.h2.reset_stream(stream_id, error_code(error))
        self._flush()

    def ping(self):
        self.h2.ping(b"01234567")
        self._flush()

    async def send(self, data):
        """Bytes past the h2 package, which does not know of them."""
        self.writer.write(data)

    def next_stream_id(self):
        return self.h2.get_next_available_stream_id()

    def half_close(self):
        self.writer.write_eof()

    def close(self):
        self.writer.close()


class FrameConnection:
    """A client that speaks in single frames, for what no well-behaved library would send. Records the frames that come."""

    def __init__(self, reader, writer, waiter, reads):
        self.reader, self.writer, self.waiter = reader, writer, waiter
        self.frames = []
        self.closed = None
        self.error = None
        self.task = asyncio.create_task(self._read())
        self.reads = asyncio.Event()
        if reads:
            self.reads.set()
        else:
            writer.transport.pause_reading()

    def start_reading(self):
        if not self.reads.is_set():
            self.reads.set()
            self.writer.transport.resume_reading()

    async def _read(self):
        try:
            await self.reads.wait()
            while True:
                head = await self.reader.readexactly(9)
                frame, length = Frame.parse_frame_header(memoryview(head))
                frame.parse_body(memoryview(await self.reader.readexactly(length)))
                self.frames.append(frame)
                self.waiter.changed()
        except asyncio.IncompleteReadError as end:
            self.closed = "closed"
            if end.partial:
                self.error = f"ended within a frame: {end.partial!r}"
        except ConnectionError:
            self.closed = "reset"
        self.waiter.changed()

    async def send(self, data):
        self.writer.write(data)
        try:
            await self.writer.drain()
        except ConnectionError:
            pass  # the proxy cut a flood off; the script sees it closed

    def half_close(self):
        self.writer.write_eof()

    def close(self):
        self.writer.close()
