import asyncio
import gc
import os
import ssl
from collections.abc import Callable
from pathlib import Path

import pytest
import trustme
import uvloop
from tests.probes.certificates import Tls
from tests.probes.conftest import http
from tests.probes.listening import Reader, Writer, listening
from tests.probes.looks import look

from sentinel.probes._certificates import client_context
from sentinel.probes.http import HttpProbe


@pytest.fixture
def tls(tmp_path: Path) -> Tls:
    return Tls(tmp_path)


def test_all_who_trust_the_same_authorities_share_one_context(tls: Tls) -> None:
    system = client_context(None)
    assert client_context(None) is system
    own = client_context(tls.ca_file)
    assert client_context(tls.ca_file) is own is not system


def test_after_a_change_of_the_file_its_new_authorities_are_trusted(tls: Tls) -> None:
    before = client_context(tls.ca_file)
    file = Path(tls.ca_file)
    trustme.CA().cert_pem.write_to_path(str(file))
    os.utime(file, ns=(0, file.stat().st_mtime_ns + 1))
    after = client_context(tls.ca_file)
    assert before.get_ca_certs() != after.get_ca_certs()


def test_a_context_that_nobody_uses_any_more_is_given_up(tls: Tls) -> None:
    def contexts() -> int:
        gc.collect()
        return sum(isinstance(one, ssl.SSLContext) for one in gc.get_objects())

    others = contexts()
    context = client_context(tls.ca_file)
    assert contexts() == others + 1
    del context
    assert contexts() == others


def test_authorities_that_are_none_are_refused(tmp_path: Path) -> None:
    file = tmp_path / "ca.pem"
    with pytest.raises(OSError, match="No such file"):
        client_context(str(file))
    file.write_text("nothing of the kind")
    with pytest.raises(OSError, match="NO_CERTIFICATE"):
        client_context(str(file))


@pytest.mark.parametrize("loop", [asyncio.run, uvloop.run])
def test_looks_at_one_name_at_the_same_time_do_not_mix_up_its_certificates(
    tls: Tls, loop: Callable[..., list[float]]
) -> None:
    async def answer(reader: Reader, writer: Writer) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(http())
        await writer.drain()

    async def days_of(days: float) -> float:
        async with listening(answer, tls.server(days)) as port:
            url = f"https://127.0.0.1:{port}/"
            _, metrics = await look(HttpProbe, url=url, ca_file=tls.ca_file)
        return round(metrics["http.certificate.days"])

    async def main() -> list[float]:
        return await asyncio.gather(*(days_of(days) for days in (50, 60, 70, 80)))

    assert loop(main()) == [50, 60, 70, 80]
