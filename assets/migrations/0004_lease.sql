-- Who polls: one row while somebody does. `beat` counts up while the holder lives; others go by
-- whether it moves, not by the time beside it, since clocks can be set.
CREATE TABLE lease (
    one   INTEGER PRIMARY KEY CHECK (one = 1),
    owner TEXT NOT NULL,
    pid   INTEGER NOT NULL,
    host  TEXT NOT NULL,
    beat  INTEGER NOT NULL,
    at    INTEGER NOT NULL
) STRICT;

-- Counters that move with each commit: `polls` with what a poll brought, `writes` with anything
-- else. So a heartbeat of the lease makes nobody read everything again.
INSERT INTO meta (key, value) VALUES ('writes', 0), ('polls', 0);

-- A jump may be one between two pools: the reason in the view says no multiple any more.
DROP VIEW samples;
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
    ON v.token_id = s.token_id AND v.at = s.at AND v.provider_id = s.provider_id;
