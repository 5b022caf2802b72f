"""A command of one's own, whose exit code says how things are, as in Nagios.

    - name: mail-queue
      type: command
      command: [/usr/lib/nagios/plugins/check_mailq, -w, "50", -c, "200"]

| it exits with | is |
|---|---|
| 0, 1, 2, 3 | up, degraded, down, unknown |
| anything else, or ended by a signal | down |

The first line of what it prints is the message.
"""

import signal
from collections.abc import Mapping, Sequence
from typing import Annotated, Any

from msgspec import Meta

from sentinel.api import Duration, Probe, Secret, Signal, Status, duration, hook, redacted
from sentinel.probes._latency import Failed, LatencyParams, answered, down, timed
from sentinel.probes._subprocess import Ended, run
from sentinel.probes.command_output import message_of, metrics_of, shortened

MOST_OUTPUT = 65_536


class CommandParams(LatencyParams, frozen=True, kw_only=True):
    command: Annotated[
        tuple[Annotated[str, Meta(min_length=1)], ...],
        Meta(
            min_length=1,
            description="The program and its arguments; no shell reads them. It exits with 0 for "
            "up, 1 degraded, 2 down, 3 unknown. Its first line is the message; lines name=value, "
            "and Nagios' performance data, are metrics.",
        ),
    ]
    environment: Annotated[
        Mapping[str, Secret],
        Meta(
            description="Variables for it, beside HOME, LANG, LC_ALL, PATH and TZ; the place for "
            "secrets, as others on the machine can read its arguments."
        ),
    ] = {}
    degraded_above: Annotated[Duration, Meta(description="Degraded when it takes longer.")] = (
        duration("10s")
    )
    down_above: Annotated[
        Duration,
        Meta(
            description="Down when it takes longer: it is then killed, with all that it started. "
            "Keep it below `timeout`."
        ),
    ] = duration("20s")


class CommandProbe(Probe[CommandParams]):
    type = "command"
    summary = "A command of your own, such as one for Nagios: exit code, message, metrics"
    Params = CommandParams
    bound = "down_above"
    timeout = 30.0

    async def probe(self) -> Sequence[Signal]:
        try:
            ended, latency = await timed(self.context.clock, self.params, self._run)
        except Failed as failed:
            return (down(failed),)
        except OSError as error:
            text = f"can't run {self.params.command[0]}: {error.strerror}"
            return (Status(status="unknown", message=text),)
        return (self._judge(ended, latency), *metrics_of(ended.output))

    async def _run(self) -> Ended:
        environment = {name: value.reveal() for name, value in self.params.environment.items()}
        return await run(self.params.command, most_output=MOST_OUTPUT, environment=environment)

    def _judge(self, ended: Ended, latency: float) -> Status:
        # Redacted as a whole: of a secret that is cut in two a half would be left.
        said = shortened(
            redacted(message_of(ended.output) or message_of(ended.errors), self.params)
        )
        match ended.code:
            case 0:
                return answered(said or "it succeeded", latency, self.params)
            case 1:
                return Status(status="degraded", message=said or _how(1), latency=latency)
            case 2:
                return Status(status="down", message=said or _how(2), latency=latency)
            case 3:
                return Status(status="unknown", message=said or _how(3), latency=latency)
        how = _how(ended.code)
        return Status(status="down", message=f"{how}: {said}" if said else how, latency=latency)


def _how(code: int) -> str:
    if code >= 0:
        return f"it exited with {code}"
    try:
        return f"it was ended by {signal.Signals(-code).name}"
    except ValueError:
        return f"it was ended by signal {-code}"


@hook
def register_probes(register: Any) -> None:
    register(CommandProbe)
