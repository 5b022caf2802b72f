"""Which errors are one group, which are two, and what the group is called."""

import subprocess
import sys
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace
from tests.effort import examples

from sentinel.intelligence.grouping import MAX_TITLE, Grouping, group
from sentinel.model.signal import Error


def frame(function: str, module: str | None = "shop.orders", **fields: Any) -> dict[str, Any]:
    found = {"function": function, "in_app": True, "lineno": 10, **fields}
    return found if module is None else {**found, "module": module}


def link(
    kind: str, *frames: dict[str, Any], value: str = "it failed", **rest: Any
) -> dict[str, Any]:
    found: dict[str, Any] = {"type": kind, "value": value, **rest}
    return {**found, "stacktrace": {"frames": list(frames)}} if frames else found


def raised(*links: dict[str, Any], **fields: Any) -> Error:
    """`links` as clients send them: the cause first, what was reported last."""
    last = links[-1]
    payload = {"exception": {"values": list(links)}, **fields.pop("payload", {})}
    known = {"type": last.get("type"), "message": last.get("value") or "", **fields}
    return Error(payload=payload, **known)


def script(*paths: str, **fields: Any) -> Error:
    """An error of a browser: file names only, the caller first."""
    frames = [frame("load", None, filename=path, **fields) for path in paths]
    return raised(link("TypeError", *frames))


def same(*errors: Error) -> bool:
    return len({group(error).fingerprint for error in errors}) == 1


def all_differ(*errors: Error) -> bool:
    return len({group(error).fingerprint for error in errors}) == len(errors)


BASE = raised(link("ValueError", frame("main"), frame("price"), value="bad price 5"))


@pytest.mark.parametrize(
    "change",
    [
        {"environment": "staging"},
        {"release": "shop@2.0"},
        {"tenant": "globex"},
        {"user": "user_0123456789ab"},
        {"project": "other"},
        {"host": "web-2"},
        {"line": 99},
        {"at": 5.0},
        {"message": "bad price 6"},
        {"level": "fatal"},
        {"url": "https://acme.example/2"},
        {"tags": {"a": "b"}},
        {"handled": True},
    ],
    ids=lambda change: next(iter(change)),
)
def test_circumstances_do_not_split(change: dict[str, Any]) -> None:
    assert same(BASE, replace(BASE, **change))


def test_line_numbers_source_lines_and_variables_do_not_split() -> None:
    moved = frame("price", lineno=99, colno=7, context_line="x", vars={"a": "1"}, pre_context=["y"])
    assert same(BASE, raised(link("ValueError", frame("main"), moved, value="bad price 6")))


def test_another_message_with_the_same_stack_is_the_same_error() -> None:
    other = link("ValueError", frame("main"), frame("price"), value="price is missing")
    assert same(BASE, raised(other))


def test_type_function_and_module_split() -> None:
    assert all_differ(
        BASE,
        raised(link("KeyError", frame("main"), frame("price"))),
        raised(link("ValueError", frame("main"), frame("discount"))),
        raised(link("ValueError", frame("main"), frame("price", "shop.cart"))),
    )


def test_the_code_splits_whatever_else_is_equal() -> None:
    errors = [replace(BASE, code=code) for code in (None, "A", "B")]
    assert all_differ(*errors)
    custom = [replace(error, payload={"fingerprint": ["x"]}) for error in errors]
    assert all_differ(*custom)


def test_library_frames_do_not_count_beside_own_ones() -> None:
    library = frame("execute", "django.db", in_app=False)
    other = frame("_execute", "django.db.backends", in_app=False)
    assert same(
        raised(link("DbError", frame("main"), library)),
        raised(link("DbError", frame("main"), other, library)),
        raised(link("DbError", frame("main"))),
    )


def test_a_stack_of_libraries_alone_is_used_whole() -> None:
    one = raised(link("DbError", frame("execute", "django.db", in_app=False)))
    other = raised(link("DbError", frame("connect", "django.db", in_app=False)))
    assert group(one).basis == "stack"
    assert all_differ(one, other)


