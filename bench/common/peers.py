"""The proxies that are compared: each makes its configuration for one setting and says how it is started. One worker each."""

import json
import os
import pathlib
import shutil

ORIGIN, PORT, ADMIN = 18080, 18001, 18900
H2_PORT = PORT + 50  # of those that need a port of its own for HTTP/2 without TLS
MANY = 100000

HCM = "type.googleapis.com/envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager"
ROUTER = "type.googleapis.com/envoy.extensions.filters.http.router.v3.Router"
FILE_LOG = "type.googleapis.com/envoy.extensions.access_loggers.file.v3.FileAccessLog"
TCP_PROXY = "type.googleapis.com/envoy.extensions.filters.network.tcp_proxy.v3.TcpProxy"
TLS = "type.googleapis.com/envoy.extensions.transport_sockets.tls.v3."
FILTERS = "type.googleapis.com/envoy.extensions.filters.http."
# Each looks at the headers of every request, of some also of the response, and changes nothing.
PASSING_FILTERS = {
    "cors": {"@type": FILTERS + "cors.v3.Cors"},
    "csrf": {"@type": FILTERS + "csrf.v3.CsrfPolicy", "filter_enabled": {"default_value": {"numerator": 0}}},
    "fault": {"@type": FILTERS + "fault.v3.HTTPFault"},
    "grpc_web": {"@type": FILTERS + "grpc_web.v3.GrpcWeb"},
    "grpc_http1_bridge": {"@type": FILTERS + "grpc_http1_bridge.v3.Config"},
    "header_to_metadata": {"@type": FILTERS + "header_to_metadata.v3.Config",
                           "request_rules": [{"header": "x-not-there", "on_header_present": {"key": "k"}}]},
    "header_mutation": {"@type": FILTERS + "header_mutation.v3.HeaderMutation"},
    "stateful_session": {"@type": FILTERS + "stateful_session.v3.StatefulSession"},
}
STREAM_MODULE = pathlib.Path("/usr/lib/nginx/modules/ngx_stream_module.so")
PROTOCOLS = "envoy.extensions.upstreams.http.v3.HttpProtocolOptions"


class Setting:
    """What a scenario asks of a proxy."""

    def __init__(self, access_log=False, upstream_h2=False, tls=False, mutual=False, tcp=False, filters=False):
        self.access_log, self.upstream_h2 = access_log, upstream_h2
        self.filters = filters  # a chain of eight HTTP filters that let everything pass
        self.tls = tls or mutual  # downstream, TLS 1.3
        self.mutual = mutual  # certificates are asked for on both sides, and TLS goes on to the origin
        self.tcp = tcp  # octets, not requests
        self.secrets = None  # common.secrets, with `tls`


def address(port):
    return {"socket_address": {"address": "127.0.0.1", "port_value": port}}


def cluster(name, port, h2=False):
    """An Envoy cluster with one endpoint and no limits that a benchmark could meet."""
    made = {
        "name": name, "type": "STATIC", "connect_timeout": "1s",
        "circuit_breakers": {"thresholds": [{"max_connections": MANY, "max_pending_requests": MANY, "max_requests": MANY}]},
        "load_assignment": {"cluster_name": name, "endpoints": [{"lb_endpoints": [{"endpoint": {"address": address(port)}}]}]},
    }
    if h2:
        made["typed_extension_protocol_options"] = {
            PROTOCOLS: {"@type": f"type.googleapis.com/{PROTOCOLS}", "explicit_http_config": {"http2_protocol_options": {}}}}
    return made


def _tls_socket(kind, setting, certificate, **more):
    secrets = setting.secrets
    common = {"alpn_protocols": ["h2", "http/1.1"] if kind == "DownstreamTlsContext" else [],
              "tls_params": {"tls_minimum_protocol_version": "TLSv1_3", "tls_maximum_protocol_version": "TLSv1_3"},
              "tls_certificates": [{"certificate_chain": {"filename": secrets.path(f"{certificate}.crt")},
                                    "private_key": {"filename": secrets.path(f"{certificate}.key")}}]}
    if setting.mutual:
        common["validation_context"] = {"trusted_ca": {"filename": secrets.path("ca.crt")}}
    return {"name": "envoy.transport_sockets.tls", "typed_config": {"@type": TLS + kind, "common_tls_context": common, **more}}


