-- What was recorded. Times are Unix milliseconds UTC, money is USD unless a currency stands
-- beside it, NULL is unknown. Everything under "Derived" can be rebuilt from the rest.

CREATE TABLE meta (
    key   TEXT PRIMARY KEY,
    value ANY
) STRICT, WITHOUT ROWID;

CREATE TABLE token (
    id      INTEGER PRIMARY KEY,
    chain   TEXT NOT NULL,
    address TEXT NOT NULL,
    UNIQUE (chain, address)
) STRICT;

CREATE TABLE call (
    seq            INTEGER PRIMARY KEY,
    id             TEXT NOT NULL UNIQUE,
    source         TEXT NOT NULL,
    chain          TEXT NOT NULL,
    token_id       INTEGER REFERENCES token (id),
    symbol         TEXT,
    name           TEXT,
    called_at      INTEGER NOT NULL,
    entry_price    REAL,
    market_cap_usd REAL,
    liquidity_usd  REAL,
    rejected_by    TEXT,
    -- A JSON object of whatever the bot sent beside the columns above.
    features       TEXT NOT NULL DEFAULT '{}',
    -- Why it was taken out of every figure; NULL while it counts.
    voided         TEXT
) STRICT;
CREATE INDEX call_by_token ON call (token_id) WHERE token_id IS NOT NULL;

-- By the id of a call and without a reference to it: outcomes may come before their calls.
CREATE TABLE imported_outcome (
    call_id        TEXT PRIMARY KEY,
    peak_multiple  REAL,
    final_multiple REAL,
    is_rug         INTEGER,
    observed_until INTEGER,
    label          TEXT
) STRICT, WITHOUT ROWID;

CREATE TABLE provider (
    id   INTEGER PRIMARY KEY,
    name TEXT NOT NULL UNIQUE
) STRICT;

-- state: 0 accepted, 1 waiting for a second reading, 2 unconfirmed jump, 3 voided, 4 absent (a
-- poll that found no listing where there had been one).
CREATE TABLE sample (
    token_id       INTEGER NOT NULL REFERENCES token (id),
    at             INTEGER NOT NULL,
    provider_id    INTEGER NOT NULL REFERENCES provider (id),
    state          INTEGER NOT NULL,
    price_usd      REAL,
    liquidity_usd  REAL,
    market_cap_usd REAL,
    pool           TEXT,
    PRIMARY KEY (token_id, at, provider_id)
) STRICT, WITHOUT ROWID;

CREATE TABLE book (
    id       INTEGER PRIMARY KEY,
    model    TEXT NOT NULL,
    currency TEXT NOT NULL,
    UNIQUE (model, currency)
) STRICT;

CREATE TABLE trade (
    seq          INTEGER PRIMARY KEY,
    id           TEXT NOT NULL,
    book_id      INTEGER NOT NULL REFERENCES book (id),
    symbol       TEXT,
    side         TEXT,
    quantity     REAL,
    entry_price  REAL,
    exit_price   REAL,
    opened_at    INTEGER,
    closed_at    INTEGER,
    realized_pnl REAL,
    fee          REAL,
    cost         REAL,
    confidence   REAL
) STRICT;
CREATE INDEX trade_open ON trade (book_id) WHERE closed_at IS NULL;

-- Where the trade of an id is, by a hash of it: half the size of an index over the ids, and
-- written in its own order at the end of an import. Equal hashes take the next free number.
CREATE TABLE trade_id (
    hash INTEGER PRIMARY KEY,
    seq  INTEGER NOT NULL
) STRICT;

-- Derived: the outcome folds of calls, and how far each token's samples are folded.
CREATE TABLE fold (
    call_seq INTEGER PRIMARY KEY REFERENCES call (seq),
    state    BLOB NOT NULL
) STRICT;
CREATE TABLE folded (
    token_id INTEGER PRIMARY KEY REFERENCES token (id),
    up_to    INTEGER NOT NULL
) STRICT;

-- Derived: closed trades packed per day, and their mergeable summaries per hour.
CREATE TABLE trade_day (
    book_id INTEGER NOT NULL REFERENCES book (id),
    day     INTEGER NOT NULL,
    points  BLOB NOT NULL,
    PRIMARY KEY (book_id, day)
) STRICT, WITHOUT ROWID;
CREATE TABLE trade_hour (
    book_id INTEGER NOT NULL REFERENCES book (id),
    hour    INTEGER NOT NULL,
    summary BLOB NOT NULL,
    PRIMARY KEY (book_id, hour)
) STRICT, WITHOUT ROWID;

-- For SQL users, whatever the tables above look like.
CREATE VIEW samples AS
SELECT t.chain,
       t.address,
       s.at,
       s.price_usd,
       s.liquidity_usd,
       s.market_cap_usd,
       p.name       AS provider,
       s.state = 0  AS accepted,
       CASE s.state
           WHEN 1 THEN 'waiting for a second reading'
           WHEN 2 THEN 'jump over 4x, not confirmed by the next reading'
           WHEN 3 THEN 'voided'
           WHEN 4 THEN 'no listing'
       END          AS reason
FROM sample s
JOIN token t ON t.id = s.token_id
JOIN provider p ON p.id = s.provider_id;