@pytest.mark.parametrize(
    ("path", "module"),
    [
        ("/srv/venv/lib/python3.11/site-packages/django/db/utils.py", "django.db.utils"),
        ("/usr/lib/python3/dist-packages/yaml/__init__.py", "yaml"),
        ("/usr/lib/python3.11/asyncio/tasks.py", "asyncio.tasks"),
        ("<frozen importlib._bootstrap>", "importlib._bootstrap"),
        ("/app/node_modules/express/lib/router.js", None),
        ("C:\\app\\node_modules\\express\\lib\\router.js", None),
        ("node:internal/process/task_queues", None),
        ("internal/modules/cjs/loader.js", None),
        ("/var/www/vendor/laravel/framework/Router.php", None),
        ("/usr/local/bundle/gems/rack-2.2/lib/rack.rb", None),
        ("Thread.java", "java.lang.Thread"),
        ("DispatcherServlet.java", "org.springframework.web.servlet.DispatcherServlet"),
        ("/home/alice/go/pkg/mod/github.com/gin/gin@v1.2/gin.go", None),
        ("/rustc/abc/library/std/src/panicking.rs", None),
        ("webpack:///webpack/bootstrap", None),
    ],
)
def test_unmarked_frames_of_libraries_are_known_by_their_place(
    path: str, module: str | None
) -> None:
    own = {"function": "price", "filename": "shop/orders.py", "abs_path": "/srv/app/shop/orders.py"}
    library = {"function": "run", "filename": path, "abs_path": path, "module": module}
    assert same(raised(link("E", own)), raised(link("E", own, library)))


@pytest.mark.parametrize("depth", [2, 3, 30])
def test_the_depth_of_a_recursion_does_not_split(depth: int) -> None:
    direct = raised(link("RecursionError", frame("main"), *[frame("walk")] * depth, frame("leaf")))
    assert same(direct, raised(link("RecursionError", frame("main"), frame("walk"), frame("leaf"))))
    mutual = [frame("visit"), frame("children")]
    assert same(
        raised(link("RecursionError", frame("main"), *mutual * depth)),
        raised(link("RecursionError", frame("main"), *mutual)),
    )


def test_who_called_from_far_away_does_not_split() -> None:
    near = [frame(f"step_{number}") for number in range(6)]
    assert same(
        raised(link("E", frame("web_view"), *near)), raised(link("E", frame("cron_job"), *near))
    )
    assert all_differ(
        raised(link("E", frame("web_view"), *near[:3])),
        raised(link("E", frame("cron_job"), *near[:3])),
    )


def test_the_chain_of_causes_counts() -> None:
    lost = link("OSError", frame("connect"))
    wrong = link("KeyError", frame("lookup"))
    failed = link("OrderFailed", frame("order"))
    assert all_differ(raised(lost, failed), raised(wrong, failed), raised(failed))
    assert same(raised(lost, failed), raised(lost, {**failed, "value": "order 5"}))
    assert all_differ(raised(lost, failed), raised(failed, lost))


