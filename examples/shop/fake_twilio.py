"""A stand-in for Twilio's REST API: it takes messages and calls, and knows one account.

Its answers are in the shape of https://www.twilio.com/docs/usage/troubleshooting/rest-api-errors
"""

import base64
import binascii
import secrets

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

ACCOUNT = "AC" + "0" * 32
TOKEN = "f" * 32
_PREFIXES = {"Messages": "SM", "Calls": "CA"}


async def create(request: Request) -> Response:
    prefix = _PREFIXES.get(request.path_params["resource"])
    if prefix is None:
        return _error(404, 20404, "The requested resource was not found")
    if not _is_authentic(request):
        return _error(401, 20003, "Authenticate")
    async with request.form() as form:
        for name, code in (("To", 21604), ("From", 21603)):
            if not form.get(name):
                return _error(400, code, f"A '{name}' phone number is required.")
        sid = prefix + secrets.token_hex(16)
        return JSONResponse({"sid": sid, "to": form["To"], "status": "queued"}, 201)


def _is_authentic(request: Request) -> bool:
    scheme, _, given = request.headers.get("authorization", "").partition(" ")
    try:
        account, _, token = base64.b64decode(given, validate=True).decode().partition(":")
    except (binascii.Error, UnicodeDecodeError):
        return False
    wanted = (scheme.lower(), account, token, request.path_params["account"])
    return wanted == ("basic", ACCOUNT, TOKEN, ACCOUNT)


def _error(status: int, code: int, message: str) -> Response:
    more = f"https://www.twilio.com/docs/errors/{code}"
    body = {"code": code, "message": message, "more_info": more, "status": status}
    return JSONResponse(body, status)


# The account is empty in the path when the caller's credentials are missing.
_PATH = "/2010-04-01/Accounts/{account:path}/{resource}.json"
app = Starlette(routes=[Route(_PATH, create, methods=["POST"])])
