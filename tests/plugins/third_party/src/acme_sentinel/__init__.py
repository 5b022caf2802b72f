"""Acme's plugins for Sentinel."""

from collections.abc import Callable
from typing import Any

from acme_sentinel.pager import AcmePager
from acme_sentinel.silence import Silence
from sentinel.api import Detector, Notifier, hook

SENTINEL_API = "1.0"


@hook
def register_detectors(register: Callable[[type[Detector[Any]]], None]) -> None:
    register(Silence)


@hook
def register_notifiers(register: Callable[[type[Notifier[Any]]], None]) -> None:
    register(AcmePager)
