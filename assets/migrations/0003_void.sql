-- Samples that were taken out by hand: the state each had before, to bring it back, and why.
CREATE TABLE voided_sample (
    token_id    INTEGER NOT NULL,
    at          INTEGER NOT NULL,
    provider_id INTEGER NOT NULL,
    state       INTEGER NOT NULL,
    why         TEXT NOT NULL,
    PRIMARY KEY (token_id, at, provider_id),
    FOREIGN KEY (token_id, at, provider_id) REFERENCES sample (token_id, at, provider_id)
        ON DELETE CASCADE
) STRICT, WITHOUT ROWID;

-- The view as it was, with the id that `callboard void sample` takes, and why a sample is void.
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
           WHEN 2 THEN 'jump over 4x, not confirmed by the next reading'
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
