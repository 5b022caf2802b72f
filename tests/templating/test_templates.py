"""Which template words a message, and what becomes of the message."""

import threading
from typing import Any

import pytest
from msgspec.structs import replace

from sentinel.config.model_templates import TemplateConfig
from sentinel.model.delivery import Message
from sentinel.notifiers._card import card_of
from sentinel.templating.filters import ABOUT, FILTERS, HTML_FILTERS
from sentinel.templating.flaw import Flaw
from sentinel.templating.samples import REASONS, Sample, client_sample, incident_sample, samples
from sentinel.templating.templates import Template, Templates

FIRING = incident_sample("firing")


def template(name: str = "one", **changes: Any) -> TemplateConfig:
    audience = changes.get("audience", "admin")
    plain = TemplateConfig(
        name=name,
        channels=("email", "sms"),
        audience="admin",
        reasons=REASONS[audience],
        sources={"subject": f"by {name}"},
    )
    return replace(plain, **changes)


def worded(sample: Sample = FIRING, **sources: str) -> Message:
    audience = sample.message.audience
    config = template(audience=audience, sources=sources)
    return Template(config).worded(sample.message, sample.view)


@pytest.mark.parametrize(
    ("channel", "audience", "reason", "name"),
    [
        ("email", "admin", "firing", "a"),
        ("email", "admin", "reminder", "b"),
        ("sms", "admin", "firing", "b"),
        ("email", "client", "update", "c"),
        ("chat", "admin", "firing", None),
        ("email", "admin", "test", None),
    ],
)
def test_the_first_template_that_fits_is_taken(
    channel: str, audience: Any, reason: Any, name: str | None
) -> None:
    templates = Templates(
        [
            template("a", channels=("email",), reasons=("firing",)),
            template("b"),
            template("c", audience="client"),
            template("d"),
        ]
    )
    found = templates.choose(channel, audience, reason)
    assert (found.config.name if found else None) == name


def test_what_a_template_leaves_out_or_empty_stays_as_it_is() -> None:
    message = worded(subject="{{ code }}", short="{% if tenant == 'globex' %}x{% endif %}")
    assert message == replace(FIRING.message, subject="SMS_DELIVERY_FAILURE")


def test_a_subject_is_one_line_whatever_is_in_it() -> None:
    message = worded(subject="a\r\nBcc: x@example.com\n{{ title }}\x00\u2028b" + "c" * 300)
    assert message.subject.startswith("a Bcc: x@example.com Text messages are not delivered")
    assert message.subject.isprintable()
    assert len(message.subject) == 200


def test_the_gaps_that_conditions_leave_are_closed() -> None:
    message = worded(text="\n\na\n{% if not code %}\nx\n{% endif %}\n\n \n\n\nb\n\n")
    assert message.text == "a\n\nb\n"
    assert message.written


def test_html_is_made_of_the_text_where_only_that_is_given() -> None:
    message = worded(text="{{ title }} <b>\n\nhttps://example.com/x")
    assert "Text messages are not delivered &lt;b&gt;" in message.html
    assert '<a href="https://example.com/x"' in message.html
    assert ">Acknowledge</a>" in message.html


def test_a_channel_without_html_gets_none_made() -> None:
    sample = replace(FIRING, message=replace(FIRING.message, html=""))
    assert worded(sample, text="x").html == ""


def test_a_piece_of_html_gets_a_page_around_it_and_a_page_does_not() -> None:
    assert worded(html="<p>x</p>").html.startswith("<!DOCTYPE html>\n<html")
    assert worded(html="<HTML><p>x</p></HTML>").html == "<HTML><p>x</p></HTML>"


def test_html_alone_leaves_the_text_as_it_is() -> None:
    message = worded(html="<p>x</p>")
    assert message.text == FIRING.message.text
    assert not message.written


@pytest.mark.parametrize("part", ["text", "html"])
def test_a_client_can_always_end_it(part: str) -> None:
    sample = client_sample("resolved")
    link = sample.view.unsubscribe_url  # type: ignore[union-attr]
    message = worded(sample, **{part: "{{ message }}"})
    assert getattr(message, part).count(link) in (1, 2)
    own = worded(sample, **{part: "{{ message }} {{ unsubscribe_url }}"})
    assert "You receive this because" not in getattr(own, part)
    assert own.unsubscribe == sample.message.unsubscribe


def test_the_closing_of_a_whole_page_stands_inside_it() -> None:
    sample = client_sample("resolved")
    message = worded(sample, html="<html><body>x</body></html>")
    assert message.html.endswith("</body></html>")
    assert sample.view.unsubscribe_url in message.html  # type: ignore[union-attr]


def test_a_template_that_fails_leaves_the_default_and_is_told_once() -> None:
    told: list[tuple[str, str]] = []
    broken = template(sources={"subject": "{{ 1 // (count - 12) }}"})
    templates = Templates([broken], lambda name, flaw: told.append((name, flaw.found)))
    for _ in range(3):
        assert templates.apply(FIRING.message, "email", lambda _: FIRING.view) == FIRING.message
    assert told == [("one", "a division by zero")]


def test_a_template_renders_alike_on_many_threads_at_once() -> None:
    ready = Template(template(sources={"text": "{% for a in alerts %}{{ a.rule }} {% endfor %}"}))
    made: list[str] = []
    threads = [
        threading.Thread(
            target=lambda: made.extend(
                ready.worded(FIRING.message, FIRING.view).text for _ in range(50)
            )
        )
        for _ in range(4)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert set(made) == {"SmsDeliveryFailing LoginCodesFailing\n"}
    assert len(made) == 200


def test_the_view_is_not_made_where_no_template_fits() -> None:
    def never(_: Message) -> Any:
        raise AssertionError

    assert Templates([template()]).apply(FIRING.message, "chat", never) == FIRING.message


def test_a_part_that_is_wrong_is_refused_when_it_is_made() -> None:
    with pytest.raises(Flaw):
        Template(template(sources={"subject": "{{ nix }}"}))


@pytest.mark.parametrize("audience", ["admin", "client"])
def test_every_default_has_a_short_subject_and_a_first_line(audience: Any) -> None:
    for sample in samples(audience):
        assert 0 < len(sample.message.subject) <= 70
        assert sample.message.text.strip().split("\n")[0]
        assert sample.message.short


def test_clients_are_shown_nothing_of_the_incident() -> None:
    fields = set(client_sample("resolved").view.__struct_fields__)
    assert not fields & {"code", "tenant", "host", "error", "labels", "alerts", "incident", "name"}


def test_a_chat_shows_the_operators_words_in_the_place_of_its_own_layout() -> None:
    card = card_of(worded(text="Call Bob.\n\n{{ lead }}"))
    assert card.text.startswith("Call Bob.\n\nacme and 41 users")
    assert (card.lead, card.do, card.facts) == ("", "", ())
    assert card_of(worded(subject="x")).lead


def test_every_filter_is_described() -> None:
    assert set(ABOUT) == {*FILTERS, *HTML_FILTERS}
