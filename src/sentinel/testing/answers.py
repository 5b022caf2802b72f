"""Keeps what a notifier hands in of what came back to its channel."""

from typing import Literal

from sentinel.api import Answers, Outcome, Verb


class HeardAnswers(Answers):
    """Each list holds the arguments of the calls, in order. `reply` is what people are answered;
    an exception in its place is raised, as where the store refuses."""

    def __init__(self, reply: str | Exception = "Done.") -> None:
        self.reply = reply
        self.receipts: list[tuple[str, Outcome, str]] = []
        self.texts: list[tuple[str, str]] = []
        self.choices: list[tuple[str, str]] = []
        self.acts: list[tuple[str, Verb, str]] = []
        self.lost: list[tuple[str, str, str]] = []

    async def receipt(self, reference: str, outcome: Outcome, detail: str = "") -> None:
        self._answered()
        self.receipts.append((reference, outcome, detail))

    async def said(self, address: str, text: str) -> str:
        reply = self._answered()
        self.texts.append((address, text))
        return reply

    async def chose(self, token: str, address: str = "") -> str:
        reply = self._answered()
        self.choices.append((token, address))
        return reply

    async def acted(self, thread: str, verb: Verb, by: str = "") -> None:
        self._answered()
        self.acts.append((thread, verb, by))

    async def gone(self, address: str, why: Literal["bounced", "complained"], detail: str) -> None:
        self._answered()
        self.lost.append((address, why, detail))

    def _answered(self) -> str:
        if isinstance(self.reply, Exception):
            raise self.reply
        return self.reply
