"""The schema, as ordered steps. A step that has been released is never edited."""

import sqlite3

from sqlite_utils import Database, Migrations

from sentinel.errors import StoreTooNew
from sentinel.store.connection import transaction

migrations = Migrations("sentinel")

_FIRST = """
CREATE TABLE meta (key TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;

CREATE TABLE projects (
    id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE, key TEXT NOT NULL UNIQUE,
    created REAL NOT NULL
);

CREATE TABLE signals (
    seq INTEGER PRIMARY KEY AUTOINCREMENT, id BLOB, kind TEXT NOT NULL, project TEXT NOT NULL,
    received REAL NOT NULL, at REAL NOT NULL, tenant TEXT, code TEXT, group_id INTEGER,
    body BLOB NOT NULL
);
CREATE UNIQUE INDEX signals_id ON signals (id, project) WHERE id IS NOT NULL;
CREATE INDEX signals_received ON signals (received);
CREATE INDEX signals_group ON signals (group_id, seq) WHERE group_id IS NOT NULL;

CREATE TABLE raw_items (
    seq INTEGER PRIMARY KEY, id TEXT, project TEXT NOT NULL, received REAL NOT NULL,
    type TEXT NOT NULL, headers TEXT NOT NULL, body BLOB NOT NULL
);
CREATE INDEX raw_items_received ON raw_items (received);

CREATE TABLE groups (
    id INTEGER PRIMARY KEY AUTOINCREMENT, project TEXT NOT NULL, fingerprint TEXT NOT NULL,
    title TEXT NOT NULL, culprit TEXT NOT NULL, basis TEXT NOT NULL, code TEXT, type TEXT,
    level TEXT NOT NULL, severity TEXT, category TEXT, status TEXT NOT NULL,
    first_seen REAL NOT NULL, last_seen REAL NOT NULL, count INTEGER NOT NULL,
    users INTEGER NOT NULL DEFAULT 0, tenants INTEGER NOT NULL DEFAULT 0,
    first_release TEXT, last_release TEXT, sample INTEGER NOT NULL DEFAULT 0,
    UNIQUE (project, fingerprint)
);
CREATE INDEX groups_last_seen ON groups (last_seen);
CREATE INDEX groups_code ON groups (code);

CREATE TABLE group_reach (
    group_id INTEGER NOT NULL, kind TEXT NOT NULL, value TEXT NOT NULL,
    PRIMARY KEY (group_id, kind, value)
) WITHOUT ROWID;

CREATE TABLE codes (
    code TEXT PRIMARY KEY, first_seen REAL NOT NULL, last_seen REAL NOT NULL,
    count INTEGER NOT NULL, project TEXT, file TEXT, line INTEGER, function TEXT,
    catalogued INTEGER NOT NULL
) WITHOUT ROWID;

CREATE TABLE alerts (
    id INTEGER PRIMARY KEY, rule TEXT NOT NULL, state TEXT NOT NULL, severity TEXT NOT NULL,
    started REAL NOT NULL, last REAL NOT NULL, resolved REAL, code TEXT, tenant TEXT,
    group_id INTEGER, incident_id INTEGER, body BLOB NOT NULL
);
CREATE INDEX alerts_state ON alerts (state, id);
CREATE INDEX alerts_incident ON alerts (incident_id);
CREATE INDEX alerts_group ON alerts (group_id);

CREATE TABLE incidents (
    id INTEGER PRIMARY KEY, state TEXT NOT NULL, severity TEXT NOT NULL, opened REAL NOT NULL,
    resolved REAL, body BLOB NOT NULL
);
CREATE INDEX incidents_state ON incidents (state, id);

CREATE TABLE windows (
    rule TEXT NOT NULL, key TEXT NOT NULL, state BLOB NOT NULL, PRIMARY KEY (rule, key)
) WITHOUT ROWID;

CREATE TABLE decisions (
    id INTEGER PRIMARY KEY, at REAL NOT NULL, verb TEXT NOT NULL, reason TEXT NOT NULL,
    text TEXT NOT NULL, rule TEXT, alert_id INTEGER, incident_id INTEGER
);
CREATE INDEX decisions_at ON decisions (at);
CREATE INDEX decisions_alert ON decisions (alert_id) WHERE alert_id IS NOT NULL;
CREATE INDEX decisions_incident ON decisions (incident_id) WHERE incident_id IS NOT NULL;

CREATE TABLE matches (
    signal INTEGER NOT NULL, rule TEXT NOT NULL, outcome TEXT NOT NULL, alert_id INTEGER,
    PRIMARY KEY (signal, rule)
) WITHOUT ROWID;

CREATE TABLE deliveries (
    id INTEGER PRIMARY KEY AUTOINCREMENT, key TEXT NOT NULL UNIQUE, channel TEXT NOT NULL,
    address TEXT NOT NULL, person TEXT, reason TEXT NOT NULL, incident_id INTEGER,
    severity TEXT NOT NULL, state TEXT NOT NULL, attempts INTEGER NOT NULL DEFAULT 0,
    created REAL NOT NULL, due REAL NOT NULL, sent REAL, error TEXT, receipt TEXT,
    subject TEXT NOT NULL DEFAULT '', message BLOB, fallback_of INTEGER
);
CREATE INDEX deliveries_due ON deliveries (channel, due) WHERE state IN ('pending', 'sending');
CREATE INDEX deliveries_incident ON deliveries (incident_id);
CREATE INDEX deliveries_fallback ON deliveries (fallback_of) WHERE fallback_of IS NOT NULL;
CREATE INDEX deliveries_state ON deliveries (state, channel);

CREATE TABLE users (
    id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE, password TEXT, role TEXT NOT NULL,
    created REAL NOT NULL
);
CREATE TABLE sessions (
    token TEXT PRIMARY KEY, user_id INTEGER NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    csrf TEXT NOT NULL, created REAL NOT NULL, expires REAL NOT NULL, agent TEXT NOT NULL
) WITHOUT ROWID;
CREATE TABLE sign_in_links (
    token TEXT PRIMARY KEY, user_id INTEGER NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    expires REAL NOT NULL
) WITHOUT ROWID;
CREATE TABLE api_tokens (
    token TEXT PRIMARY KEY, name TEXT NOT NULL,
    user_id INTEGER NOT NULL REFERENCES users (id) ON DELETE CASCADE, created REAL NOT NULL
) WITHOUT ROWID;
CREATE TABLE audit (
    id INTEGER PRIMARY KEY, at REAL NOT NULL, actor TEXT NOT NULL, action TEXT NOT NULL,
    object TEXT NOT NULL, detail TEXT NOT NULL DEFAULT ''
);
"""


