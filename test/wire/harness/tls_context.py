"""Contexts for harness.tls, made from the `tls:` of a client or an upstream. README.md lists the keys."""

from cryptography.x509 import ocsp
from OpenSSL import SSL, crypto

from .certificates import names_of
from .tls import LIB, TlsStream

VERSIONS = {"TLSv1": SSL.TLS1_VERSION, "TLSv1.1": SSL.TLS1_1_VERSION, "TLSv1.2": SSL.TLS1_2_VERSION, "TLSv1.3": SSL.TLS1_3_VERSION}
COMMON = {"certificate", "trusts", "min", "max", "ciphers", "suites", "groups", "alpn", "signature algorithms"}
CLIENT = COMMON | {"sni", "resumes", "ocsp"}
SERVER = COMMON | {"client certificate", "tickets", "staple", "at hello", "alpn required"}


def _context(spec, kit, allowed):
    unknown = set(spec) - allowed
    if unknown:
        raise ValueError(f"tls: unknown {sorted(unknown)}; there are {sorted(allowed)}")
    context = SSL.Context(SSL.TLS_METHOD)
    context.set_min_proto_version(VERSIONS[spec.get("min", "TLSv1.2")])
    context.set_max_proto_version(VERSIONS[spec.get("max", "TLSv1.3")])
    old = VERSIONS[spec.get("min", "TLSv1.2")] < SSL.TLS1_2_VERSION
    # What the proxy refuses must be asked for first: security level 0 offers whatever the library still has.
    context.set_cipher_list((spec.get("ciphers") or ("ALL:@SECLEVEL=0" if old else "DEFAULT:@SECLEVEL=0")).encode())
    if "suites" in spec:
        context.set_tls13_ciphersuites(spec["suites"].encode())
    for name in _list(spec.get("certificate")):
        entry = kit.entries[name]
        context.use_certificate(entry.certificate)
        for more in entry.chain()[1:]:
            context.add_extra_chain_cert(more)
        context.use_privatekey(entry.key)
    for name in _list(spec.get("trusts")):
        context.get_cert_store().add_cert(crypto.X509.from_cryptography(kit.entries[name].certificate))
    return context


def _list(value):
    return value if isinstance(value, list) else [value] if value else []


class TlsClient:
    """The TLS of one client of a scenario. Keeps the session of its last connection for who resumes it."""

    def __init__(self, spec, protocol, kit):
        self.spec, self.kit = spec, kit
        self.alpn = spec.get("alpn", ["h2"] if protocol in ("http2", "frames") else [])
        self.context = _context(spec, kit, CLIENT)
        if spec.get("trusts"):
            self.context.set_verify(SSL.VERIFY_PEER, lambda _c, _x, _n, _d, ok: bool(ok))
        if spec.get("ocsp"):
            self.context.set_ocsp_client_callback(self._stapled)
        self.streams = []

    @staticmethod
    def _stapled(connection, data, _):
        if data:
            response = ocsp.load_der_ocsp_response(data)
            connection.get_app_data().facts["staple"] = response.certificate_status.name.lower()
        return True

    def wrap(self, reader, writer, waiter, session):
        ssl = SSL.Connection(self.context, None)
        ssl.set_connect_state()
        if self.spec.get("sni"):
            ssl.set_tlsext_host_name(self.spec["sni"].encode())
        if self.alpn:
            ssl.set_alpn_protos([name.encode() for name in self.alpn])
        if "groups" in self.spec:
            LIB.SSL_set1_curves_list(ssl._ssl, self.spec["groups"].encode())
        if self.spec.get("ocsp"):
            ssl.request_ocsp()
        if session is not None:
            LIB.SSL_set_session(ssl._ssl, session._session)  # not ssl.set_session: it wants the same context
        stream = TlsStream(reader, writer, waiter, ssl)
        ssl.set_app_data(stream)
        if self.spec.get("ocsp"):
            stream.facts["staple"] = "none"
        self.streams.append(stream)
        stream.start()
        return stream

    def session(self):
        """Of the last connection; with TLS 1.3 it is one that can be resumed once a ticket has come, so after an answer."""
        return self.streams[-1].ssl.get_session() if self.streams else None

    def facts(self, stream):
        certificate = stream.ssl.get_peer_certificate()
        names = [_authority(name) for name in stream.ssl.get_client_ca_list()]
        return {**stream.describe(self.kit), "names": names_of(certificate.to_cryptography()) if certificate else [], "asks for": names}


def _authority(name):
    return dict(name.get_components()).get(b"CN", b"?").decode()


class TlsServer:
    """The TLS of one upstream of a scenario."""

    def __init__(self, spec, protocol, kit):
        self.spec, self.kit = spec, kit
        self.alpn = spec.get("alpn", ["h2"] if protocol == "http2" else ["http/1.1"])
        self.context = _context({"certificate": "server", **spec}, kit, SERVER)
        self.context.set_session_id(b"wire")
        if spec.get("tickets") is False:
            self.context.set_options(SSL.OP_NO_TICKET)
            self.context.set_session_cache_mode(SSL.SESS_CACHE_OFF)
        self.context.set_alpn_select_callback(self._choose)
        wanted = spec.get("client certificate")
        if wanted:
            flags = SSL.VERIFY_PEER | (SSL.VERIFY_FAIL_IF_NO_PEER_CERT if wanted == "required" else 0)
            checks = bool(spec.get("trusts"))
            self.context.set_verify(flags, lambda _c, _x, _n, _d, ok: bool(ok) or not checks)
            for name in _list(spec.get("trusts")):
                self.context.add_client_ca(crypto.X509.from_cryptography(kit.entries[name].certificate))
        if "staple" in spec:
            staple = (kit.folder / f"{spec['staple']}.ocsp").read_bytes()
            self.context.set_ocsp_server_callback(lambda _c, _d: staple)

    def _choose(self, connection, offered):
        connection.get_app_data().facts["offers"] = [name.decode() for name in offered]
        for name in self.alpn:
            if name.encode() in offered:
                return name.encode()
        if self.spec.get("alpn required"):
            raise ValueError("no common protocol")
        return SSL.NO_OVERLAPPING_PROTOCOLS

    def wrap(self, reader, writer, waiter):
        ssl = SSL.Connection(self.context, None)
        ssl.set_accept_state()
        if "groups" in self.spec:
            LIB.SSL_set1_curves_list(ssl._ssl, self.spec["groups"].encode())
        stream = TlsStream(reader, writer, waiter, ssl)
        stream.facts["offers"] = []
        ssl.set_app_data(stream)
        return stream

    def facts(self, stream):
        certificate = stream.ssl.get_peer_certificate()
        return {**stream.describe(self.kit), "names": names_of(certificate.to_cryptography()) if certificate else []}
