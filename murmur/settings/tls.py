"""Mutual TLS between the roles."""

from pathlib import Path

from pydantic import Field, model_validator

from murmur.settings.base import Concern


class TlsSettings(Concern):
    tls_cert_file: Path | None = Field(
        None, description="PEM file of this role's certificate; with it the role speaks TLS alone."
    )
    tls_key_file: Path | None = Field(None, description="PEM file of the certificate's key.")
    tls_ca_file: Path | None = Field(
        None, description="PEM file of the authority whose certificates this role asks of whoever connects, and of subgraphs."
    )
    plaintext_engines: bool = Field(
        False, description="Let production reach engines on other machines in plain text, where the network itself is private."
    )

    @model_validator(mode="after")
    def _whole(self) -> "TlsSettings":
        files = (self.tls_cert_file, self.tls_key_file, self.tls_ca_file)
        if any(files) and not all(files):
            raise ValueError("MURMUR_TLS_CERT_FILE, MURMUR_TLS_KEY_FILE and MURMUR_TLS_CA_FILE go together")
        return self