def test_the_members_of_an_exception_group_have_no_order_and_no_number() -> None:
    def member(kind: str, at: int) -> dict[str, Any]:
        mechanism = {"source": f"exceptions[{at}]", "exception_id": at + 1, "parent_id": 0}
        return link(kind, frame(kind.lower()), mechanism=mechanism)

    whole = link("ExceptionGroup", frame("gather"))
    assert same(
        raised(member("OSError", 1), member("KeyError", 0), whole),
        raised(member("KeyError", 1), member("OSError", 0), whole),
        raised(member("OSError", 2), member("KeyError", 1), member("OSError", 0), whole),
    )
    assert all_differ(raised(member("OSError", 0), whole), raised(member("KeyError", 0), whole))


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("/srv/releases/20260101/shop/orders.py", "/srv/releases/20260202/shop/orders.py"),
        ("/srv/app/current/shop/orders.py", "/srv/app/releases/9f8e7d6c5b4a/shop/orders.py"),
        ("/home/alice/shop/cart/orders.py", "/srv/app/shop/cart/orders.py"),
        ("/opt/shop-1.2.3/shop/orders.py", "/opt/shop-1.3.0/shop/orders.py"),
        ("C:\\app\\shop\\orders.py", "/app/shop/orders.py"),
        ("https://cdn.acme.example/static/app.js?v=1", "https://acme.example/static/app.js?v=2"),
        ("app:///static/main.8f3a2b1c.js", "app:///static/main.0c9d8e7f.js"),
        ("/static/main.8f3a2b1c.chunk.js", "/static/main.1a2b3c4d.chunk.js"),
        ("/assets/index-DbQ2xY9p.js", "/assets/index-B7kLm3Qz.js"),
        ("/assets/index-Db_2-Y9p.js", "/assets/index-B7kLm3Qz.js"),
        ("/static/js/2.8f3a2b1c.chunk.js", "/static/js/7.9f3a2b1c.chunk.js"),
        ("chunk-ABCD1234.js", "chunk-WXYZ9876.js"),
        ("node_modules/x@1.2.3/a.js", "node_modules/x@1.3.0/a.js"),
        ("/a/node_modules/.pnpm/x@1.0.0/node_modules/x/a.js", "/b/node_modules/x/a.js"),
        ("/scratch/tmpab12cd/plugin.py", "/scratch/tmpzz99yy/plugin.py"),
        ("/scratch/tmpab12cd.py", "/scratch/tmpzz99yy.py"),
        ("<ipython-input-3-abcdef123456>", "<ipython-input-4-abcdef999999>"),
    ],
)  # fmt: skip
def test_where_and_how_it_was_built_does_not_split(one: str, other: str) -> None:
    assert same(script(one), script(other))


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("shop/orders.py", "shop/cart.py"),
        ("shop/cart/views.py", "shop/order/views.py"),
        ("page-checkout.js", "page-settings.js"),
        ("/assets/index.js", "/assets/vendor.js"),
        ("<string>", "<stdin>"),
    ],
)
def test_different_files_split(one: str, other: str) -> None:
    assert all_differ(script(one), script(other))


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("<function f at 0x7f3a1c40>", "<function f at 0x7f3a9999>"),
        ("lambda$run$3", "lambda$run$4"),
        ("main.handler.func1", "main.handler.func2"),
        ("Foo.bar [as baz]", "Foo.bar"),
        ("async load", "load"),
        ("core::run::h0123456789abcdef", "core::run::hfedcba9876543210"),
        ("<Load>d__12.MoveNext", "<Load>d__14.MoveNext"),
        ("block (2 levels) in call", "block in call"),
        ("{closure:/app/x.php:12}", "{closure:/app/x.php:19}"),
        ("task_9f8e7d6c5b4a", "task_0a1b2c3d4e5f"),
    ],
)
def test_generated_parts_of_a_function_do_not_split(one: str, other: str) -> None:
    assert same(raised(link("E", frame(one))), raised(link("E", frame(other))))


def test_generated_classes_do_not_split() -> None:
    one = frame("invoke", "com.acme.Order$$EnhancerBySpringCGLIB$$1a2b3c4d")
    other = frame("invoke", "com.acme.Order$$EnhancerBySpringCGLIB$$9f8e7d6c")
    assert same(raised(link("E", one)), raised(link("E", other)))


def test_steps_with_a_number_in_their_name_are_different_functions() -> None:
    assert all_differ(raised(link("E", frame("step_1"))), raised(link("E", frame("step_2"))))


@pytest.mark.parametrize(
    "wrapper",
    [
        frame("processTicksAndRejections", None, filename="task_queues.js"),
        frame("sentry_wrapped_callback", "sentry_sdk.integrations.asgi"),
        frame("asyncGeneratorStep", None, filename="helpers.js"),
        frame("new Promise", None, filename="a.js"),
    ],
    ids=lambda wrapper: wrapper["function"],
)
def test_machinery_does_not_split_even_where_it_is_marked_as_own(wrapper: dict[str, Any]) -> None:
    assert same(BASE, raised(link("ValueError", frame("main"), wrapper, frame("price"))))


def test_a_minified_stack_groups_by_file_and_message_not_by_the_builds_names() -> None:
    def minified(function: str, path: str, value: str) -> Error:
        found = frame(function, None, filename=path, lineno=1, colno=48211)
        return raised(link("TypeError", found, value=value))

    one = minified("t", "/static/main.8f3a2b1c.js", "x.map is not a function")
    assert same(one, minified("e.n", "/static/main.11aa22bb.js", "x.map is not a function"))
    assert all_differ(one, minified("t", "/static/main.8f3a2b1c.js", "Failed to fetch"))


