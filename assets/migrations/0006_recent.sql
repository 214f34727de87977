-- Pools by number: an address in each sample was half of it.
CREATE TABLE pool (
    id      INTEGER PRIMARY KEY,
    address TEXT NOT NULL UNIQUE
) STRICT;
INSERT INTO pool (address) SELECT DISTINCT pool FROM sample WHERE pool IS NOT NULL;

DROP VIEW samples;
ALTER TABLE sample ADD COLUMN pool_id INTEGER REFERENCES pool (id);
UPDATE sample SET pool_id = (SELECT id FROM pool WHERE address = sample.pool)
    WHERE pool IS NOT NULL;
ALTER TABLE sample DROP COLUMN pool;

-- What polls brought last, in the order of time: a commit of thousands of tokens writes a few pages
-- here, where it would write one for each token in `sample`. Now and then all of it moves there, in
-- one transaction. A sample is in one of the two.
CREATE TABLE sample_recent (
    token_id       INTEGER NOT NULL REFERENCES token (id),
    at             INTEGER NOT NULL,
    provider_id    INTEGER NOT NULL REFERENCES provider (id),
    state          INTEGER NOT NULL,
    price_usd      REAL,
    liquidity_usd  REAL,
    market_cap_usd REAL,
    pool_id        INTEGER REFERENCES pool (id),
    PRIMARY KEY (at, token_id, provider_id)
) STRICT, WITHOUT ROWID;
CREATE INDEX sample_recent_token ON sample_recent (token_id);

CREATE VIEW sample_all AS
SELECT token_id, at, provider_id, state, price_usd, liquidity_usd, market_cap_usd, pool_id
FROM sample
UNION ALL
SELECT token_id, at, provider_id, state, price_usd, liquidity_usd, market_cap_usd, pool_id
FROM sample_recent;

-- For SQL users, whatever the tables above look like. Twice the same, so that a question about one
-- token goes to the index of each table.
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
           WHEN 2 THEN 'jump over 4x or at another pool, confirmed neither by the next reading nor by another provider'
           WHEN 3 THEN 'voided' || coalesce(': ' || v.why, '')
           WHEN 4 THEN 'no listing'
       END          AS reason,
       t.chain || ':' || t.address || '@'
           || strftime('%Y-%m-%dT%H:%M:%S', s.at / 1000, 'unixepoch')
           || CASE WHEN s.at % 1000 THEN printf('.%03d', s.at % 1000) ELSE '' END
           || 'Z/' || p.name AS id
FROM sample s
JOIN token t ON t.id = s.token_id
JOIN provider p ON p.id = s.provider_id
LEFT JOIN voided_sample v
    ON v.token_id = s.token_id AND v.at = s.at AND v.provider_id = s.provider_id
UNION ALL
SELECT t.chain,
       t.address,
       s.at,
       s.price_usd,
       s.liquidity_usd,
       s.market_cap_usd,
       p.name,
       s.state = 0,
       CASE s.state
           WHEN 1 THEN 'waiting for a second reading'
           WHEN 2 THEN 'jump over 4x or at another pool, confirmed neither by the next reading nor by another provider'
           WHEN 3 THEN 'voided'
           WHEN 4 THEN 'no listing'
       END,
       t.chain || ':' || t.address || '@'
           || strftime('%Y-%m-%dT%H:%M:%S', s.at / 1000, 'unixepoch')
           || CASE WHEN s.at % 1000 THEN printf('.%03d', s.at % 1000) ELSE '' END
           || 'Z/' || p.name
FROM sample_recent s
JOIN token t ON t.id = s.token_id
JOIN provider p ON p.id = s.provider_id;
