-- What was told of calls, tokens and feeds. `key` says who, what and which step, so that each is
-- made once, whoever polls. `told` 0: one of those that a line of kind 'more' counts.
CREATE TABLE notice (
    id      INTEGER PRIMARY KEY,
    key     TEXT NOT NULL UNIQUE,
    at      INTEGER NOT NULL,
    kind    TEXT NOT NULL,
    call_id TEXT,
    chain   TEXT,
    address TEXT,
    subject TEXT NOT NULL,
    source  TEXT,
    value   REAL,
    text    TEXT NOT NULL,
    told    INTEGER NOT NULL
) STRICT;
CREATE INDEX notice_by_call ON notice (call_id) WHERE call_id IS NOT NULL;
CREATE INDEX notice_by_token ON notice (chain, address, at) WHERE call_id IS NULL;
