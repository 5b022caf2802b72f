"""What a signal is given when it comes in, where its sender left it out."""

from msgspec.structs import replace

from sentinel.config.schema import Project
from sentinel.model.signal import AnySignal


def stamp(signal: AnySignal, project: str, own: Project | None, now: float) -> AnySignal:
    """`own` is what the configuration says of the project, `now` the time of arrival."""
    return replace(
        signal,
        project=project,
        received=now,
        at=signal.at or now,
        environment=signal.environment or (own and own.environment),
        tenant=signal.tenant or (own and own.tenant),
    )
