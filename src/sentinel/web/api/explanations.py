"""What became of a signal, and why a rule fires or does not."""

from sentinel.explanation import (
    RuleExplanation,
    SignalExplanation,
    explain_rule,
    explain_signal,
)
from sentinel.web.api.call import Call, Endpoint
from sentinel.web.api.incidents import At


async def _signal(call: Call) -> SignalExplanation:
    number, book, now, at = call.number, call.services.setup.book, call.now, call.query.at
    return await call.find(lambda conn: explain_signal(conn, number, book, now, at), "signal")


async def _rule(call: Call) -> RuleExplanation:
    name: str = call.request.path_params["name"]
    book, now, at = call.services.setup.book, call.now, call.query.at
    return await call.find(lambda conn: explain_rule(conn, name, book, now, at), "rule")


ENDPOINTS = (
    Endpoint(
        method="GET",
        path="/signals/{id:number}/explanation",
        summary="What became of a signal, and which rules it only just missed",
        handler=_signal,
        query=At,
        reply=SignalExplanation,
    ),
    Endpoint(
        method="GET",
        path="/rules/{name}/explanation",
        summary="What a rule watches, and why it fires or does not",
        handler=_rule,
        query=At,
        reply=RuleExplanation,
    ),
)
