-- Filters of the lab that were kept under a name: the condition as `--where` reads it, and the
-- settings it was built from (JSON), to be worked on again.
CREATE TABLE saved_filter (
    name       TEXT PRIMARY KEY,
    expression TEXT NOT NULL,
    built      TEXT NOT NULL
) STRICT, WITHOUT ROWID;