@migrations()
def first(db: Database) -> None:
    for statement in _FIRST.split(";\n"):
        if statement.strip():
            db.execute(statement)


@migrations()
def signals_by_kind(db: Database) -> None:
    """Errors are most of the signals, and are found by their groups."""
    db.execute("CREATE INDEX signals_other ON signals (kind, seq) WHERE kind <> 'error'")


_WHO_HEARS = """
CREATE TABLE pagings (
    route TEXT NOT NULL, key TEXT NOT NULL, body BLOB NOT NULL, PRIMARY KEY (route, key)
) WITHOUT ROWID;
CREATE TABLE silences (
    id INTEGER PRIMARY KEY, starts REAL NOT NULL, ends REAL NOT NULL, body BLOB NOT NULL
);
CREATE INDEX silences_ends ON silences (ends);
CREATE TABLE facts (id TEXT PRIMARY KEY, body BLOB NOT NULL) WITHOUT ROWID;
CREATE TABLE commands (
    id INTEGER PRIMARY KEY AUTOINCREMENT, at REAL NOT NULL, actor TEXT NOT NULL, body BLOB NOT NULL
);
ALTER TABLE matches ADD COLUMN reason TEXT NOT NULL DEFAULT '';
ALTER TABLE deliveries ADD COLUMN also TEXT NOT NULL DEFAULT '[]';
CREATE INDEX decisions_rule ON decisions (rule, id) WHERE rule IS NOT NULL;
CREATE INDEX matches_alert ON matches (alert_id) WHERE alert_id IS NOT NULL;
CREATE INDEX alerts_rule ON alerts (rule, id)
"""


@migrations()
def who_hears(db: Database) -> None:
    """Pagings, silences and facts are state of the engine; commands come from other processes."""
    for statement in _WHO_HEARS.split(";\n"):
        db.execute(statement)


