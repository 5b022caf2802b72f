"""Tells customers about their orders. What fails is reported; the order stands."""

import threading

from examples.shop import twilio
from examples.shop.failures import (
    GreetingFailure,
    NotificationSystemFailure,
    ShopFailure,
    SmsDeliveryFailure,
    TwilioApiFailure,
    report,
)
from examples.shop.orders import Order

DOWN_AFTER = 3


class Notifications:
    """After DOWN_AFTER failures in a row it reports that nobody can be notified any more."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._failures = 0
        self._greeted: set[str] = set()

    def order_placed(self, order: Order) -> bool:
        """Whether the customer got the confirmation."""
        try:
            if order.customer not in self._greeted:
                self.greet(order)
            self.confirm(order)
        except ShopFailure as problem:
            report(problem)
            self._count_failure()
            return False
        self._failures = 0
        return True

    def confirm(self, order: Order) -> None:
        """Raises SmsDeliveryFailure."""
        text = f"Thank you! Your order {order.id} ({order.product}) is on its way."
        try:
            twilio.send_sms(order.phone, text)
        except TwilioApiFailure as problem:
            raise SmsDeliveryFailure(f"Confirmation of order {order.id} not sent") from problem

    def greet(self, order: Order) -> None:
        """A new customer is welcomed by a call; a failure does not hold up the confirmation."""
        try:
            twilio.call(order.phone, f"Welcome to {order.tenant.title()}!")
            self._greeted.add(order.customer)
        except TwilioApiFailure as problem:
            failure = GreetingFailure(f"Greeting call for order {order.id} not made")
            failure.__cause__ = problem
            report(failure)

    def _count_failure(self) -> None:
        with self._lock:
            self._failures += 1
            down = self._failures % DOWN_AFTER == 0
        if down:
            report(NotificationSystemFailure(f"{self._failures} notifications failed in a row"))
