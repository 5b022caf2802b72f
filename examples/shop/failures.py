"""What can go wrong when a customer is to be notified. Each failure has the code by which an
operator looks it up."""

from typing import Any

import sentry_sdk


class ShopFailure(Exception):
    code: str


class TwilioApiFailure(ShopFailure):
    code = "TWILIO_API_FAILURE"


class SmsDeliveryFailure(ShopFailure):
    code = "SMS_DELIVERY_FAILURE"


class GreetingFailure(ShopFailure):
    code = "TWILIO_GREETING_FAILURE"


class NotificationSystemFailure(ShopFailure):
    code = "NOTIFICATION_SYSTEM_FAILURE"


def tag_code(event: Any, hint: dict[str, Any]) -> Any:
    """A `before_send` of sentry_sdk: the exception's code becomes a tag of the event."""
    problem = hint.get("exc_info", (None, None, None))[1]
    if isinstance(problem, ShopFailure):
        event.setdefault("tags", {})["code"] = problem.code
    return event


def report(problem: ShopFailure) -> None:
    sentry_sdk.capture_exception(problem)
