"""A unit of systemd: its state, restarts and memory, as `systemctl show` gives them."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Annotated, Any, Literal

from msgspec import Meta

from sentinel.api import Context, Metric, Params, Probe, Signal, Status, hook
from sentinel.probes._subprocess import run

MOST_OUTPUT = 16_384
_ASKED = ("LoadState", "ActiveState", "SubState", "Result", "NRestarts", "MemoryCurrent")
_PASSING = ("activating", "deactivating", "reloading", "refreshing", "maintenance")


class SystemdUnitParams(Params, frozen=True):
    unit: Annotated[
        str,
        Meta(
            min_length=1,
            max_length=255,
            pattern=r"^[A-Za-z0-9:_.\\@][A-Za-z0-9:_.\\@-]*$",
            examples=["nginx.service"],
            description="The unit's name.",
        ),
    ]
    inactive: Annotated[
        Literal["up", "degraded", "down"],
        Meta(description="What it is when it does not run, and has not failed: `up` for jobs."),
    ] = "down"
    user: Annotated[
        bool, Meta(description="Whether it belongs to the user that Sentinel runs as.")
    ] = False


class Unavailable(Exception):
    """systemd tells nothing; the text says why."""


class SystemdUnitProbe(Probe[SystemdUnitParams]):
    type = "systemd_unit"
    summary = "A unit of systemd: state, restarts, memory"
    Params = SystemdUnitParams

    def __init__(self, params: SystemdUnitParams, context: Context) -> None:
        super().__init__(params, context)
        self._restarts: int | None = None

    async def probe(self) -> Sequence[Signal]:
        """Raises Unavailable."""
        shown = await self._show()
        restarts = _number(shown.get("NRestarts"))
        last, self._restarts = self._restarts, restarts
        # A unit that was started by hand counts from 0 again.
        new = max(0, restarts - last) if restarts is not None and last is not None else 0
        return (self._judge(shown, new), *_metrics(shown, new))

    async def _show(self) -> Mapping[str, str]:
        scope = ["--user"] if self.params.user else []
        asked = f"--property={','.join(_ASKED)}"
        try:
            ended = await run(
                ["systemctl", *scope, "show", asked, "--", self.params.unit],
                most_output=MOST_OUTPUT,
            )
        except OSError as error:
            raise Unavailable(f"can't run systemctl: {error.strerror}") from error
        if ended.code != 0:
            said = " ".join(ended.errors.decode(errors="replace").split())[:200]
            raise Unavailable(f"systemctl exited with {ended.code}: {said}")
        lines = ended.output.decode(errors="replace").splitlines()
        return {name: value for name, found, value in (x.partition("=") for x in lines) if found}

    def _judge(self, shown: Mapping[str, str], new_restarts: int) -> Status:
        unit, state = self.params.unit, shown.get("ActiveState", "")
        said = f"{unit} is {state} ({shown.get('SubState', '')})"
        if shown.get("LoadState") not in ("loaded", None):
            return Status(status="down", message=f"{unit} is {shown['LoadState']}")
        if state == "failed":
            return Status(status="down", message=f"{unit} has failed: {shown.get('Result', '')}")
        if state == "inactive":
            return Status(status=self.params.inactive, message=said)
        if shown.get("SubState", "").startswith("auto-restart"):
            why = shown.get("Result", "")
            return Status(status="down", message=f"{unit} ended ({why}) and waits to be restarted")
        if state in _PASSING:
            return Status(status="degraded", message=said)
        if state != "active":
            raise Unavailable(f"systemctl says that {unit} is {state[:40]!r}")
        if new_restarts:
            times = "once" if new_restarts == 1 else f"{new_restarts} times"
            text = f"{said}, but was restarted {times} since the last look"
            return Status(status="degraded", message=text)
        return Status(status="up", message=said)


def _metrics(shown: Mapping[str, str], new_restarts: int) -> Iterator[Metric]:
    yield Metric(name="systemd.unit.restarts", value=float(new_restarts))
    memory = _number(shown.get("MemoryCurrent"))
    if memory is not None:
        yield Metric(name="systemd.unit.memory", value=float(memory), unit="B")


def _number(text: str | None) -> int | None:
    """None for what systemd does not know: it then says "[not set]", or the largest number."""
    if text is None or not text.isdecimal():
        return None
    number = int(text)
    return number if number < 2**64 - 1 else None


@hook
def register_probes(register: Any) -> None:
    register(SystemdUnitProbe)