def test_without_frames_type_and_message_template_group() -> None:
    def bare(kind: str, value: str) -> Error:
        return raised(link(kind, value=value))

    assert group(bare("OSError", "x")).basis == "exception"
    assert same(bare("OSError", "port 5 refused"), bare("OSError", "port 80 refused"))
    assert all_differ(
        bare("OSError", "refused"), bare("OSError", "reset"), bare("IOError", "refused")
    )


def test_a_plain_error_with_a_type_groups_as_an_exception() -> None:
    one = Error(type="SmsFailed", message="no route to +1 555", file="a.py", line=3)
    assert group(one).basis == "exception"
    assert same(one, replace(one, line=9, message="no route to +1 777"))


def test_without_an_exception_the_message_template_groups() -> None:
    assert group(Error(message="queue 5 is full")).basis == "message"
    assert same(Error(message="queue 5 is full"), Error(message="queue 91 is full"))
    assert all_differ(Error(message="queue 5 is full"), Error(message="queue 5 is stuck"))


def test_the_template_of_a_logging_call_wins_over_the_filled_message() -> None:
    def logged(name: str) -> Error:
        entry = {"message": "worker %s stopped", "params": [name]}
        return Error(message=f"worker {name} stopped", payload={"logentry": entry})

    assert same(logged("alice"), logged("bob"))
    assert all_differ(Error(message="worker alice stopped"), Error(message="worker bob stopped"))


def test_without_anything_else_the_code_groups() -> None:
    assert group(Error(code="SMS")).basis == "code"
    assert same(Error(code="SMS"), Error(code="SMS", tenant="acme"))
    assert all_differ(Error(code="SMS"), Error(code="MAIL"), Error())


def custom(*parts: Any, **fields: Any) -> Error:
    return replace(BASE, payload={**BASE.payload, "fingerprint": list(parts)}, **fields)


def test_a_custom_fingerprint_replaces_the_stack() -> None:
    other = raised(link("KeyError", frame("elsewhere")), payload={"fingerprint": ["payments"]})
    assert group(custom("payments")).basis == "custom"
    assert same(custom("payments"), other)
    assert all_differ(custom("payments"), custom("mail"), BASE)


def test_the_default_fingerprint_alone_changes_nothing() -> None:
    assert same(BASE, custom("{{ default }}"), custom("{{default}}"), custom())


def test_the_default_fingerprint_can_be_extended() -> None:
    assert all_differ(BASE, custom("{{ default }}", "a"), custom("{{ default }}", "b"))
    elsewhere = raised(
        link("KeyError", frame("x")), payload={"fingerprint": ["{{ default }}", "a"]}
    )
    assert all_differ(custom("{{ default }}", "a"), elsewhere)


@pytest.mark.parametrize(
    ("part", "expected"),
    [
        ("{{ error.type }}", "ValueError"),
        ("{{ type }}", "ValueError"),
        ("{{ error.value }}", "bad price <n>"),
        ("{{ message }}", "bad price <n>"),
        ("{{ transaction }}", "/orders"),
        ("{{ function }}", "price"),
        ("{{ stack.module }}", "shop.orders"),
        ("{{ tags.queue }}", "mail"),
        ("{{ tags.none }}", ""),
        ("{{ level }}", "error"),
        ("{{ code }}", "C1"),
        ("{{ nonsense }}", "{{ nonsense }}"),
        ("db-{{ error.type }}-x", "db-ValueError-x"),
        ("bad price 5", "bad price <n>"),
        (5, "5"),
    ],
)
def test_variables_of_a_fingerprint_are_filled(part: Any, expected: str) -> None:
    error = custom(part, transaction="/orders", tags={"queue": "mail"}, code="C1")
    assert group(error).explanation == ("code C1", expected)


def test_the_fingerprint_of_a_rule_goes_before_the_payloads() -> None:
    assert group(custom("sdk"), ["rule"]).explanation == ("rule",)
    assert group(custom("sdk"), ["{{ default }}"]).fingerprint == group(BASE).fingerprint


