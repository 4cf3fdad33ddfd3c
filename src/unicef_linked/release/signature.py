"""Ed25519 signatures (RFC 8032) of ``SHA256SUMS``, which covers every file of a release.

``SHA256SUMS.sig`` holds the 64 bytes of the signature, which OpenSSL checks as well:

    openssl pkeyutl -verify -pubin -inkey PUBLIC.pem -rawin -in SHA256SUMS -sigfile SHA256SUMS.sig
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ed25519 import (
    Ed25519PrivateKey,
    Ed25519PublicKey,
)
from cryptography.hazmat.primitives.serialization import (
    load_pem_private_key,
    load_pem_public_key,
)

from unicef_linked.errors import UnusableInput

if TYPE_CHECKING:
    from pathlib import Path


def read_private_key(path: Path) -> Ed25519PrivateKey:
    """Return the private key in a PEM file; raises UnusableInput for any other file."""
    try:
        key = load_pem_private_key(_read(path), password=None)
    except TypeError:
        raise UnusableInput(
            f"{path} is encrypted; decrypt it: openssl pkey -in {path} -out KEY.pem"
        ) from None
    except (ValueError, UnsupportedAlgorithm):
        raise UnusableInput(f"{path} is not a private key in PEM; {_MAKE_ONE}") from None
    if not isinstance(key, Ed25519PrivateKey):
        raise UnusableInput(f"{path} is not an Ed25519 key; {_MAKE_ONE}")
    return key


def read_public_key(path: Path) -> Ed25519PublicKey:
    """Return the public key in a PEM file; raises UnusableInput for any other file."""
    try:
        key = load_pem_public_key(_read(path))
    except (ValueError, UnsupportedAlgorithm):
        raise UnusableInput(
            f"{path} is not a public key in PEM; take it from the private one:"
            " openssl pkey -in PRIVATE.pem -pubout -out PUBLIC.pem"
        ) from None
    if not isinstance(key, Ed25519PublicKey):
        raise UnusableInput(f"{path} is not an Ed25519 key")
    return key


def is_signed(content: bytes, signature: bytes, key: Ed25519PublicKey) -> bool:
    """Return whether a signature of the content was made with the private key to ``key``."""
    try:
        key.verify(signature, content)
    except InvalidSignature:
        return False
    return True


_MAKE_ONE = "make one with: openssl genpkey -algorithm ed25519 -out PRIVATE.pem"


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise UnusableInput(f"{path} cannot be read: {error.strerror}") from None
