-- Retention: how far each token's polled samples are thinned to hourly points.
CREATE TABLE thinned (
    token_id INTEGER PRIMARY KEY REFERENCES token (id),
    up_to    INTEGER NOT NULL
) STRICT;

-- What the samples came to before they were thinned: the fold of a call up to and without an
-- instant. It is recorded, not derived: a rebuild starts from it, so that coverage and gaps stay
-- what they were. `rules` is the stamp of the rules it was made by.
CREATE TABLE fold_base (
    call_seq INTEGER PRIMARY KEY REFERENCES call (seq),
    up_to    INTEGER NOT NULL,
    rules    TEXT NOT NULL,
    state    BLOB NOT NULL
) STRICT;