def test_parts_cannot_be_shifted_into_one_another() -> None:
    assert all_differ(custom("a", "b"), custom("ab"), custom("a b"), custom("a", "b", ""))


@pytest.mark.parametrize(
    ("error", "title"),
    [
        (BASE, "ValueError: bad price 5"),
        (Error(message="\n first line \nsecond"), "first line"),
        (Error(type="E", message="E: already there"), "E: already there"),
        (Error(type="E"), "E"),
        (Error(code="C"), "C"),
        (Error(), "Error without a message"),
    ],
)
def test_the_title_is_type_and_first_line(error: Error, title: str) -> None:
    assert group(error).title == title


def test_the_title_is_bounded() -> None:
    assert len(group(Error(message="x" * 5000)).title) == MAX_TITLE


def test_the_culprit_is_the_nearest_own_frame() -> None:
    library = frame("execute", "django.db", in_app=False)
    assert group(raised(link("E", frame("price"), library))).culprit == "shop.orders in price"
    assert group(Error(message="x", transaction="/orders")).culprit == "/orders"
    assert group(Error(message="x", file="a.py", function="f")).culprit == "a.py in f"


def test_the_explanation_says_what_counted() -> None:
    assert group(replace(BASE, code="C1")).explanation == (
        "code C1",
        "ValueError < shop.orders:price < shop.orders:main",
    )


def test_the_fingerprint_is_stable_for_ever() -> None:
    """Stored groups carry these; a change here regroups every installation's errors."""
    assert group(BASE).fingerprint == "908ded9b288c5288eadde9f72672185f"
    assert group(Error(message="queue 5 is full")).fingerprint == "9ebe999117b330ec495fc42eee1e3b4e"
    assert group(Error(code="SMS")).fingerprint == "85e719b2057697dca92d7a172d9142c8"


def test_another_process_gives_the_same_fingerprint() -> None:
    text = (
        "from sentinel.intelligence.grouping import group;from sentinel.model.signal import Error;"
        "print(group(Error(type='E', message='x 5')).fingerprint)"
    )
    found = subprocess.run(
        [sys.executable, "-c", text], capture_output=True, text=True, check=True
    ).stdout.strip()
    assert found == group(Error(type="E", message="x 6")).fingerprint


anything = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(
                [
                    *("exception", "values", "stacktrace", "frames", "type", "value", "function"),
                    *("module", "filename", "in_app", "mechanism", "source", "fingerprint"),
                    *("logentry", "message", "params"),
                ]
            ),
            inner,
            max_size=4,
        )
    ),
    max_leaves=15,
)


@given(
    st.dictionaries(
        st.sampled_from(["exception", "fingerprint", "logentry", "logger"]), anything, max_size=4
    )
)
@settings(max_examples=examples(300), deadline=None)
def test_no_payload_raises_and_every_error_has_a_fingerprint(payload: dict[str, Any]) -> None:
    found = group(Error(payload=payload))
    assert isinstance(found, Grouping)
    assert len(found.fingerprint) == 32
    assert int(found.fingerprint, 16) >= 0


names = st.sampled_from(["price", "order", "main", "load", "save", "<lambda>"])
modules = st.sampled_from(["shop.orders", "shop.cart", "shop.mail"])


@given(
    st.lists(st.tuples(names, modules), min_size=1, max_size=8),
    st.integers(min_value=1, max_value=10**6),
    st.text(alphabet="abc ", max_size=10),
)
@settings(max_examples=examples(150), deadline=None)
def test_a_stack_groups_the_same_whatever_the_lines_and_the_message(
    stack: list[tuple[str, str]], line: int, value: str
) -> None:
    one = [frame(name, module) for name, module in stack]
    other = [frame(name, module, lineno=line, vars={"x": value}) for name, module in stack]
    library = frame("call", "requests.api", in_app=False)
    assert same(
        raised(link("E", *one)), raised(link("E", *other, library, value=value), release=value)
    )


@given(st.permutations(["price", "order", "main", "load"]))
def test_another_order_of_calls_is_another_error(stack: list[str]) -> None:
    given_order = raised(link("E", *[frame(name) for name in ("price", "order", "main", "load")]))
    other = raised(link("E", *map(frame, stack)))
    assert same(given_order, other) == (stack == ["price", "order", "main", "load"])