@migrations()
def told_together(db: Database) -> None:
    """Few messages tell of several incidents: they are found without reading all the others."""
    db.execute("CREATE INDEX deliveries_also ON deliveries (also) WHERE also <> '[]'")


_MONITORS = """
CREATE TABLE monitors (
    id INTEGER PRIMARY KEY, project TEXT NOT NULL, name TEXT NOT NULL, environment TEXT NOT NULL,
    source TEXT NOT NULL, key TEXT NOT NULL UNIQUE, created REAL NOT NULL, due REAL,
    monitor BLOB NOT NULL, watch BLOB NOT NULL, UNIQUE (name, project, environment)
);
CREATE INDEX monitors_due ON monitors (due) WHERE due IS NOT NULL;
CREATE TABLE monitor_runs (
    monitor_id INTEGER NOT NULL, number INTEGER NOT NULL, body BLOB NOT NULL,
    PRIMARY KEY (monitor_id, number)
) WITHOUT ROWID
"""


@migrations()
def monitors(db: Database) -> None:
    """Jobs that check in, and how their runs went."""
    for statement in _MONITORS.split(";\n"):
        db.execute(statement)


@migrations()
def changes(db: Database) -> None:
    """Changes are few, and are asked for by when they were made. Releases are remembered, so that
    each is a change once."""
    db.execute("CREATE INDEX signals_changes ON signals (at, seq) WHERE kind = 'change'")
    db.execute(
        "CREATE TABLE releases (project TEXT NOT NULL, environment TEXT NOT NULL,"
        " release TEXT NOT NULL, first_seen REAL NOT NULL, last_seen REAL NOT NULL,"
        " PRIMARY KEY (project, environment, release)) WITHOUT ROWID"
    )
    db.execute("CREATE INDEX releases_last_seen ON releases (last_seen)")


_ACTION_RUNS = """
CREATE TABLE action_runs (
    id INTEGER PRIMARY KEY AUTOINCREMENT, action TEXT NOT NULL, actor TEXT NOT NULL,
    state TEXT NOT NULL DEFAULT 'pending', dry INTEGER NOT NULL DEFAULT 0, rule TEXT,
    alert_id INTEGER, incident_id INTEGER, asked REAL NOT NULL, began REAL, ended REAL,
    text TEXT NOT NULL DEFAULT ''
);
CREATE INDEX action_runs_under_way ON action_runs (id) WHERE state IN ('pending', 'running');
CREATE INDEX action_runs_action ON action_runs (action, id);
CREATE INDEX action_runs_rule ON action_runs (rule, asked) WHERE rule IS NOT NULL;
CREATE INDEX action_runs_incident ON action_runs (incident_id) WHERE incident_id IS NOT NULL;
CREATE INDEX action_runs_asked ON action_runs (asked);
CREATE UNIQUE INDEX action_runs_alert ON action_runs (alert_id) WHERE alert_id IS NOT NULL
"""


@migrations()
def actions_run(db: Database) -> None:
    for statement in _ACTION_RUNS.split(";\n"):
        db.execute(statement)


_SNAPSHOTS = """
CREATE TABLE components (
    name TEXT NOT NULL, tenant TEXT NOT NULL, environment TEXT NOT NULL, status TEXT NOT NULL,
    since REAL NOT NULL, received REAL NOT NULL, body BLOB NOT NULL,
    PRIMARY KEY (name, tenant, environment)
) WITHOUT ROWID;
CREATE TABLE snapshots (
    id INTEGER PRIMARY KEY AUTOINCREMENT, at REAL NOT NULL, seq INTEGER NOT NULL,
    overall TEXT NOT NULL, healthy INTEGER NOT NULL, good INTEGER NOT NULL DEFAULT 0,
    edge INTEGER NOT NULL DEFAULT 0, worse INTEGER NOT NULL, body BLOB NOT NULL
);
CREATE INDEX snapshots_at ON snapshots (at);
CREATE INDEX snapshots_good ON snapshots (id) WHERE good;
CREATE INDEX snapshots_edge ON snapshots (id) WHERE edge
"""


@migrations()
def health_rounds(db: Database) -> None:
    for statement in _SNAPSHOTS.split(";\n"):
        db.execute(statement)


