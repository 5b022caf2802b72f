"""The hooks. Each is called once, at start-up, with a function that registers a class.

The core never calls plugin code through a hook again: it creates objects of the registered
classes and calls those, each under its own time-out and its own catch, so that one plugin
can't abort another.
"""

from collections.abc import Callable
from typing import Any

import pluggy

from sentinel.api import Action, Detector, Notifier, Probe, Ranker, Receiver

spec = pluggy.HookspecMarker("sentinel")


@spec
def register_probes(register: Callable[[type[Probe[Any]]], None]) -> None:
    """Register probe classes: things that look at a target every interval."""


@spec
def register_detectors(register: Callable[[type[Detector[Any]]], None]) -> None:
    """Register detector classes: the `type` of an alert rule."""


@spec
def register_notifiers(register: Callable[[type[Notifier[Any]]], None]) -> None:
    """Register notifier classes: the `type` of a channel."""


@spec
def register_receivers(register: Callable[[type[Receiver]], None]) -> None:
    """Register receiver classes: decoders of what others send over HTTP."""


@spec
def register_actions(register: Callable[[type[Action[Any]]], None]) -> None:
    """Register action classes: tests and repairs that a person or a rule may run."""


@spec
def register_rankers(register: Callable[[type[Ranker]], None]) -> None:
    """Register ranker classes: judges of what may have caused an incident."""
