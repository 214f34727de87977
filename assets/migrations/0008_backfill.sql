-- Which stretches of a token's past were asked for and answered, whatever was in the answer: from
-- an instant up to (and without) another.
CREATE TABLE backfilled (
    token_id INTEGER NOT NULL REFERENCES token (id),
    from_ms  INTEGER NOT NULL,
    to_ms    INTEGER NOT NULL,
    PRIMARY KEY (token_id, from_ms)
) STRICT, WITHOUT ROWID;

-- Who gave a candle; NULL for one that was imported.
ALTER TABLE candle ADD COLUMN provider_id INTEGER REFERENCES provider (id);