_UPTIME = """
ALTER TABLE components RENAME TO components_before;
CREATE TABLE components (
    name TEXT NOT NULL, tenant TEXT NOT NULL, environment TEXT NOT NULL, source TEXT NOT NULL,
    status TEXT NOT NULL, since REAL NOT NULL, received REAL NOT NULL, until REAL NOT NULL,
    body BLOB NOT NULL, PRIMARY KEY (name, tenant, environment, source)
) WITHOUT ROWID;
INSERT INTO components SELECT name, tenant, environment, '', status, since, received, received, body
    FROM components_before;
DROP TABLE components_before;
CREATE TABLE component_spans (
    name TEXT NOT NULL, tenant TEXT NOT NULL, environment TEXT NOT NULL, source TEXT NOT NULL,
    began REAL NOT NULL, ended REAL NOT NULL, state TEXT NOT NULL,
    PRIMARY KEY (name, tenant, environment, source, began)
) WITHOUT ROWID;
CREATE TABLE drill_plans (
    name TEXT PRIMARY KEY, schedule TEXT NOT NULL, due REAL NOT NULL, asked_by TEXT
) WITHOUT ROWID;
CREATE TABLE drills (
    id INTEGER PRIMARY KEY AUTOINCREMENT, name TEXT NOT NULL, actor TEXT NOT NULL,
    began REAL NOT NULL, until REAL NOT NULL, deliveries TEXT NOT NULL,
    outcome TEXT NOT NULL DEFAULT 'waiting', text TEXT NOT NULL DEFAULT ''
);
CREATE INDEX drills_waiting ON drills (id) WHERE outcome = 'waiting';
CREATE INDEX drills_name ON drills (name, id)
"""


@migrations()
def uptime_and_drills(db: Database) -> None:
    """Each probe of a component is heard by itself: one that is well must not hide another that
    is not."""
    for statement in _UPTIME.split(";\n"):
        db.execute(statement)


_LEARNING = """
CREATE TABLE resolutions (
    incident_id INTEGER PRIMARY KEY, text TEXT NOT NULL, kind TEXT NOT NULL, author TEXT NOT NULL,
    at REAL NOT NULL
);
CREATE TABLE past_incidents (
    id INTEGER PRIMARY KEY, code TEXT, group_id INTEGER, rule TEXT NOT NULL, opened REAL NOT NULL,
    resolved REAL, body BLOB NOT NULL
);
CREATE INDEX past_incidents_code ON past_incidents (code, opened) WHERE code IS NOT NULL;
CREATE INDEX past_incidents_group ON past_incidents (group_id, opened) WHERE group_id IS NOT NULL;
CREATE INDEX past_incidents_rule ON past_incidents (rule, opened);
CREATE INDEX past_incidents_going_on ON past_incidents (id) WHERE resolved IS NULL;
CREATE INDEX past_incidents_resolved ON past_incidents (resolved) WHERE resolved IS NOT NULL;
CREATE VIRTUAL TABLE past_words USING fts5 (title, codes, errors, places, changes, fix)
"""


@migrations()
def learning(db: Database) -> None:
    """What fixed incidents, and the index by which those like a new one are found."""
    for statement in _LEARNING.split(";\n"):
        db.execute(statement)


