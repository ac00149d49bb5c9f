"""TLS on an asyncio connection, by pyOpenSSL: it shows what the handshake agreed on, alerts, and each direction's end."""

import asyncio

from cryptography.hazmat.bindings.openssl.binding import Binding
from OpenSSL import SSL

LIB = Binding().lib
READ_ALERT, WRITE_ALERT = 0x4004, 0x4008
ALERTS = {
    0: "close_notify", 10: "unexpected_message", 20: "bad_record_mac", 22: "record_overflow", 40: "handshake_failure",
    42: "bad_certificate", 43: "unsupported_certificate", 44: "certificate_revoked", 45: "certificate_expired",
    46: "certificate_unknown", 47: "illegal_parameter", 48: "unknown_ca", 49: "access_denied", 50: "decode_error", 51: "decrypt_error",
    70: "protocol_version", 71: "insufficient_security", 80: "internal_error", 86: "inappropriate_fallback", 90: "user_canceled",
    100: "no_renegotiation", 109: "missing_extension", 110: "unsupported_extension", 112: "unrecognized_name",
    113: "bad_certificate_status_response", 114: "bad_certificate_hash_value", 115: "unknown_psk_identity",
    116: "certificate_required", 120: "no_application_protocol",
}


class TlsStream:
    """Reader and writer of the plain text. `writer` is the stream itself, with what the harness uses of a StreamWriter."""

    def __init__(self, reader, writer, waiter, ssl):
        self.raw_reader, self.raw_writer, self.waiter, self.ssl = reader, writer, waiter, ssl
        self.reader = asyncio.StreamReader(limit=1 << 26)
        self.done = False  # the handshake, as this side sees it
        self.failed = None  # why there is no TLS any more
        self.alert = None  # the last alert that the proxy sent, but for close_notify
        self.ended = None  # how the proxy ended: close_notify, fin, reset, alert
        self.facts = {}  # what contexts note: the SNI, offered protocols, a stapled response
        self._pending = bytearray()
        ssl.set_info_callback(self._info)
        self.task = None

    def start(self, first=b""):
        self.task = asyncio.create_task(self._read(first))

    # --- what arrives

    async def _read(self, data):
        try:
            self._advance(data)
            while data := await self.raw_reader.read(65536):
                self._advance(data)
            self._end("fin")
        except (ConnectionError, asyncio.IncompleteReadError):
            self._fail("reset", "the connection was reset")
        except SSL.Error as bad:
            reasons = [str(part[-1]) for part in bad.args[0]] if bad.args and isinstance(bad.args[0], list) else [str(bad)]
            self._flush()
            self._fail("alert" if self.alert else "malformed", ", ".join(reasons))
        self.waiter.changed()

    def _advance(self, data):
        if data:
            self.ssl.bio_write(data)
        if not self.done:
            try:
                self.ssl.do_handshake()
                self.done = True
            except SSL.WantReadError:
                return
            finally:
                self._flush()
                self.waiter.changed()
        self._write_pending()
        self._receive()
        self._flush()

    def _receive(self):
        while self.ended is None:
            try:
                self.reader.feed_data(self.ssl.recv(65536))
            except SSL.WantReadError:
                return
            except SSL.ZeroReturnError:
                self._end("close_notify")

    def _end(self, how):
        self.ended = self.ended or how
        self.failed = self.failed or (None if self.done else "the connection was closed")
        self.reader.feed_eof()
        self.waiter.changed()

    def _fail(self, how, why):
        self.ended, self.failed = how, why
        self.reader.set_exception(ConnectionResetError(why))

    def _info(self, _, where, value):
        alert = ALERTS.get(value & 0xFF, str(value & 0xFF))
        if where == READ_ALERT and alert != "close_notify":
            self.alert = alert

    # --- what is sent

    def write(self, data):
        self._pending += data
        if self.done:
            self._write_pending()
            self._flush()

    def _write_pending(self):
        while self._pending and self.failed is None:
            try:
                sent = self.ssl.send(bytes(self._pending[:1 << 20]))
            except (SSL.WantReadError, SSL.Error):
                return
            del self._pending[:sent]

    def _flush(self):
        out = bytearray()
        while True:
            try:
                out += self.ssl.bio_read(65536)
            except SSL.Error:
                break
        if out and not self.raw_writer.is_closing():
            self.raw_writer.write(out)

    async def drain(self):
        await self.raw_writer.drain()

    def write_eof(self):
        """close_notify; the TCP connection stays open in both directions."""
        if self.done and self.failed is None:
            try:
                self.ssl.shutdown()
            except SSL.Error:
                pass
            self._flush()

    def close(self):
        self.write_eof()
        self.raw_writer.close()

    def cut(self):
        """Closes the TCP connection without close_notify."""
        self.raw_writer.close()

    def is_closing(self):
        return self.raw_writer.is_closing()

    @property
    def transport(self):
        return self.raw_writer.transport

    def get_extra_info(self, name):
        return self.raw_writer.get_extra_info(name)

    # --- what was agreed

    async def handshaken(self):
        """Waits until this side's handshake is over; True if it is good."""
        await self.waiter.until(lambda: self.done or self.failed, lambda: "the TLS handshake does not end")
        return self.done

    def describe(self, kit):
        """The handshake as a map; README.md lists the keys. `kit` knows the certificates by name."""
        ssl = self.ssl
        certificate = ssl.get_peer_certificate()
        chain = ssl.get_peer_cert_chain() or []
        certificate = certificate.to_cryptography() if certificate else None
        return {
            "version": ssl.get_protocol_version_name(), "cipher": ssl.get_cipher_name(), "group": ssl.get_group_name(),
            "alpn": ssl.get_alpn_proto_negotiated().decode() or "none", "resumed": bool(LIB.SSL_session_reused(ssl._ssl)),
            "certificate": (kit.name_of(certificate) or "another") if certificate else "none", "chain": len(chain),
            "sni": (ssl.get_servername() or b"none").decode(), "ended": self.ended or "open", "alert": self.alert or "none", **self.facts}
