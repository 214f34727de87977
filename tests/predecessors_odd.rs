//! Whatever a predecessor's file holds, an import neither panics nor goes in half: the second time
//! changes nothing.

#![allow(
    clippy::expect_used,
    clippy::panic,
    clippy::unwrap_used,
    clippy::format_collect,
    reason = "a test fails by panicking"
)]

use std::fs;
use std::path::Path;

use callboard::domain::Rules;
use callboard::ingest::predecessor::{Migrated, Predecessor, import};
use callboard::store::Store;
use proptest::prelude::*;
use rusqlite::Connection;
use rusqlite::types::Value as Sql;
use serde_json::{Map, Value, json};

const SCBOT: [&str; 22] = [
    "message_id",
    "channel_name",
    "address",
    "symbol",
    "signal_number",
    "previous_signals",
    "entry_price",
    "entry_timestamp",
    "timestamp",
    "checkpoints",
    "ath_price",
    "ath_multiplier",
    "ath_timestamp",
    "days_to_ath",
    "current_price",
    "current_multiplier",
    "day_7_price",
    "day_7_multiplier",
    "is_complete",
    "status",
    "chain",
    "sentiment_score",
];
const PERFORMANCE: [&str; 12] = [
    "address",
    "chain",
    "symbol",
    "first_message_id",
    "start_price",
    "start_time",
    "ath_since_mention",
    "ath_time",
    "ath_multiplier",
    "current_multiplier",
    "days_tracked",
    "day_7_multiplier",
];
const TWAI: [&str; 14] = [
    "id",
    "positionId",
    "symbol",
    "side",
    "type",
    "quantity",
    "price",
    "fee",
    "realizedPnl",
    "llmProvider",
    "llmConfidence",
    "createdAt",
    "executedAt",
    "value",
];
const STATS: [&str; 16] = [
    "token_address",
    "first_alert_at",
    "last_checked_at",
    "final_score",
    "first_price_usd",
    "first_liquidity_usd",
    "last_price_usd",
    "peak_price_usd",
    "peak_price_at",
    "max_gain_percent",
    "is_rug",
    "token_symbol",
    "lp_locked",
    "dex_name",
    "ml_enhanced",
    "outcome",
];

fn few() -> ProptestConfig {
    ProptestConfig {
        cases: 24,
        failure_persistence: None,
        ..ProptestConfig::default()
    }
}

/// Cells as these programs write them, and as nobody should.
fn word() -> impl Strategy<Value = String> {
    prop_oneof![
        4 => prop::sample::select(vec![
            "", "0", "1", "1.0", "50", "0.001", "4.0", "-3", "1e300", "nan", "inf", "null", "true", "False", "buy", "sell",
            "entry", "exit", "partial_exit", "XXBTZUSD", "BTC/EUR", "p1", "p2", "openai", "2025-11-10T14:30:00+00:00",
            "2025-11-11 14:30:00", "1762785000", "1762785000.5", "9999-12-31 23:59:59", "completed", "evm", "solana",
            "FXQgp6CXaXMpchMQp9e9NjW6V4M227Ay5KtPGsu1FdHU", "fxqgp6cxaxmpchmqp9e9njw6v4m227ay5ktpgsu1fdhu",
            "'0xabcdef0123456789abcdef0123456789abcdef01",
        ]).prop_map(str::to_owned),
        1 => "\\PC{0,12}",
        1 => "[0-9T: +Z.-]{0,25}",
    ]
}

fn value() -> impl Strategy<Value = Value> {
    let point = (word(), word(), any::<bool>()).prop_map(
        |(price, at, reached)| json!({"price": price, "timestamp": at, "reached": reached}),
    );
    prop_oneof![
        6 => word().prop_map(Value::from),
        3 => prop::sample::select(vec![0.0, 1.0, 0.001, 0.004, 4.0, 7.0, 50.0, -1.0, 1e300, 1_762_785_000.0]).prop_map(Value::from),
        1 => any::<bool>().prop_map(Value::from),
        1 => Just(Value::Null),
        1 => Just(json!([1, {"a": []}])),
        2 => prop::collection::vec((prop::sample::select(vec!["1h", "4h", "24h", "3d", "7d", "30d"]), point), 0..6)
            .prop_map(|points| points.into_iter().map(|(k, v)| (k.to_owned(), v)).collect::<Map<_, _>>().into()),
    ]
}

fn object(names: &'static [&'static str]) -> impl Strategy<Value = Value> {
    prop::collection::vec(value(), names.len()).prop_map(move |values| {
        let pairs = names.iter().zip(values);
        Value::from(
            pairs
                .map(|(k, v)| ((*k).to_owned(), v))
                .collect::<Map<_, _>>(),
        )
    })
}