_PEOPLE = """
ALTER TABLE deliveries ADD COLUMN priority INTEGER NOT NULL DEFAULT 1;
ALTER TABLE deliveries ADD COLUMN reference TEXT;
ALTER TABLE deliveries ADD COLUMN outcome TEXT;
ALTER TABLE deliveries ADD COLUMN outcome_at REAL;
ALTER TABLE deliveries ADD COLUMN subscription_id INTEGER;
ALTER TABLE deliveries ADD COLUMN update_id INTEGER;
ALTER TABLE deliveries ADD COLUMN bundled INTEGER NOT NULL DEFAULT 0;
ALTER TABLE deliveries ADD COLUMN merged_into INTEGER;
ALTER TABLE deliveries ADD COLUMN failures TEXT NOT NULL DEFAULT '[]';
DROP INDEX deliveries_incident;
CREATE INDEX deliveries_incident ON deliveries (incident_id, channel, address);
CREATE TABLE push_devices (
    id INTEGER PRIMARY KEY, user_id INTEGER NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    endpoint TEXT NOT NULL UNIQUE, p256dh TEXT NOT NULL, auth TEXT NOT NULL,
    name TEXT NOT NULL, created REAL NOT NULL
);
CREATE INDEX push_devices_user ON push_devices (user_id);
CREATE INDEX deliveries_waiting ON deliveries (channel, address) WHERE state = 'pending';
CREATE INDEX deliveries_several ON deliveries (channel, address)
    WHERE also <> '[]' AND state IN ('pending', 'sending');
CREATE INDEX deliveries_person ON deliveries (channel, person, sent) WHERE sent IS NOT NULL;
UPDATE deliveries SET priority = CASE WHEN severity = 'critical' AND reason = 'firing' THEN 0
    WHEN severity = 'info' THEN 2 ELSE 1 END;
CREATE INDEX deliveries_reference ON deliveries (channel, reference) WHERE reference IS NOT NULL;
CREATE INDEX deliveries_next ON deliveries (channel, priority, due, id) WHERE state = 'pending';
CREATE UNIQUE INDEX deliveries_update ON deliveries (update_id, subscription_id, channel)
    WHERE update_id IS NOT NULL;
CREATE INDEX deliveries_subscription ON deliveries (subscription_id, id)
    WHERE subscription_id IS NOT NULL;
CREATE INDEX deliveries_undelivered ON deliveries (outcome_at)
    WHERE outcome = 'undelivered' AND subscription_id IS NOT NULL;
CREATE INDEX deliveries_merged ON deliveries (merged_into) WHERE merged_into IS NOT NULL;
CREATE TABLE do_not_disturb (
    person TEXT PRIMARY KEY, since REAL NOT NULL, until REAL NOT NULL, actor TEXT NOT NULL
) WITHOUT ROWID;
CREATE TABLE overrides (
    id INTEGER PRIMARY KEY, starts REAL NOT NULL, until REAL NOT NULL, body BLOB NOT NULL
);
CREATE INDEX overrides_until ON overrides (until);
CREATE TABLE calendar_feeds (
    id INTEGER PRIMARY KEY AUTOINCREMENT, kind TEXT NOT NULL, name TEXT NOT NULL,
    user_id INTEGER NOT NULL REFERENCES users (id) ON DELETE CASCADE, created REAL NOT NULL
);
CREATE INDEX calendar_feeds_user ON calendar_feeds (user_id);
CREATE TABLE used_links (
    hash BLOB PRIMARY KEY, at REAL NOT NULL, used_by TEXT NOT NULL, expires REAL NOT NULL
) WITHOUT ROWID;
CREATE INDEX used_links_expires ON used_links (expires);
CREATE TABLE tenants (
    name TEXT PRIMARY KEY, title TEXT NOT NULL, source TEXT NOT NULL, created REAL NOT NULL
) WITHOUT ROWID;
CREATE TABLE contacts (
    id INTEGER PRIMARY KEY AUTOINCREMENT, tenant TEXT, name TEXT NOT NULL,
    language TEXT NOT NULL, timezone TEXT NOT NULL, quiet_start INTEGER, quiet_end INTEGER,
    digest INTEGER, source TEXT NOT NULL, created REAL NOT NULL, chosen REAL
);
CREATE INDEX contacts_tenant ON contacts (tenant, id);
CREATE INDEX contacts_name ON contacts (tenant, name COLLATE NOCASE);
CREATE TABLE subscriptions (
    id INTEGER PRIMARY KEY AUTOINCREMENT, contact_id INTEGER NOT NULL, kind TEXT NOT NULL,
    address TEXT NOT NULL, components TEXT NOT NULL DEFAULT '[]', severity TEXT NOT NULL,
    state TEXT NOT NULL, since REAL NOT NULL, reason TEXT NOT NULL DEFAULT '',
    source TEXT NOT NULL
);
CREATE INDEX subscriptions_contact ON subscriptions (contact_id);
CREATE INDEX subscriptions_address ON subscriptions (address, kind);
CREATE UNIQUE INDEX subscriptions_open ON subscriptions (contact_id, kind, address)
    WHERE state IN ('pending', 'active');
CREATE INDEX subscriptions_pending ON subscriptions (since) WHERE state = 'pending';
CREATE TABLE refusals (
    hash BLOB NOT NULL, tenant TEXT NOT NULL, why TEXT NOT NULL, at REAL NOT NULL,
    PRIMARY KEY (hash, tenant)
) WITHOUT ROWID;
CREATE TABLE client_history (
    id INTEGER PRIMARY KEY AUTOINCREMENT, contact_id INTEGER NOT NULL, subscription_id INTEGER,
    at REAL NOT NULL, actor TEXT NOT NULL, what TEXT NOT NULL, detail TEXT NOT NULL
);
CREATE INDEX client_history_contact ON client_history (contact_id, id);
CREATE TABLE sign_ups (
    id INTEGER PRIMARY KEY, at REAL NOT NULL, hash BLOB NOT NULL, origin TEXT NOT NULL
);
CREATE INDEX sign_ups_hash ON sign_ups (hash, at);
CREATE INDEX sign_ups_origin ON sign_ups (origin, at);
CREATE INDEX sign_ups_at ON sign_ups (at);
CREATE TABLE broadcasts (
    id INTEGER PRIMARY KEY, kind TEXT NOT NULL, incident_id INTEGER, opened REAL NOT NULL,
    ended REAL, ends REAL, merged INTEGER, body BLOB NOT NULL
);
CREATE INDEX broadcasts_incident ON broadcasts (incident_id) WHERE incident_id IS NOT NULL;
CREATE INDEX broadcasts_open ON broadcasts (id) WHERE ended IS NULL;
CREATE INDEX broadcasts_ends ON broadcasts (ends) WHERE ends IS NOT NULL;
CREATE INDEX broadcasts_merged ON broadcasts (merged) WHERE merged IS NOT NULL;
CREATE TABLE broadcast_tenants (
    broadcast_id INTEGER NOT NULL, tenant TEXT NOT NULL, PRIMARY KEY (broadcast_id, tenant)
) WITHOUT ROWID;
CREATE TABLE updates (
    id INTEGER PRIMARY KEY, broadcast_id INTEGER NOT NULL, phase TEXT NOT NULL,
    text TEXT NOT NULL, state TEXT NOT NULL, created REAL NOT NULL, publish_at REAL,
    published REAL, actor TEXT NOT NULL, told INTEGER,
    translations TEXT NOT NULL DEFAULT '{}', reason TEXT NOT NULL DEFAULT ''
);
CREATE INDEX updates_broadcast ON updates (broadcast_id, id);
CREATE INDEX updates_to_tell ON updates (id) WHERE state = 'published' AND told IS NULL;
CREATE INDEX updates_waiting ON updates (id) WHERE state IN ('draft', 'held')
"""


