"""The signed links in what clients are sent."""

from sentinel.model.client import Contact, Subscription
from sentinel.signing import Grant, Purpose, Signer
from sentinel.status.links import token

_DAY = 86_400
_MANAGE_LASTS = 90 * _DAY


class Links:
    """`url` is the public address of this installation, without a slash at its end."""

    def __init__(self, signer: Signer, url: str) -> None:
        self._signer = signer
        self._url = url

    def confirm(self, subscription: Subscription, until: float) -> str:
        return self._link("confirm", _name(subscription), subscription.contact, until)

    def manage(self, contact: Contact | int, now: float) -> str:
        """Works for three months: whoever has an older message asks for a new link by signing up
        again."""
        number = contact if isinstance(contact, int) else contact.id
        return self._link("manage", f"contact:{number}", number, now + _MANAGE_LASTS)

    def unsubscribe(self, subscription: Subscription) -> str:
        """For `Message.unsubscribe`. It never runs out: whoever wants no more must get no more."""
        return self._link("unsubscribe", _name(subscription), subscription.contact, 0)

    def sign_up(self, tenant: str, generation: int) -> str:
        """Where those at a tenant subscribe: its token is that of the tenant's status page, and is
        taken back with it."""
        return f"{self._url}/subscribe/{token(self._signer, tenant, generation)}"

    def _link(self, purpose: Purpose, object: str, contact: int, until: float) -> str:
        token = self._signer.sign(Grant(purpose, object, f"contact:{contact}", int(until)))
        return f"{self._url}/{purpose}/{token}"


def _name(subscription: Subscription) -> str:
    return f"subscription:{subscription.id}"
