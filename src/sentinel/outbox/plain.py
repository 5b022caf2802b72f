"""The message of last resort: from the delivery alone."""

from sentinel.model.delivery import Delivery, Message


def plain_message(delivery: Delivery) -> Message:
    """Says what is known without the store's details and without a template; to clients nothing."""
    if delivery.audience == "client":
        return _for_client(delivery)
    what = f"incident {delivery.incident}" if delivery.incident else "a message"
    return Message(
        key=delivery.key,
        to=delivery.address,
        reason=delivery.reason,
        severity=delivery.severity,
        subject=f"[{delivery.severity}] {what}: {delivery.reason.replace('_', ' ')}",
        text=(
            f"Sentinel reports {what}: {delivery.reason.replace('_', ' ')}, "
            f"severity {delivery.severity}.\n"
            "Its details could not be put into words; open Sentinel to see them.\n"
        ),
        thread=f"incident-{delivery.incident}" if delivery.incident else "",
        payload={
            "version": 1,
            "type": f"incident.{delivery.reason}",
            "data": {
                "key": delivery.key,
                "severity": delivery.severity,
                "incident": {"id": delivery.incident},
            },
        },
    )


def _for_client(delivery: Delivery) -> Message:
    return Message(
        key=delivery.key,
        to=delivery.address,
        reason=delivery.reason,
        severity=delivery.severity,
        subject="News about our service",
        text="There is news about our service. Please look at our status page, or ask us.\n",
        audience="client",
    )
