-- Trades lie in chunks, since a row of fourteen columns each is what a large import waited for.
-- The rows there were are moved by the program right after this.
ALTER TABLE trade RENAME TO trade_row;
DROP TABLE trade_id;

-- The number of a trade is book << 40 | its ordinal in the book; a chunk holds the 64 ordinals
-- that share all but their last six bits (src/store/trades/chunks.rs).
CREATE TABLE trade_chunk (
    chunk  INTEGER PRIMARY KEY,
    trades BLOB NOT NULL
) STRICT;

-- Where the trade of an id is: (hash, number) pairs in the order of their hashes, in buckets by
-- the first bits of the hash (src/store/trades/ids.rs).
CREATE TABLE trade_ids (
    bucket  INTEGER PRIMARY KEY,
    entries BLOB NOT NULL
) STRICT;

-- The trades that are not closed, by their number.
CREATE TABLE open_trade (
    seq       INTEGER PRIMARY KEY,
    opened_at INTEGER
) STRICT;
