"""A name in the DNS: whether it resolves, to what, and how fast."""

from collections.abc import Sequence
from importlib.util import find_spec
from ipaddress import ip_address
from typing import TYPE_CHECKING, Annotated, Any, Literal

from msgspec import Meta

from sentinel.api import Metric, Probe, Signal, hook
from sentinel.probes._connection import Host, Port
from sentinel.probes._latency import Failed, LatencyParams, answered, down, timed

if TYPE_CHECKING:
    # It is an extra, and loaded by those alone who use this probe.
    from dns.asyncresolver import Resolver
    from dns.rdata import Rdata
    from dns.resolver import NoNameservers

DNS_PORT = 53
MOST_SHOWN = 5
LONGEST_SHOWN = 100
Record = Literal["A", "AAAA", "CAA", "CNAME", "MX", "NS", "PTR", "SOA", "SRV", "TXT"]


class DnsParams(LatencyParams, frozen=True):
    """Refused, when the configuration is loaded, where the package is missing that asks."""

    host: Annotated[Host, Meta(description="The name to ask for.")]
    record: Annotated[Record, Meta(description="The type of record.")] = "A"
    resolver: Annotated[
        str | None, Meta(description="Address of the server to ask; the system's if not given.")
    ] = None
    port: Annotated[Port, Meta(description="The resolver's port.")] = DNS_PORT
    expect: Annotated[
        tuple[str, ...],
        Meta(description='Answers that must be there, such as 192.0.2.7 or "10 mx.example.com".'),
    ] = ()
    exactly: Annotated[
        bool, Meta(description="Whether other answers than the expected ones are refused.")
    ] = False

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.exactly and not self.expect:
            raise ValueError("expected answers in `expect`, as `exactly` refuses all others")
        if find_spec("dns") is None:
            raise ValueError(
                "expected the package dnspython, which is not installed; "
                "add it with: pip install 'sentinel[dns]'"
            )
        if self.resolver is None and self.port != DNS_PORT:
            raise ValueError("expected a `resolver`, as `port` is that of its own")
        if self.resolver is not None and _address(self.resolver) is None:
            raise ValueError(f"expected an IP address as `resolver`, found {self.resolver!r}")


class DnsProbe(Probe[DnsParams]):
    type = "dns"
    summary = "A name in the DNS: answers, latency"
    Params = DnsParams
    bound = "down_above"

    async def probe(self) -> Sequence[Signal]:
        try:
            answers, latency = await timed(self.context.clock, self.params, self._ask)
            self._hold_against(answers)
        except Failed as failed:
            return (down(failed),)
        return (
            answered(_listed(answers), latency, self.params),
            Metric(name="dns.latency", value=latency, unit="s"),
            Metric(name="dns.answers", value=float(len(answers))),
        )

    async def _ask(self) -> list[str]:
        """The answers, in order. Raises Failed, and NoResolverConfiguration where the system
        names no resolver."""
        from dns.resolver import NXDOMAIN, NoAnswer, NoNameservers
        from dns.reversename import from_address

        params = self.params
        address = _address(params.host) if params.record == "PTR" else None
        try:
            found = await self._resolver().resolve(
                from_address(address) if address else params.host,
                params.record,
                # The system's search list would let other names answer.
                search=False,
                # The time is bounded for the look as a whole.
                lifetime=params.down_above + 1,
            )
        except NXDOMAIN as error:
            raise Failed(f"the name {params.host} does not exist") from error
        except NoAnswer as error:
            raise Failed(f"{params.host} has no {params.record} record") from error
        except NoNameservers as error:
            raise Failed(_refusal(error)) from error
        return sorted(_text(rdata) for rdata in found)

    def _resolver(self) -> "Resolver":
        """Made for each look, so that a change of /etc/resolv.conf is seen."""
        from dns.asyncresolver import Resolver

        resolver = Resolver(configure=self.params.resolver is None)
        if self.params.resolver is not None:
            resolver.nameservers = [self.params.resolver]
            resolver.port = self.params.port
        return resolver

    def _hold_against(self, answers: Sequence[str]) -> None:
        """Raises Failed where they are not the expected ones."""
        # A text means what it says to the letter: tokens in it differ by case alone.
        comparable = str if self.params.record == "TXT" else _comparable
        found = {comparable(answer) for answer in answers}
        missing = [one for one in self.params.expect if comparable(one) not in found]
        if missing:
            raise Failed(f"the answer is {_listed(answers)}, expected {_listed(missing)}")
        wanted = {comparable(one) for one in self.params.expect}
        others = [one for one in answers if comparable(one) not in wanted]
        if self.params.exactly and others:
            raise Failed(f"the answer has {_listed(others)}, which was not expected")


def _refusal(error: "NoNameservers") -> str:
    from dns.rcode import to_text

    answers = [attempt[4] for attempt in error.kwargs["errors"] if attempt[4] is not None]
    if not answers:
        return "the resolver gives no answer that can be read"
    return f"the resolver answers {to_text(answers[-1].rcode())}"


def _text(rdata: "Rdata") -> str:
    """As in a zone file, names without the last dot; of TXT the text alone."""
    strings = getattr(rdata, "strings", None)
    if strings is not None:
        return b"".join(strings).decode(errors="replace")
    return " ".join(word.rstrip(".") for word in rdata.to_text().split(" "))


def _comparable(answer: str) -> str:
    """Case and the last dot of a name mean nothing, nor does how an address is written."""
    return _address(answer) or " ".join(word.rstrip(".") for word in answer.lower().split())


def _address(text: str) -> str | None:
    """An IP address in its usual form; None where it is none."""
    try:
        return str(ip_address(text))
    except ValueError:
        return None


def _listed(answers: Sequence[str]) -> str:
    more = len(answers) - MOST_SHOWN
    shown = ", ".join(answer[:LONGEST_SHOWN] for answer in answers[:MOST_SHOWN])
    return f"{shown} and {more} more" if more > 0 else shown


@hook
def register_probes(register: Any) -> None:
    register(DnsProbe)
