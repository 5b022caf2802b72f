"""What the records of the YAML files are made of: the base of every mapping, and the kinds of
text that stand in many of them."""

from typing import Annotated

from msgspec import Meta, Struct

NAME = r"^[A-Za-z0-9_][A-Za-z0-9_.-]{0,99}$"
LABEL = r"^[A-Za-z_][A-Za-z0-9_]{0,99}$"
FIELD = r"^[A-Za-z_][A-Za-z0-9_.-]{0,99}$"

Name = Annotated[str, Meta(pattern=NAME)]
Label = Annotated[str, Meta(pattern=LABEL)]
Field = Annotated[str, Meta(pattern=FIELD)]
"""A label, or a field of a signal such as `tags.region`, which is a label of its alerts."""
Share = Annotated[float, Meta(ge=0, le=1)]
Positive = Annotated[float, Meta(gt=0)]
Text = Annotated[str, Meta(min_length=1, max_length=2000)]


class Section(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Base of every mapping in the YAML files."""
