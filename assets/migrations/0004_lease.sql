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
