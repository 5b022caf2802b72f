"""What may stand in the YAML files about alerts, changes and statuses that are one incident."""

from typing import Annotated, Any

from msgspec import Meta, field

from sentinel.config.section import Label, Name, Section
from sentinel.model.values import Duration, duration

Part = Annotated[
    dict[Label, dict[str, Any]],
    Meta(description="A name for this part, and its conditions."),
]


class Correlation(Section, frozen=True):
    """What belongs together: where all parts are found, it is one incident."""

    name: Annotated[Name, Meta(description="Unique name.")]
    all_: Annotated[
        list[Part],
        Meta(
            min_length=2,
            max_length=6,
            description="The parts: `deploy: {on: change, kind: deploy}`, "
            "`failing: {alert: CheckoutErrors, service: {same_as: deploy.service}}`.",
        ),
    ] = field(name="all")
    root_cause: Annotated[Label, Meta(description="The part that is the cause of the others.")]
    within: Annotated[
        Duration | None,
        Meta(
            description="All must begin within this long of each other. If not given, alerts and "
            "statuses count while they last, and a change for 1h."
        ),
    ] = None
    hold: Annotated[
        Duration, Meta(description="How long an alert is held back for its cause to show.")
    ] = duration("30s")
