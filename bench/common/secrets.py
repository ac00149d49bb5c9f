"""Certificates of the benchmarks (ECDSA P-256, one CA), and the library that lets the load tools use them."""

import pathlib
import subprocess

HERE = pathlib.Path(__file__).resolve().parent


def _openssl(folder, *words):
    subprocess.run(["openssl", *words], cwd=folder, check=True, capture_output=True)


class Secrets:
    """Made once into a folder: ca.crt, and for server and client .crt, .key and .pem (both, as HAProxy wants it)."""

    def __init__(self, folder):
        self.folder = pathlib.Path(folder)
        key = ("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes")
        _openssl(folder, "req", "-x509", *key, "-keyout", "ca.key", "-out", "ca.crt", "-days", "30", "-subj", "/CN=bench ca")
        for name in ("server", "client"):
            _openssl(folder, "req", *key, "-keyout", f"{name}.key", "-out", f"{name}.csr", "-subj", f"/CN={name}")
            names = self.folder / f"{name}.ext"
            names.write_text(f"subjectAltName=DNS:{name}.bench,IP:127.0.0.1\n")
            _openssl(folder, "x509", "-req", "-in", f"{name}.csr", "-CA", "ca.crt", "-CAkey", "ca.key", "-CAcreateserial", "-days", "30",
                     "-extfile", names.name, "-out", f"{name}.crt")
            (self.folder / f"{name}.pem").write_text((self.folder / f"{name}.crt").read_text() + (self.folder / f"{name}.key").read_text())
        self._preload = None

    def path(self, name):
        return str(self.folder / name)

    def load_environment(self, mutual=False, resume=False):
        """What wrk and h2load are run with."""
        if self._preload is None:
            self._preload = self.path("tls_client.so")
            subprocess.run(["gcc", "-shared", "-fPIC", "-O2", "-o", self._preload, HERE / "tls_client.c", "-lssl", "-ldl"], check=True)
        more = {"LOAD_CERT": self.path("client.crt"), "LOAD_KEY": self.path("client.key")} if mutual else {}
        return {"LD_PRELOAD": self._preload, **more, **({"LOAD_RESUME": "1"} if resume else {})}
