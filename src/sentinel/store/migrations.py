"""The schema, as ordered steps. A step that has been released is never edited."""

import sqlite3

from sqlite_utils import Database, Migrations

from sentinel.errors import StoreTooNew

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
    migrations.apply(db)
