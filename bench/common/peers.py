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
PROTOCOLS = "envoy.extensions.upstreams.http.v3.HttpProtocolOptions"


class Setting:
    """What a scenario asks of a proxy."""

    def __init__(self, access_log=False, upstream_h2=False):
        self.access_log, self.upstream_h2 = access_log, upstream_h2


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


def bootstrap(clusters, route_to, access_log=None, more_routes=()):
    """An Envoy bootstrap with one plain listener. `access_log` is a path."""
    logs = [{"name": "f", "typed_config": {"@type": FILE_LOG, "path": access_log}}] if access_log else []
    manager = {
        "@type": HCM, "stat_prefix": "plain", "codec_type": "AUTO", "access_log": logs,
        "route_config": {"name": "r", "virtual_hosts": [{"name": "v", "domains": ["*"], "routes": [
            *more_routes, {"match": {"prefix": "/"}, "route": {"cluster": route_to}}]}]},
        "http_filters": [{"name": "envoy.filters.http.router", "typed_config": {"@type": ROUTER}}],
    }
    chain = {"filters": [{"name": "envoy.filters.network.http_connection_manager", "typed_config": manager}]}
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
        tree = bootstrap([cluster("origin", ORIGIN, setting.upstream_h2)], "origin", log)
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
        return True

    def command(self, folder, setting):
        logged = setting.access_log
        path = pathlib.Path(folder, "haproxy.cfg")
        path.write_text(f"""
global
  nbthread 1
  maxconn 8000
  {'log stdout format raw local0' if logged else ''}
defaults
  mode http
  timeout client 60s
  timeout server 60s
  timeout connect 2s
  option http-keep-alive
  http-reuse always
  {'log global' if logged else ''}
  {'option httplog' if logged else ''}
frontend f
  bind 127.0.0.1:{PORT}
  bind 127.0.0.1:{H2_PORT} proto h2
  default_backend o
backend o
  server s 127.0.0.1:{ORIGIN} {'proto h2' if setting.upstream_h2 else ''}
""")
        return ["haproxy", "-f", path]


class Nginx:
    name = "nginx"
    h2_port = H2_PORT

    def there(self):
        return bool(shutil.which("nginx"))

    def can(self, setting):
        return not setting.upstream_h2  # nginx has no HTTP/2 to upstreams

    def command(self, folder, setting):
        log = f"{folder}/nginx-access.log" if setting.access_log else "off"
        path = pathlib.Path(folder, "nginx.conf")
        path.write_text(nginx_conf(folder, "p", f"""access_log {log};
 upstream o {{ server 127.0.0.1:{ORIGIN}; keepalive 256; keepalive_requests 100000000; }}
 server {{ listen 127.0.0.1:{PORT}; listen 127.0.0.1:{H2_PORT} http2;
  location / {{ proxy_pass http://o; proxy_http_version 1.1; proxy_set_header Connection ""; }} }}"""))
        return ["nginx", "-c", path]


class Nghttpx:
    name = "nghttpx"
    h2_port = PORT

    def there(self):
        return bool(shutil.which("nghttpx"))

    def can(self, setting):
        return True

    def command(self, folder, setting):
        log = [f"--accesslog-file={folder}/nghttpx-access.log"] if setting.access_log else []
        return ["nghttpx", "-f", f"127.0.0.1,{PORT};no-tls", "-b", f"127.0.0.1,{ORIGIN}{';;proto=h2' if setting.upstream_h2 else ''}",
                "-n", "1", f"--errorlog-file={folder}/nghttpx.err", "--conf=/dev/null", *log]


def nginx_conf(folder, tag, http):
    scratch = " ".join(f"{kind}_temp_path {folder}/{tag}-{kind};" for kind in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi"))
    return f"""daemon off; user root; worker_processes 1; pid {folder}/{tag}.pid; error_log {folder}/{tag}.err error;
events {{ worker_connections 40000; }}
http {{ keepalive_requests 100000000; {scratch}
 {http} }}
"""


def all_peers(outrigger, envoy):
    return [Envoy("outrigger", outrigger), Envoy("envoy", envoy, ["--disable-hot-restart"]), Nginx(), Haproxy(), Nghttpx()]
