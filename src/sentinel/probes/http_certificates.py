"""When the certificates end that servers show during TLS handshakes."""

import ssl


class Observer(ssl.SSLContext):
    """A client context, with all checks of certificates, that remembers when each one ends.

    aiohttp gives a connection back as soon as a short answer is complete, before its user can
    look at the certificate: so it is looked at here, in the handshake.
    """

    ends: dict[str, float]
    """Seconds since 1970, by the name of the server."""

    @classmethod
    def create(cls, ca_file: str | None) -> "Observer":
        """`ca_file` is trusted in place of the system's authorities. Raises OSError."""
        context = cls(ssl.PROTOCOL_TLS_CLIENT)
        context.ends = {}
        context.sslobject_class = _Handshake
        if ca_file is None:
            context.load_default_certs()
        else:
            context.load_verify_locations(ca_file)
        return context


class _Handshake(ssl.SSLObject):
    def do_handshake(self) -> None:
        super().do_handshake()
        certificate, name = self.getpeercert(), self.server_hostname
        if certificate and name and isinstance(self.context, Observer):
            self.context.ends[name] = ssl.cert_time_to_seconds(str(certificate["notAfter"]))
