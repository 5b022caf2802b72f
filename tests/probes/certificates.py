"""Certificates of an authority of our own."""

import datetime
import ssl
from pathlib import Path

import trustme


class Tls:
    """A certificate authority of our own and a server certificate that ends in `days`."""

    def __init__(self, folder: Path) -> None:
        self.authority = trustme.CA()
        self.ca_file = str(folder / "ca.pem")
        self.authority.cert_pem.write_to_path(self.ca_file)

    def server(self, days: float, name: str = "127.0.0.1") -> ssl.SSLContext:
        ends = datetime.datetime.now(datetime.UTC) + datetime.timedelta(days=days)
        begins = ends - datetime.timedelta(days=400)
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self.authority.issue_cert(name, not_before=begins, not_after=ends).configure_cert(context)
        return context
