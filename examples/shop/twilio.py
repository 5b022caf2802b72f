"""Sends messages and calls through Twilio's REST API.

https://www.twilio.com/docs/messaging/api/message-resource
"""

import base64
import json
import os
import urllib.error
import urllib.parse
import urllib.request

from examples.shop.failures import TwilioApiFailure, report

SENDER = "+15005550006"
TIMEOUT = 5.0


def send_sms(to: str, text: str) -> str:
    """Gives the message's SID. Raises TwilioApiFailure, which is reported already."""
    return _create("Messages", {"To": to, "From": SENDER, "Body": text})


def call(to: str, greeting: str) -> str:
    """Gives the call's SID. Raises TwilioApiFailure, which is reported already."""
    twiml = f"<Response><Say>{greeting}</Say></Response>"
    return _create("Calls", {"To": to, "From": SENDER, "Twiml": twiml})


def _create(resource: str, form: dict[str, str]) -> str:
    account = os.environ.get("TWILIO_ACCOUNT_SID", "")
    token = os.environ.get("TWILIO_AUTH_TOKEN", "")
    base = os.environ.get("TWILIO_BASE_URL", "https://api.twilio.com")
    credentials = base64.b64encode(f"{account}:{token}".encode()).decode()
    request = urllib.request.Request(
        f"{base}/2010-04-01/Accounts/{account}/{resource}.json",
        data=urllib.parse.urlencode(form).encode(),
        headers={"Authorization": f"Basic {credentials}"},
    )
    try:
        with urllib.request.urlopen(request, timeout=TIMEOUT) as answer:
            return str(json.load(answer)["sid"])
    except urllib.error.HTTPError as problem:
        failure = TwilioApiFailure(f"Twilio answered {problem.code}: {_reason(problem)}")
        report(failure)
        raise failure from problem
    except OSError as problem:
        failure = TwilioApiFailure(f"Twilio can't be reached: {problem}")
        report(failure)
        raise failure from problem


def _reason(answer: urllib.error.HTTPError) -> str:
    with answer:
        try:
            said = json.load(answer)
            return f"error {said['code']}, {said['message']}"
        except (ValueError, LookupError, TypeError):
            return str(answer.reason)