fn table(names: &'static [&'static str]) -> impl Strategy<Value = Vec<u8>> {
    let row = prop::collection::vec(word(), 1..=names.len());
    prop::collection::vec(row, 0..8).prop_map(move |rows| {
        let mut writer = csv::WriterBuilder::new()
            .flexible(true)
            .from_writer(Vec::new());
        writer.write_record(names).unwrap();
        for row in rows {
            writer.write_record(&row).unwrap();
        }
        writer.into_inner().unwrap()
    })
}

/// Imports twice; the second time must change nothing.
fn twice(from: Predecessor, file: &Path) {
    let folder = tempfile::tempdir().unwrap();
    let mut store = Store::open(&folder.path().join("test.db"), Rules::default()).unwrap();
    let files = [file.to_str().unwrap().to_owned()];
    let mut run = || import(&mut store, from, &files, None, false).unwrap();
    let first: Migrated = run();
    let again = run();
    assert_eq!(first.failed, again.failed);
    assert_eq!(first.failed.is_empty(), !first.loss.files.is_empty());
    for came in &again.loss.came_over {
        assert_eq!(
            (came.tally.new, came.tally.updated),
            (0, 0),
            "{first:#?} {again:#?}"
        );
    }
}

fn twice_text(from: Predecessor, name: &str, bytes: &[u8]) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join(name);
    fs::write(&path, bytes).unwrap();
    twice(from, &path);
}

fn sql(value: Value) -> Sql {
    match value {
        Value::Number(n) => Sql::Real(n.as_f64().unwrap()),
        Value::Bool(b) => Sql::Integer(b.into()),
        Value::String(s) => Sql::Text(s),
        Value::Null => Sql::Null,
        other => Sql::Blob(other.to_string().into_bytes()),
    }
}

proptest! {
    #![proptest_config(few())]

    #[test]
    fn json_of_scbot(records in prop::collection::vec((word(), object(&SCBOT)), 0..5)) {
        let file: Map<String, Value> = records.into_iter().collect();
        twice_text(Predecessor::ScBot, "signal_outcomes.json", Value::from(file).to_string().as_bytes());
    }

    #[test]
    fn tables_of_scbot(bytes in table(&PERFORMANCE)) {
        twice_text(Predecessor::ScBot, "performance.csv", &bytes);
    }

    #[test]
    fn tables_of_twai(bytes in table(&TWAI)) {
        twice_text(Predecessor::Twai, "trades.csv", &bytes);
    }

    #[test]
    fn json_of_twai(rows in prop::collection::vec(object(&TWAI), 0..8)) {
        twice_text(Predecessor::Twai, "trades.json", json!({"trades": rows}).to_string().as_bytes());
    }

    #[test]
    fn exports_of_callsbot(bytes in table(&["token_address", "alerted_at", "first_price_usd", "last_price_usd",
        "peak_price_usd", "last_checked_at", "is_rug", "final_score", "outcome"])) {
        twice_text(Predecessor::Callsbot, "export.csv", &bytes);
    }

    #[test]
    fn any_bytes(bytes in prop::collection::vec(any::<u8>(), 0..300), start in prop::sample::select(vec![
        &b""[..], b"{", b"[", b"\x1f\x8b", b"SQLite format 3\0", b"\xff\xfe", b"ca,first_seen_ts,price_t0\n",
        b"address,start_price,start_time,ath_multiplier\n", b"positionId,symbol,side,quantity,price\n",
    ])) {
        let bytes = [start, &bytes].concat();
        for from in [Predecessor::Callsbot, Predecessor::ScBot, Predecessor::Twai] {
            twice_text(from, "file", &bytes);
        }
    }

    #[test]
    fn databases_of_callsbot(
        rows in prop::collection::vec(prop::collection::vec(value(), STATS.len()), 0..6),
        alerts in prop::collection::vec((value(), value()), 0..6),
        snapshots in prop::collection::vec(prop::collection::vec(value(), 5), 0..20),
    ) {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("alerted_tokens.db");
        let conn = Connection::open(&path).unwrap();
        conn.execute_batch(&format!(
            "CREATE TABLE alerted_tokens (token_address, alerted_at);
             CREATE TABLE alerted_token_stats ({});
             CREATE TABLE price_snapshots (token_address, snapshot_at, price_usd, market_cap_usd, liquidity_usd);",
            STATS.join(", ")
        )).unwrap();
        let insert = |table: &str, row: Vec<Value>| {
            let marks = vec!["?"; row.len()].join(", ");
            let row: Vec<Sql> = row.into_iter().map(sql).collect();
            conn.execute(&format!("INSERT INTO {table} VALUES ({marks})"), rusqlite::params_from_iter(row)).unwrap();
        };
        for row in rows {
            insert("alerted_token_stats", row);
        }
        for (address, at) in alerts {
            insert("alerted_tokens", vec![address, at]);
        }
        for row in snapshots {
            insert("price_snapshots", row);
        }
        drop(conn);
        twice(Predecessor::Callsbot, &path);
    }
}
