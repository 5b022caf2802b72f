"""What clients read, in their language. English ships; other languages, and other words in English,
are the operator's (`clients.languages`)."""

import re
from collections.abc import Mapping

ENGLISH: dict[str, str] = {
    # Messages.
    "confirm_subject": "Please confirm: updates from {title}",
    "confirm_text": (
        "Somebody, hopefully you, asked for updates from {title} to be sent to this address.\n\n"
        "To receive them, open this link and press the button:\n{link}\n\n"
        "It works until {until}. If this was not you, do nothing: nothing more will be sent."
    ),
    "confirm_short": "{title}: confirm updates to this number: {link} Not you? Do nothing.",
    "known_subject": "You receive updates from {title}",
    "known_text": (
        "Somebody, hopefully you, asked for updates from {title} to be sent to this address. They "
        "already are.\n\nWhat you hear of, when, and where, can be changed here:\n{link}"
    ),
    "known_short": "{title}: you receive updates already. Change them: {link}",
    "and_more": "and {number} more",
    "why_you": "You receive this because {address} is subscribed to {title}.",
    "manage_link": "Change what you receive: {link}",
    "unsubscribe_link": "Unsubscribe: {link}",
    # Pages.
    "subscribe_title": "Subscribe to updates",
    "subscribe_intro": "Hear from us when something does not work, and when it works again.",
    "subscribe_closed": "Nobody can sign up here. Ask your contact at {title}.",
    "how": "How",
    "email": "E-mail",
    "sms": "SMS",
    "webhook": "Webhook",
    "slack": "Slack",
    "address": "Address or number",
    "address_hint": "An e-mail address, or a telephone number with its country.",
    "address_wrong": "This is no e-mail address, and no telephone number with its country.",
    "email_wrong": "This is no e-mail address.",
    "sms_wrong": "This is no telephone number with its country, such as +44 20 7946 0018.",
    "name_optional": "Name (optional)",
    "subscribe": "Subscribe",
    "sent_title": "Check your inbox",
    "sent_text": (
        "If the address can be reached, a message is on its way to it. Open the link in it to go "
        "on. Nothing else is sent until you do."
    ),
    "confirm_title": "Confirm your subscription",
    "confirm_ask": "Updates from {title} will be sent to {address}.",
    "confirm": "Confirm",
    "confirmed_title": "You are subscribed",
    "confirmed_text": "Updates will be sent to {address}.",
    "secret_once": (
        "Calls to your webhook are signed (Standard Webhooks) with this secret. It is shown only "
        "now:"
    ),
    "manage_title": "Your updates",
    "no_addresses": "Nowhere: nothing is sent to you at the moment.",
    "preferences": "Preferences",
    "addresses": "Where you are told",
    "components": "Parts that concern you",
    "components_hint": "None ticked: all of them.",
    "severity": "Tell me from",
    "severity_info": "everything",
    "severity_warning": "disturbances and outages",
    "severity_critical": "outages only",
    "language": "Language",
    "timezone": "Time zone",
    "quiet": "Quiet hours, in which only outages are told at once",
    "quiet_from": "from",
    "quiet_until": "until",
    "digest": "Everything but outages together, once a day at",
    "save": "Save",
    "saved": "Saved.",
    "add": "Add",
    "add_title": "Add an address",
    "add_sent": "A message was sent there: open its link to confirm.",
    "remove": "Remove",
    "state_active": "active",
    "state_pending": "to be confirmed",
    "known_about_you": "What is stored about you",
    "download": "Download all of it",
    "erase": "Delete everything about me",
    "erase_text": "You receive nothing more, and what is stored about you is deleted at once.",
    "erased_title": "Deleted",
    "erased_text": "Everything that was stored about you is deleted.",
    "unsubscribe_title": "Unsubscribe",
    "unsubscribe_ask": "No more updates from {title} to {address}?",
    "unsubscribe": "Unsubscribe",
    "unsubscribed_title": "You are unsubscribed",
    "unsubscribed_text": "Nothing more is sent to {address}.",
    "link_title": "This link can't be used",
    "link_expired": "It has expired, or was used before. Sign up again to get a new one.",
    "link_forged": "It is not one of ours, or was cut off. Copy the whole link from the message.",
    "too_many": "Too many requests from your network. Try again in an hour.",
    "back": "Back",
    # Broadcasts.
    "investigating": "Investigating",
    "identified": "Cause found",
    "monitoring": "Monitoring",
    "resolved": "Resolved",
    "scheduled": "Planned maintenance",
    "reminder": "Reminder: {phase}",
    "in_progress": "Maintenance has begun",
    "completed": "Maintenance is completed",
    "correction": "Correction",
    "retraction": "Withdrawn",
    "postmortem": "What happened",
    "affected_parts": "Affected: {components}",
    "planned_parts": "Concerns: {components}",
    "since": "Since: {since}",
    "over_since": "From {since} until {until}",
    "planned_times": "When: {starts} until {ends}",
    "follow_link": "How things stand: {link}",
}
"""Every text by its key. What stands in braces is filled in; a translation may leave it out."""

_PLACE = re.compile(r"\{([a-z]+)\}")


def places(text: str) -> set[str]:
    """The names that a text has in braces."""
    return set(_PLACE.findall(text))


class Words:
    """The texts of each language; what one lacks is said in English."""

    def __init__(self, languages: Mapping[str, Mapping[str, str]]) -> None:
        self._languages = {"en": ENGLISH, **{name: dict(own) for name, own in languages.items()}}
        self._languages["en"] = {**ENGLISH, **languages.get("en", {})}

    @property
    def languages(self) -> list[str]:
        return sorted(self._languages)

    def say(self, language: str, key: str, **values: object) -> str:
        """The text of this key with its places filled in, by nothing but the given values: what
        stands in braces inside of a value stays as it is. Raises KeyError for an unknown key."""
        text = self._languages.get(language, {}).get(key) or self._languages["en"][key]

        def filled(match: re.Match[str]) -> str:
            return str(values[match[1]]) if match[1] in values else match[0]

        return _PLACE.sub(filled, text)
