"""Certificates of a scenario, made on the fly: CAs, chains, keys, revocation lists, OCSP responses.

A kit makes what `certs:` names and writes it below one folder. README.md lists what a certificate may be."""

import base64
import datetime
import functools
import hashlib
import ipaddress
import os
import pathlib

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.x509 import ocsp
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

PEM, DER = serialization.Encoding.PEM, serialization.Encoding.DER
DAY = datetime.timedelta(days=1)
HOUR = datetime.timedelta(hours=1)
VALID = {"expired": (-3 * DAY, -DAY), "not yet": (DAY, 3 * DAY), "now": (-HOUR, 30 * DAY)}
KNOWN = {"san", "subject", "issuer", "self", "ca", "key", "key of", "valid", "days", "revoked", "usage", "key usage", "ocsp",
         "password", "mounted", "path length"}
DEFAULT_CA = "ca"

KEYS = {
    "ec": lambda: ec.generate_private_key(ec.SECP256R1()),
    "p384": lambda: ec.generate_private_key(ec.SECP384R1()),
    "ed25519": ed25519.Ed25519PrivateKey.generate,
    "rsa": lambda: rsa.generate_private_key(65537, 2048),
    "rsa1024": lambda: rsa.generate_private_key(65537, 1024),
}


@functools.lru_cache(maxsize=None)
def pooled_key(kind, number):
    """The number-th key of a kind: RSA keys cost, and nobody is harmed if two scenarios have the same."""
    del number
    return KEYS[kind]()


def general_name(text):
    """'DNS:a.example', 'URI:spiffe://..', 'IP:127.0.0.1', 'email:a@b', or a bare DNS name."""
    kind, colon, value = text.partition(":")
    if colon and kind in ("DNS", "URI", "IP", "email"):
        return {"DNS": x509.DNSName, "URI": x509.UniformResourceIdentifier, "email": x509.RFC822Name,
                "IP": lambda ip: x509.IPAddress(ipaddress.ip_address(ip))}[kind](value)
    return x509.DNSName(text)


def names_of(certificate):
    """The subject alternative names, as `san` writes them."""
    try:
        names = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    except x509.ExtensionNotFound:
        return []
    kinds = {x509.DNSName: "DNS", x509.UniformResourceIdentifier: "URI", x509.RFC822Name: "email", x509.IPAddress: "IP"}
    return [f"{kinds.get(type(n), 'other')}:{n.value}" for n in names]


def whole_octets(text):
    return text.zfill(len(text) + len(text) % 2)


class Entry:
    """One certificate with its key and issuer."""

    def __init__(self, name, spec, key, certificate, issuer):
        self.name, self.spec, self.key, self.certificate, self.issuer = name, spec, key, certificate, issuer

    def chain(self):
        """The certificate and its intermediates, without the root."""
        found, entry = [self.certificate], self.issuer
        while entry is not None and entry.issuer is not None:
            found.append(entry.certificate)
            entry = entry.issuer
        return found

    def chain_pem(self):
        return b"".join(c.public_bytes(PEM) for c in self.chain())

    def key_pem(self):
        password = self.spec.get("password")
        how = serialization.BestAvailableEncryption(password.encode()) if password else serialization.NoEncryption()
        return self.key.private_bytes(PEM, serialization.PrivateFormat.PKCS8, how)


