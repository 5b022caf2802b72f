"""Log records as errors and breadcrumbs."""

import logging
import logging.config
import signal
from collections.abc import Iterator
from typing import Any

import pytest

from sentinel.client import Client, SentinelHandler


@pytest.fixture
def log(client: Client) -> Iterator[logging.Logger]:
    logger = logging.getLogger("shop.orders")
    handler = SentinelHandler(client)
    logger.addHandler(handler)
    logger.setLevel(logging.DEBUG)
    yield logger
    logger.removeHandler(handler)


def test_a_record_is_reported_with_its_code_and_tenant(collector: Any, log: logging.Logger) -> None:
    log.error(
        "SMS to %s failed",
        "Alice",
        extra={"code": "SMS_DELIVERY_FAILURE", "tenant": "acme", "order": 7, "tags": {"a": "b"}},
    )
    [error] = collector.wait_for(1)
    assert error["code"] == "SMS_DELIVERY_FAILURE"
    assert error["tenant"] == "acme"
    assert error["message"] == "SMS to Alice failed"
    assert error["extra"] == {"order": 7}
    assert error["tags"] == {"logger": "shop.orders", "a": "b"}
    assert error["level"] == "error"
    assert error["function"] == "test_a_record_is_reported_with_its_code_and_tenant"
    assert error["line"] > 0


def test_the_template_travels_beside_the_text(collector: Any, log: logging.Logger) -> None:
    log.error("SMS to %s failed after %d tries", "Alice", 3)
    [error] = collector.wait_for(1)
    assert error["logentry"] == {
        "message": "SMS to %s failed after %d tries",
        "params": ["Alice", 3],
    }


def test_a_logged_exception_arrives_with_its_stack(collector: Any, log: logging.Logger) -> None:
    try:
        raise KeyError("phone")
    except KeyError:
        log.exception("order %s", 7)
    [error] = collector.wait_for(1)
    assert error["message"] == "order 7"
    assert error["type"] == "KeyError"
    [value] = error["exception"]["values"]
    assert value["mechanism"] == {"exception_id": 0, "type": "logging", "handled": True}
    assert value["stacktrace"]["frames"][-1]["context_line"].strip() == 'raise KeyError("phone")'


def test_exc_info_without_an_exception_is_a_plain_record(
    collector: Any, log: logging.Logger
) -> None:
    log.error("nothing was raised", exc_info=True)
    [error] = collector.wait_for(1)
    assert "exception" not in error


def test_levels_map_to_those_of_an_error(collector: Any, log: logging.Logger) -> None:
    log.critical("worst")
    log.log(45, "bad")
    errors = collector.wait_for(2)
    assert [error["level"] for error in errors] == ["fatal", "error"]


def test_records_below_become_breadcrumbs(collector: Any, log: logging.Logger) -> None:
    for n in range(60):
        log.info("step %d", n)
    log.debug("too low")
    log.warning("careful")
    log.error("failed")
    [error] = collector.wait_for(1)
    crumbs = error["breadcrumbs"]["values"]
    assert len(crumbs) == 50
    assert crumbs[0]["message"] == "step 11"
    assert {key: crumbs[-1][key] for key in ("category", "level", "message", "type")} == {
        "category": "shop.orders",
        "level": "warning",
        "message": "careful",
        "type": "log",
    }


def test_an_exception_logged_and_raised_again_is_reported_once(
    collector: Any, client: Client, log: logging.Logger
) -> None:
    def fails() -> None:
        try:
            raise ValueError("x")
        except ValueError:
            log.exception("inner")
            raise

    with pytest.raises(ValueError, match="x") as raised:
        fails()
    assert client.report(raised.value) is None
    assert client.flush(5)
    assert [error["message"] for error in collector.accepted] == ["inner"]


def test_arguments_that_do_not_fit_the_template_do_not_cost_the_record(
    collector: Any, client: Client
) -> None:
    record = logging.LogRecord("shop", logging.ERROR, __file__, 1, "%d orders", ("many",), None)
    SentinelHandler(client).handle(record)
    [error] = collector.wait_for(1)
    assert error["message"] == "%d orders"


def test_the_clients_own_warnings_never_come_back(
    collector: Any, make_client: Any, caplog: pytest.LogCaptureFixture
) -> None:
    client = make_client()
    root = logging.getLogger()
    handler = SentinelHandler(client, report_level=logging.INFO)
    root.addHandler(handler)
    try:
        collector.script = [(401, {}), (401, {})]
        logging.getLogger("app").error("x")
        assert client.flush(5)
        logging.getLogger("app").error("y")
        assert client.flush(5)
    finally:
        root.removeHandler(handler)
    assert "HTTP 401" in caplog.text
    assert len(collector.requests) == 2


def test_an_error_logged_while_an_error_is_printed_does_not_go_in_circles(
    collector: Any, client: Client, log: logging.Logger
) -> None:
    class Chatty(Exception):
        def __str__(self) -> str:
            log.error("printing")
            return "chatty"

    client.report(Chatty())
    assert client.flush(5)
    assert [error["message"] for error in collector.accepted] == ["chatty"]


def test_a_signal_handler_may_log_an_error_at_any_moment(collector: Any, make_client: Any) -> None:
    """A plain lock in the caller's path would stop the process here."""
    client = make_client(queue_size=100_000)
    logger = logging.Logger("apart")
    logger.addHandler(SentinelHandler(client))
    before = signal.signal(signal.SIGALRM, lambda *_: logger.error("alarm"))
    signal.setitimer(signal.ITIMER_REAL, 0.0005, 0.0005)
    try:
        for n in range(3000):
            logger.error("error %d", n)
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)
    assert client.flush(10)
    assert len([e for e in collector.accepted if e["message"] != "alarm"]) == 3000


def test_the_handler_can_be_set_up_from_a_logging_config(collector: Any) -> None:
    import sentinel.client

    sentinel.client.init(collector.dsn, linger=0)
    logging.config.dictConfig(
        {
            "version": 1,
            "disable_existing_loggers": False,
            "handlers": {
                "sentinel": {
                    "class": "sentinel.client.SentinelHandler",
                    "level": "INFO",
                    "report_level": "WARNING",
                }
            },
            "loggers": {"configured": {"handlers": ["sentinel"]}},
        }
    )
    logging.getLogger("configured").warning("from a file")
    collector.wait_for(1)
    sentinel.client.close()
    logging.getLogger("configured").handlers.clear()
    assert collector.accepted[0]["level"] == "warning"
