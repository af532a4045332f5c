"""A certificate authority of one's own and certificates by it, for mutual TLS where no better authority is at hand."""

import datetime
import ipaddress
import os
from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from murmur.errors import StartupError

LOCAL: Collection[str] = ("localhost", "127.0.0.1", "::1")
_CA_DAYS = 3_650
_DAYS = 825
_CLOCKS_APART = datetime.timedelta(minutes=5)
_SIGNS_CERTIFICATES = x509.KeyUsage(
    key_cert_sign=True,
    crl_sign=True,
    digital_signature=False,
    content_commitment=False,
    key_encipherment=False,
    data_encipherment=False,
    key_agreement=False,
    encipher_only=False,
    decipher_only=False,
)


@dataclass(frozen=True, slots=True)
class Certificate:
    """PEM files of a certificate, its key, and the authority that signed it."""

    certificate: Path
    key: Path
    authority: Path

    def settings(self) -> dict[str, str]:
        """As settings of a role."""
        return {
            "MURMUR_TLS_CERT_FILE": str(self.certificate),
            "MURMUR_TLS_KEY_FILE": str(self.key),
            "MURMUR_TLS_CA_FILE": str(self.authority),
        }


class Authority:
    """Keeps `ca.crt` and `ca.key` in a folder, made on first use, and each certificate as `NAME.crt` and `NAME.key`.

    Raises StartupError when the folder can't be used.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        try:
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            if not self.certificate.exists():
                self._found()
            self._key = _private_key((folder / "ca.key").read_bytes())
            self._subject = x509.load_pem_x509_certificate(self.certificate.read_bytes()).subject
        except (OSError, ValueError) as error:
            raise StartupError(f"can't keep certificates in {folder}: {error}") from error

    @property
    def certificate(self) -> Path:
        return self._folder / "ca.crt"

    def issue(self, name: str, hosts: Collection[str] = LOCAL) -> Certificate:
        """A new certificate for servers and clients, in the place of an earlier one: for its name and for `hosts`."""
        key = ec.generate_private_key(ec.SECP256R1())
        subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
        certificate = (
            _draft(subject, self._subject, key.public_key(), _DAYS)
            .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
            .add_extension(x509.SubjectAlternativeName([_alternative(host) for host in dict.fromkeys((name, *hosts))]), False)
            .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH, ExtendedKeyUsageOID.CLIENT_AUTH]), False)
            .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(self._key.public_key()), False)
            .sign(self._key, hashes.SHA256())
        )
        files = Certificate(self._folder / f"{name}.crt", self._folder / f"{name}.key", self.certificate)
        _write(files.key, _pem(key))
        _write(files.certificate, certificate.public_bytes(serialization.Encoding.PEM), 0o644)
        return files

    def _found(self) -> None:
        key = ec.generate_private_key(ec.SECP256R1())
        subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "Murmur local authority")])
        certificate = (
            _draft(subject, subject, key.public_key(), _CA_DAYS)
            .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
            .add_extension(_SIGNS_CERTIFICATES, critical=True)
            .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), False)
            .sign(key, hashes.SHA256())
        )
        _write(self._folder / "ca.key", _pem(key))
        _write(self.certificate, certificate.public_bytes(serialization.Encoding.PEM), 0o644)


def _draft(subject: x509.Name, issuer: x509.Name, key: ec.EllipticCurvePublicKey, days: int) -> x509.CertificateBuilder:
    now = datetime.datetime.now(datetime.UTC)
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key)
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - _CLOCKS_APART)
        .not_valid_after(now + datetime.timedelta(days=days))
    )


def _alternative(host: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ipaddress.ip_address(host))
    except ValueError:
        return x509.DNSName(host)


def _private_key(pem: bytes) -> ec.EllipticCurvePrivateKey:
    key = serialization.load_pem_private_key(pem, password=None)
    if not isinstance(key, ec.EllipticCurvePrivateKey):
        raise ValueError("the authority's key is of another kind than those made here")
    return key


def _pem(key: ec.EllipticCurvePrivateKey) -> bytes:
    return key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())


def _write(path: Path, content: bytes, mode: int = 0o600) -> None:
    """Written beside its place and moved there, so that who reads it meanwhile reads one of the two whole."""
    draft = path.with_name(f".{path.name}.part")
    handle = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, mode)
    with os.fdopen(handle, "wb") as file:
        file.write(content)
    draft.replace(path)
