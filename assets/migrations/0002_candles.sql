-- Candles as they were stated. One belongs to a token; of a pool whose token nobody named, the
-- pool's address stands for the token. It counts at its end: opened_at + interval_ms.
CREATE TABLE candle (
    token_id    INTEGER NOT NULL REFERENCES token (id),
    opened_at   INTEGER NOT NULL,
    interval_ms INTEGER NOT NULL,
    open        REAL NOT NULL,
    high        REAL NOT NULL,
    low         REAL NOT NULL,
    close       REAL NOT NULL,
    volume_usd  REAL,
    pool        TEXT,
    PRIMARY KEY (token_id, opened_at, interval_ms)
) STRICT, WITHOUT ROWID;
