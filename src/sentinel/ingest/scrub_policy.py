"""What an operator may say about scrubbing, per project."""

from typing import Annotated, Literal

from msgspec import Meta, Struct, field


class ScrubPolicy(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The `scrub:` part of a configuration. The defaults hide everything but addresses."""

    enabled: Annotated[bool, Meta(description="Off: everything is stored as it came.")] = True
    sensitive_keys: Annotated[
        tuple[str, ...],
        Meta(description="More keys whose values are hidden; `employee_no` also is `employeeNo`."),
    ] = ()
    patterns: Annotated[
        dict[str, str],
        Meta(description="Label to expression (google-re2); a match becomes `[label]`."),
    ] = field(default_factory=dict)
    allow: Annotated[
        tuple[str, ...],
        Meta(
            description="Keys that are not sensitive here (`session`), and dotted paths that are "
            "left as they came (`request.headers.X-Token-Kind`, `extra.*.mail`)."
        ),
    ] = ()
    emails: Annotated[Literal["mask", "keep"], Meta(description="E-mail addresses.")] = "mask"
    phones: Annotated[
        Literal["mask", "keep"], Meta(description="Telephone numbers that begin with +.")
    ] = "mask"
    ip_addresses: Annotated[
        Literal["keep", "mask"], Meta(description="IPv4 and IPv6 addresses.")
    ] = "keep"
    users: Annotated[
        Literal["hash", "keep"],
        Meta(description="Names of users and session ids: a keyed hash, or as they came."),
    ] = "hash"