class Kit:
    """What `certs:` of a scenario names. `ca` is there without being named: it signs what names no issuer."""

    def __init__(self, wanted, folder):
        self.folder = pathlib.Path(folder)
        self.entries = {}
        self.renewals = 0
        if wanted:
            self.folder.mkdir(exist_ok=True)
            wanted = {DEFAULT_CA: {"ca": True}, **wanted}
            for name in wanted:
                self._make(name, wanted)
            for entry in self.entries.values():
                self._write(entry)

    # --- making

    def _make(self, name, wanted):
        if name in self.entries:
            return self.entries[name]
        spec = wanted[name] or {}
        unknown = set(spec) - KNOWN
        if unknown:
            raise ValueError(f"certs.{name}: unknown {sorted(unknown)}")
        alone = spec.get("self") or (spec.get("ca") and "issuer" not in spec)
        issuer = None if alone else self._make(spec.get("issuer", DEFAULT_CA), wanted)
        key = self._make(spec["key of"], wanted).key if "key of" in spec else pooled_key(spec.get("key", "ec"), len(self.entries))
        entry = Entry(name, spec, key, self._sign(name, spec, key, issuer), issuer)
        self.entries[name] = entry
        return entry

    @staticmethod
    def _sign(name, spec, key, issuer):
        subject = x509.Name.from_rfc4514_string(spec["subject"]) if "subject" in spec else \
            x509.Name([x509.NameAttribute(NameOID.ORGANIZATION_NAME, "Wire"), x509.NameAttribute(NameOID.COMMON_NAME, name)])
        now = datetime.datetime.now(datetime.timezone.utc)
        start, end = VALID[spec.get("valid", "now")]
        end = spec["days"] * DAY + HOUR if "days" in spec else end
        issuer_key = issuer.key if issuer else key
        builder = (
            x509.CertificateBuilder().subject_name(subject).issuer_name(issuer.certificate.subject if issuer else subject)
            .public_key(key.public_key()).serial_number(x509.random_serial_number())
            .not_valid_before(now + start).not_valid_after(now + end)
            .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), False)
            .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(issuer_key.public_key()), False)
            .add_extension(x509.BasicConstraints(bool(spec.get("ca")), spec.get("path length")), True)
            .add_extension(Kit._key_usage(spec), True))
        if spec.get("san"):
            builder = builder.add_extension(x509.SubjectAlternativeName([general_name(n) for n in spec["san"]]), False)
        usage = {"server": [ExtendedKeyUsageOID.SERVER_AUTH], "client": [ExtendedKeyUsageOID.CLIENT_AUTH], "none": [],
                 "both": [ExtendedKeyUsageOID.SERVER_AUTH, ExtendedKeyUsageOID.CLIENT_AUTH]}[spec.get("usage", "both")]
        if usage and not spec.get("ca"):
            builder = builder.add_extension(x509.ExtendedKeyUsage(usage), False)
        return builder.sign(issuer_key, None if isinstance(issuer_key, ed25519.Ed25519PrivateKey) else hashes.SHA256())

    @staticmethod
    def _key_usage(spec):
        allowed = spec.get("key usage") or (["key_cert_sign", "crl_sign"] if spec.get("ca") else ["digital_signature", "key_encipherment"])
        every = ("digital_signature", "content_commitment", "key_encipherment", "data_encipherment", "key_agreement", "key_cert_sign",
                 "crl_sign", "encipher_only", "decipher_only")
        return x509.KeyUsage(**{name: name in allowed for name in every})

    def _crl(self, ca):
        """A certificate revocation list of this CA, with what it issued that is `revoked`."""
        now = datetime.datetime.now(datetime.timezone.utc)
        builder = (x509.CertificateRevocationListBuilder().issuer_name(ca.certificate.subject).last_update(now - HOUR)
                   .next_update(now + DAY)
                   .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(ca.key.public_key()), False)
                   .add_extension(x509.CRLNumber(1), False))
        for entry in self.entries.values():
            if entry.issuer is ca and entry.spec.get("revoked"):
                builder = builder.add_revoked_certificate(
                    x509.RevokedCertificateBuilder().serial_number(entry.certificate.serial_number).revocation_date(now - HOUR).build())
        return builder.sign(ca.key, hashes.SHA256()).public_bytes(PEM)

    @staticmethod
    def _ocsp(entry):
        """The issuer's OCSP response about the certificate: good, revoked, unknown, or expired (good, but stale)."""
        status = entry.spec["ocsp"]
        now = datetime.datetime.now(datetime.timezone.utc)
        start = now - 3 * DAY if status == "expired" else now - HOUR
        kinds = {"revoked": ocsp.OCSPCertStatus.REVOKED, "unknown": ocsp.OCSPCertStatus.UNKNOWN}
        return (ocsp.OCSPResponseBuilder()
                .add_response(entry.certificate, entry.issuer.certificate, hashes.SHA1(), kinds.get(status, ocsp.OCSPCertStatus.GOOD),
                              start, start + DAY, start if status == "revoked" else None, None)
                .responder_id(ocsp.OCSPResponderEncoding.HASH, entry.issuer.certificate)
                .sign(entry.issuer.key, hashes.SHA256()).public_bytes(DER))

    # --- files

    def _write(self, entry):
        files = {"crt": entry.chain_pem(), "leaf": entry.certificate.public_bytes(PEM), "key": entry.key_pem()}
        if entry.spec.get("ca"):
            files["crl"] = self._crl(entry)
        if "ocsp" in entry.spec:
            files["ocsp"] = self._ocsp(entry)
        for ending, data in files.items():
            (self.folder / f"{entry.name}.{ending}").write_bytes(data)
        if entry.spec.get("mounted"):
            self._mount(entry.name, entry)

    def _mount(self, place, entry):
        """As a secret is mounted into a container: the files are links through ..data, which is replaced in one step."""
        self.renewals += 1
        folder = self.folder / place
        content = folder / f"..{self.renewals}"
        content.mkdir(parents=True)
        for name, data in (("tls.crt", entry.chain_pem()), ("tls.key", entry.key_pem())):
            (content / name).write_bytes(data)
            if not (folder / name).is_symlink():
                (folder / name).symlink_to(f"..data/{name}")
        (folder / "..data_new").symlink_to(content.name)
        os.rename(folder / "..data_new", folder / "..data")

    def renew(self, place, name):
        """What stands at `place` becomes the certificate `name`: chain and key each in one step."""
        entry = self.entries[name]
        if self.entries[place].spec.get("mounted"):
            self._mount(place, entry)
            return
        for ending in ("key", "crt"):
            new = self.folder / f"{place}.{ending}.new"
            new.write_bytes((self.folder / f"{name}.{ending}").read_bytes())
            os.rename(new, self.folder / f"{place}.{ending}")

    # --- names

    def names(self):
        """What $<name>.<part> stands for."""
        found = {}
        for entry in self.entries.values():
            found.update({f"{entry.name}.{part}": value for part, value in self._parts(entry).items()})
        return found

    def _parts(self, entry):
        certificate, stem = entry.certificate, f"{self.folder}/{entry.name}"
        der = certificate.public_bytes(DER)
        spki = certificate.public_key().public_bytes(DER, serialization.PublicFormat.SubjectPublicKeyInfo)
        mounted = entry.spec.get("mounted")
        return {
            "crt": f"{stem}/tls.crt" if mounted else f"{stem}.crt", "key": f"{stem}/tls.key" if mounted else f"{stem}.key",
            "folder": stem, "leaf": f"{stem}.leaf", "crl": f"{stem}.crl", "ocsp": f"{stem}.ocsp",
            "crt.pem": entry.chain_pem().decode(), "key.pem": entry.key_pem().decode(),
            "sha256": hashlib.sha256(der).hexdigest(), "sha1": hashlib.sha1(der).hexdigest(),
            "spki": base64.b64encode(hashlib.sha256(spki).digest()).decode(), "serial": whole_octets(f"{certificate.serial_number:x}"),
            "subject": certificate.subject.rfc4514_string(), "issuer": certificate.issuer.rfc4514_string(),
            "starts": f"{certificate.not_valid_before_utc:%Y-%m-%dT%H:%M:%S}", "ends": f"{certificate.not_valid_after_utc:%Y-%m-%dT%H:%M:%S}",
        }

    def name_of(self, certificate):
        """The name under which the kit made this certificate; None: somebody else's."""
        return next((e.name for e in self.entries.values() if e.certificate == certificate), None)
