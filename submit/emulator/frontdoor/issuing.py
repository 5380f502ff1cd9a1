"""An authority and the certificate for Google's names that it signs. Slow to import, for `cryptography`."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import NamedTuple

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

_DAYS = 3650
_NAMES = ("*.googleapis.com", "*.storage.googleapis.com", "accounts.google.com", "metadata.google.internal")
_AUTHORITY = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "jobdir emulator")])
_SERVER = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "jobdir emulator, *.googleapis.com")])
_PEM = serialization.Encoding.PEM


class Issued(NamedTuple):
    """PEM; `key` is that of `server`, the authority's is forgotten."""

    authority: bytes
    server: bytes
    key: bytes


def issue() -> Issued:
    signing, serving = ec.generate_private_key(ec.SECP256R1()), ec.generate_private_key(ec.SECP256R1())
    authority = _authority(signing.public_key()).sign(signing, hashes.SHA256())
    server = _server(serving.public_key(), signing.public_key()).sign(signing, hashes.SHA256())
    key = serving.private_bytes(_PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    return Issued(authority.public_bytes(_PEM), server.public_bytes(_PEM), key)


def _authority(public_key: ec.EllipticCurvePublicKey) -> x509.CertificateBuilder:
    return (
        _builder(_AUTHORITY, public_key, signer=public_key)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(_usage(signs_certificates=True), critical=True)
    )


def _server(public_key: ec.EllipticCurvePublicKey, signer: ec.EllipticCurvePublicKey) -> x509.CertificateBuilder:
    names = x509.SubjectAlternativeName([x509.DNSName(name) for name in _NAMES])
    return (
        _builder(_SERVER, public_key, signer=signer)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(_usage(signs_certificates=False), critical=True)
        .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
        .add_extension(names, critical=False)
    )


def _builder(
    subject: x509.Name, public_key: ec.EllipticCurvePublicKey, *, signer: ec.EllipticCurvePublicKey
) -> x509.CertificateBuilder:
    """With the identifiers of both keys, which strict clients ask for."""
    now = datetime.now(UTC)
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(_AUTHORITY)
        .public_key(public_key)
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=_DAYS))
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(public_key), critical=False)
        .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(signer), critical=False)
    )


def _usage(*, signs_certificates: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=not signs_certificates,
        key_cert_sign=signs_certificates,
        crl_sign=signs_certificates,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        encipher_only=False,
        decipher_only=False,
    )