def bootstrap(clusters, route_to, access_log=None, more_routes=(), setting=None):
    """An Envoy bootstrap with one listener. `access_log` is a path."""
    setting = setting or Setting()
    logs = [{"name": "f", "typed_config": {"@type": FILE_LOG, "path": access_log}}] if access_log else []
    passing = PASSING_FILTERS if setting.filters else {}
    manager = {
        "@type": HCM, "stat_prefix": "plain", "codec_type": "AUTO", "access_log": logs,
        "route_config": {"name": "r", "virtual_hosts": [{"name": "v", "domains": ["*"], "routes": [
            *more_routes, {"match": {"prefix": "/"}, "route": {"cluster": route_to}}]}]},
        "http_filters": [*({"name": f"envoy.filters.http.{name}", "typed_config": config} for name, config in passing.items()),
                         {"name": "envoy.filters.http.router", "typed_config": {"@type": ROUTER}}],
    }
    chain = {"filters": [{"name": "envoy.filters.network.http_connection_manager", "typed_config": manager}]}
    if setting.tcp:
        chain = {"filters": [{"name": "envoy.filters.network.tcp_proxy",
                              "typed_config": {"@type": TCP_PROXY, "stat_prefix": "plain", "cluster": route_to}}]}
    if setting.tls:
        chain["transport_socket"] = _tls_socket("DownstreamTlsContext", setting, "server", require_client_certificate=setting.mutual)
    if setting.mutual:
        clusters[0]["transport_socket"] = _tls_socket("UpstreamTlsContext", setting, "client", sni="server.bench")
    return {
        "admin": {"address": address(ADMIN)},
        "static_resources": {"listeners": [{"name": "plain", "address": address(PORT), "filter_chains": [chain]}], "clusters": clusters},
    }


class Envoy:
    """The real Envoy, and Outrigger: the same file for both."""

    h2_port = PORT

    def __init__(self, name, program, more=()):
        self.name, self.program, self.more = name, program, more

    def there(self):
        return bool(self.program) and os.access(self.program, os.X_OK)

    def can(self, setting):
        return True

    def command(self, folder, setting):
        log = f"{folder}/{self.name}-access.log" if setting.access_log else None
        tree = bootstrap([cluster("origin", ORIGIN, setting.upstream_h2)], "origin", log, setting=setting)
        return self.command_for(folder, json.dumps(tree))

    def command_for(self, folder, text):
        path = pathlib.Path(folder, f"{self.name}.json")
        path.write_text(text)
        return [self.program, "-c", path, "--concurrency", "1", "-l", "error", *self.more]


class Haproxy:
    name = "haproxy"
    h2_port = H2_PORT

    def there(self):
        return bool(shutil.which("haproxy"))

    def can(self, setting):
        return not setting.filters

    def command(self, folder, setting):
        logged, secrets = setting.access_log, setting.secrets
        path = pathlib.Path(folder, "haproxy.cfg")
        tls = f"ssl crt {secrets.path('server.pem')} alpn h2,http/1.1 ssl-min-ver TLSv1.3 ciphersuites TLS_AES_128_GCM_SHA256" if setting.tls else ""
        wants = f"verify required ca-file {secrets.path('ca.crt')}" if setting.mutual else ""
        gives = f"ssl verify required ca-file {secrets.path('ca.crt')} crt {secrets.path('client.pem')} sni str(server.bench) ssl-min-ver TLSv1.3" \
            if setting.mutual else ""
        plain_h2 = "" if setting.tls or setting.tcp else f"bind 127.0.0.1:{H2_PORT} proto h2"
        http = "" if setting.tcp else "option http-keep-alive\n  http-reuse always"
        path.write_text(f"""
global
  nbthread 1
  maxconn 8000
  {'log stdout format raw local0' if logged else ''}
defaults
  mode {'tcp' if setting.tcp else 'http'}
  timeout client 60s
  timeout server 60s
  timeout connect 2s
  {http}
  {'log global' if logged else ''}
  {'option httplog' if logged else ''}
frontend f
  bind 127.0.0.1:{PORT} {tls} {wants}
  {plain_h2}
  default_backend o
backend o
  server s 127.0.0.1:{ORIGIN} {'proto h2' if setting.upstream_h2 else ''} {gives}
""")
        return ["haproxy", "-f", path]