@migrations()
def people(db: Database) -> None:
    """Receipts of deliveries, clients and what they subscribed to, and what they are told. A link
    that was used is remembered until it would have run out."""
    for statement in _PEOPLE.split(";\n"):
        db.execute(statement)


@migrations()
def reached_last(db: Database) -> None:
    """When each user and tenant met a group last: an incident counts those of its own time. Of what
    was noted before, the group's own last event is the best guess."""
    db.execute("ALTER TABLE group_reach ADD COLUMN last REAL NOT NULL DEFAULT 0")
    db.execute(
        "UPDATE group_reach SET last ="
        " coalesce((SELECT last_seen FROM groups WHERE id = group_id), 0)"
    )


@migrations()
def waiting_since(db: Database) -> None:
    """Since when the oldest has waited of those that a delivery took the place of."""
    db.execute("ALTER TABLE deliveries ADD COLUMN since REAL")


def migrate(connection: sqlite3.Connection) -> None:
    """Bring the schema up to this program's. Raises StoreTooNew, having changed nothing."""
    db = Database(connection)
    known = {step.name for step in migrations.pending(Database(memory=True))}
    unknown = sorted({step.name for step in migrations.applied(db)} - known)
    if unknown:
        raise StoreTooNew(
            f"the database was written by a newer Sentinel (it has the schema steps {unknown}, "
            "which this one does not know): install that version again, or restore a backup "
            "made by this one"
        )
    if migrations.pending(db):
        # All steps or none: a start that is cut off leaves the database to the old version, and
        # the disk is waited for once, not once a step.
        with transaction(connection):
            migrations.apply(db)