class Nginx:
    name = "nginx"
    h2_port = H2_PORT

    def there(self):
        return bool(shutil.which("nginx"))

    def can(self, setting):
        if setting.tcp:
            return STREAM_MODULE.exists()
        return not setting.upstream_h2 and not setting.filters  # nginx has no HTTP/2 to upstreams

    def command(self, folder, setting):
        path = pathlib.Path(folder, "nginx.conf")
        path.write_text(self._stream(folder) if setting.tcp else self._http(folder, setting))
        return ["nginx", "-c", path]

    @staticmethod
    def _stream(folder):
        return f"""load_module {STREAM_MODULE}; daemon off; user root; worker_processes 1; pid {folder}/p.pid; error_log {folder}/p.err error;
events {{ worker_connections 40000; }}
stream {{ server {{ listen 127.0.0.1:{PORT}; proxy_pass 127.0.0.1:{ORIGIN}; tcp_nodelay on; }} }}
"""

    @staticmethod
    def _http(folder, setting):
        log, secrets = (f"{folder}/nginx-access.log" if setting.access_log else "off"), setting.secrets
        tls = f"""ssl_certificate {secrets.path('server.crt')}; ssl_certificate_key {secrets.path('server.key')}; ssl_protocols TLSv1.3;
  ssl_conf_command Ciphersuites TLS_AES_128_GCM_SHA256;""" if setting.tls else ""
        if setting.mutual:
            tls += f"""ssl_client_certificate {secrets.path('ca.crt')}; ssl_verify_client on; proxy_ssl_protocols TLSv1.3; proxy_ssl_verify on;
  proxy_ssl_trusted_certificate {secrets.path('ca.crt')}; proxy_ssl_certificate {secrets.path('client.crt')};
  proxy_ssl_certificate_key {secrets.path('client.key')}; proxy_ssl_server_name on; proxy_ssl_name server.bench;"""
        listen = f"listen 127.0.0.1:{PORT} ssl http2;" if setting.tls else f"listen 127.0.0.1:{PORT}; listen 127.0.0.1:{H2_PORT} http2;"
        return nginx_conf(folder, "p", f"""access_log {log};
 upstream o {{ server 127.0.0.1:{ORIGIN}; keepalive 256; keepalive_requests 100000000; }}
 server {{ {listen} {tls}
  location / {{ proxy_pass {'https' if setting.mutual else 'http'}://o; proxy_http_version 1.1; proxy_set_header Connection ""; }} }}""")


class Nghttpx:
    name = "nghttpx"
    h2_port = PORT

    def there(self):
        return bool(shutil.which("nghttpx"))

    def can(self, setting):
        return not setting.tcp and not setting.mutual and not setting.filters

    def command(self, folder, setting):
        log = [f"--accesslog-file={folder}/nghttpx-access.log"] if setting.access_log else []
        secrets = setting.secrets
        tls = [secrets.path("server.key"), secrets.path("server.crt"), "--tls-min-proto-version=TLSv1.3"] if setting.tls else []
        return ["nghttpx", "-f", f"127.0.0.1,{PORT}{'' if setting.tls else ';no-tls'}", "-b", f"127.0.0.1,{ORIGIN}{';;proto=h2' if setting.upstream_h2 else ''}",
                "-n", "1", f"--errorlog-file={folder}/nghttpx.err", "--conf=/dev/null", *log, *tls]


def nginx_conf(folder, tag, http):
    scratch = " ".join(f"{kind}_temp_path {folder}/{tag}-{kind};" for kind in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi"))
    return f"""daemon off; user root; worker_processes 1; pid {folder}/{tag}.pid; error_log {folder}/{tag}.err error;
events {{ worker_connections 40000; }}
http {{ keepalive_requests 100000000; {scratch}
 {http} }}
"""


def all_peers(outrigger, envoy):
    return [Envoy("outrigger", outrigger), Envoy("envoy", envoy, ["--disable-hot-restart"]), Nginx(), Haproxy(), Nghttpx()]
