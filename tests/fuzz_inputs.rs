//! Whatever comes in: the parsers never panic and never hang, the counts add up, and the same
//! bytes a second time bring nothing new.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test fails by panicking"
)]

use std::io::Cursor;
use std::sync::mpsc::{RecvTimeoutError, channel};
use std::thread;
use std::time::Duration;

use callboard::domain::text::clean;
use callboard::domain::{FeatureValue, Rules, Span, Timestamp};
use callboard::ingest::{Event, ImportError, Kind, Options, Tally, import};
use callboard::store::Store;
use proptest::prelude::*;

/// What an import came to; the error of an input that is no table at all.
type Done = Result<(Kind, Tally), String>;

fn put(store: &mut Store, bytes: &[u8], options: &Options) -> Done {
    let (mut refused, mut warned) = (0u64, 0u64);
    let mut tell = |event: Event| match event {
        Event::Refused(row) => {
            assert!(!row.reason.is_empty());
            assert!(row.line > 0, "a refused row without a line: {row:?}");
            assert_eq!(clean(&row.reason), row.reason, "a reason that is not clean");
            refused += 1;
        }
        Event::Warning(_) => warned += 1,
        Event::Stored(_) => {}
    };
    let done = import(
        store,
        Box::new(Cursor::new(bytes.to_vec())),
        options,
        &mut tell,
    );
    match done {
        Ok(done) => {
            let t = done.tally;
            assert_eq!(t.read, t.new + t.updated + t.unchanged + t.refused, "{t:?}");
            assert_eq!(t.refused, refused, "refused and told");
            assert!(warned <= t.read);
            Ok((done.kind, t))
        }
        Err(ImportError::Unreadable(why)) => Err(why),
        Err(ImportError::UnknownKind(names)) => Err(names),
        Err(other) => panic!("{other}"),
    }
}

/// Imports the bytes twice into a database of their own.
fn twice(bytes: Vec<u8>, options: Options) {
    let (out, done) = channel();
    let worker = thread::spawn(move || {
        let folder = tempfile::tempdir().unwrap();
        let mut store = Store::open(&folder.path().join("x.db"), Rules::default()).unwrap();
        let first = put(&mut store, &bytes, &options);
        let second = put(&mut store, &bytes, &options);
        match (first, second) {
            (Ok((kind, first)), Ok((again, second))) => {
                assert_eq!(kind, again);
                assert_eq!(second.read, first.read);
                assert_eq!(second.new, 0, "{first:?} {second:?}");
                assert_eq!(second.refused, first.refused, "{first:?} {second:?}");
            }
            (first, second) => assert_eq!(first, second),
        }
        out.send(()).unwrap();
    });
    match done.recv_timeout(Duration::from_secs(30)) {
        Err(RecvTimeoutError::Timeout) => panic!("it hangs"),
        Ok(()) | Err(RecvTimeoutError::Disconnected) => {
            if let Err(panic) = worker.join() {
                std::panic::resume_unwind(panic);
            }
        }
    }
}

fn named(kind: Option<Kind>) -> Options {
    Options {
        kind,
        ..Options::default()
    }
}

const TRADES: &[&str] = &[
    "id",
    "model",
    "symbol",
    "side",
    "quantity",
    "entry_price",
    "exit_price",
    "opened_at",
    "closed_at",
    "realized_pnl",
    "fee",
    "cost",
    "confidence",
    "currency",
];
const CALLS: &[&str] = &[
    "id",
    "source",
    "chain",
    "address",
    "symbol",
    "name",
    "called_at",
    "entry_price",
    "market_cap_usd",
    "liquidity_usd",
    "rejected_by",
    "score",
    "lp_locked",
    "",
];
const PRICES: &[&str] = &[
    "chain",
    "address",
    "at",
    "price_usd",
    "liquidity_usd",
    "market_cap_usd",
];
const OUTCOMES: &[&str] = &[
    "id",
    "peak_multiple",
    "max_gain_pct",
    "final_multiple",
    "is_rug",
    "observed_until",
    "label",
];

/// A cell: mostly something that could stand there, so that rows get past the first check.
fn cell(column: &str) -> BoxedStrategy<String> {
    let likely: BoxedStrategy<String> = match column {
        "id" | "source" | "model" | "address" | "symbol" | "chain" => "[abAB]".boxed(),
        "side" => prop_oneof![Just("long"), Just("SHORT"), Just("buy")]
            .prop_map(str::to_owned)
            .boxed(),
        "is_rug" | "lp_locked" => prop_oneof![Just("yes"), Just("0"), Just("TRUE")]
            .prop_map(str::to_owned)
            .boxed(),
        "at" | "called_at" | "opened_at" | "closed_at" | "observed_until" => prop_oneof![
            Just("2025-10-01T00:00:00Z".to_owned()),
            Just("2025-10-01T02:00:00.5+02:00".to_owned()),
            (1_759_276_800u64..1_759_276_810).prop_map(|s| s.to_string()),
            (0u64..u64::MAX).prop_map(|s| s.to_string()),
        ]
        .boxed(),
        "confidence" => prop_oneof![Just("1"), Just("0.5"), Just("85"), Just("101")]
            .prop_map(str::to_owned)
            .boxed(),
        _ => prop_oneof![
            (0u32..20).prop_map(|n| n.to_string()),
            any::<f64>().prop_map(|n| n.to_string()),
            any::<f64>().prop_map(|n| format!("{n:e}")),
        ]
        .boxed(),
    };
    prop_oneof![
        8 => likely,
        2 => Just(String::new()),
        1 => prop_oneof![Just("NaN"), Just("inf"), Just("-0"), Just("1e-320"), Just("null"), Just("\u{1b}[2J"), Just(" \u{202e} ")].prop_map(str::to_owned),
        1 => "\\PC{0,12}",
        1 => ".{0,8}",
    ]
    .boxed()
}

fn table(columns: &'static [&'static str]) -> impl Strategy<Value = Vec<Vec<String>>> {
    let row: Vec<_> = columns.iter().map(|column| cell(column)).collect();
    prop::collection::vec(row, 0..12)
}

fn csv_of(columns: &[&str], rows: &[Vec<String>]) -> Vec<u8> {
    let mut writer = csv::Writer::from_writer(Vec::new());
    writer.write_record(columns).unwrap();
    for row in rows {
        writer.write_record(row).unwrap();
    }
    writer.into_inner().unwrap()
}

/// What comes from outside is seldom well formed: quotes, breaks and bytes are put in.
fn broken(mut bytes: Vec<u8>, damage: &[(prop::sample::Index, u8)], from: usize) -> Vec<u8> {
    for (at, byte) in damage {
        let at = from + at.index(bytes.len() - from + 1);
        bytes.insert(at, *byte);
    }
    bytes
}

fn damage() -> impl Strategy<Value = Vec<(prop::sample::Index, u8)>> {
    let byte = prop_oneof![
        Just(b'"'),
        Just(b'\n'),
        Just(b'\r'),
        Just(b','),
        Just(0u8),
        Just(b'{'),
        any::<u8>()
    ];
    prop::collection::vec((any::<prop::sample::Index>(), byte), 0..4)
}

fn json_value(column: &'static str) -> BoxedStrategy<serde_json::Value> {
    use serde_json::Value;
    prop_oneof![
        8 => cell(column).prop_map(Value::from),
        3 => (0u32..20).prop_map(Value::from),
        1 => any::<f64>().prop_map(Value::from),
        1 => any::<i64>().prop_map(Value::from),
        1 => any::<bool>().prop_map(Value::from),
        1 => Just(Value::Null),
        1 => prop::collection::vec(any::<u8>(), 0..3).prop_map(Value::from),
        1 => cell("score").prop_map(|text| serde_json::json!({ "deep": text })),
    ]
    .boxed()
}

fn jsonl(columns: &'static [&'static str]) -> impl Strategy<Value = Vec<u8>> {
    let row: Vec<_> = columns
        .iter()
        .map(|column| prop::option::weighted(0.8, json_value(column)))
        .collect();
    let nested = prop::option::of(prop::collection::btree_map(
        "[a-cA-C ]{0,2}",
        json_value("score"),
        0..3,
    ));
    prop::collection::vec((row, nested), 0..10).prop_map(move |rows| {
        let mut out = String::new();
        for (row, nested) in rows {
            let mut object = serde_json::Map::new();
            for (name, value) in columns.iter().zip(row) {
                if let Some(value) = value {
                    object.insert((*name).to_owned(), value);
                }
            }
            if let Some(nested) = nested {
                let nested = nested.into_iter().collect();
                object.insert("features".to_owned(), serde_json::Value::Object(nested));
            }
            out.push_str(&serde_json::Value::Object(object).to_string());
            out.push('\n');
        }
        out.into_bytes()
    })
}

const KINDS: [(Kind, &[&str]); 4] = [
    (Kind::Trades, TRADES),
    (Kind::Calls, CALLS),
    (Kind::Prices, PRICES),
    (Kind::Outcomes, OUTCOMES),
];

fn any_kind() -> impl Strategy<Value = Option<Kind>> {
    prop_oneof![
        Just(None),
        Just(Some(Kind::Trades)),
        Just(Some(Kind::Calls)),
        Just(Some(Kind::Prices)),
        Just(Some(Kind::Outcomes)),
    ]
}

/// Two databases' worth of files a case: few by default, `PROPTEST_CASES` for more.
fn few() -> ProptestConfig {
    let cases = std::env::var("PROPTEST_CASES")
        .ok()
        .and_then(|n| n.parse().ok())
        .unwrap_or(24);
    ProptestConfig {
        cases,
        max_shrink_iters: 300,
        failure_persistence: None,
        ..ProptestConfig::default()
    }
}

fn fuzz_csv(index: usize) {
    let (kind, columns) = KINDS[index];
    proptest!(few(), |(rows in table(columns), damage in damage())| {
        let bytes = csv_of(columns, &rows);
        let header = columns.join(",").len() + 1;
        let options = Options { kind: Some(kind), chain: Some("base".to_owned()), ..Options::default() };
        twice(broken(bytes, &damage, header), options);
    });
}

fn fuzz_json(index: usize) {
    let (kind, columns) = KINDS[index];
    proptest!(few(), |(bytes in jsonl(columns), damage in damage())| {
        twice(broken(bytes, &damage, 0), named(Some(kind)));
    });
}

#[test]
fn any_csv_of_trades() {
    fuzz_csv(0);
}

#[test]
fn any_csv_of_calls() {
    fuzz_csv(1);
}

#[test]
fn any_csv_of_prices() {
    fuzz_csv(2);
}

#[test]
fn any_csv_of_outcomes() {
    fuzz_csv(3);
}

#[test]
fn any_json_lines_of_trades() {
    fuzz_json(0);
}

#[test]
fn any_json_lines_of_calls() {
    fuzz_json(1);
}

#[test]
fn any_json_lines_of_prices() {
    fuzz_json(2);
}

#[test]
fn any_json_lines_of_outcomes() {
    fuzz_json(3);
}

#[test]
fn any_bytes() {
    proptest!(few(), |(bytes in prop::collection::vec(any::<u8>(), 0..400), kind in any_kind())| {
        twice(bytes, named(kind));
    });
}

#[test]
fn any_bytes_after_a_header_or_a_byte_order_mark() {
    let starts = prop::sample::select(vec![
        "model,realized_pnl,confidence\n".as_bytes().to_vec(),
        b"source,symbol,called_at,x\n".to_vec(),
        b"address,at,price_usd\n".to_vec(),
        b"id,peak_multiple\n".to_vec(),
        b"{".to_vec(),
        vec![0xFF, 0xFE],
        vec![0xFE, 0xFF],
        vec![0xEF, 0xBB, 0xBF],
    ]);
    let bytes = prop_oneof![
        prop::collection::vec(any::<u8>(), 0..300),
        prop::collection::vec(
            prop::sample::select(b"a1,\"\n\r{}:[] \0\xff-.eT".to_vec()),
            0..300
        ),
    ];
    proptest!(few(), |(start in starts, bytes in bytes, kind in any_kind())| {
        twice([start, bytes].concat(), named(kind));
    });
}

proptest! {
    #[test]
    fn small_parsers_take_anything(text in prop_oneof![".*", "[0-9eE+.TZ:smhd -]{0,40}", "\\PC*"]) {
        if let Ok(at) = Timestamp::parse(&text) {
            // What was understood can be written and read again.
            prop_assert_eq!(Timestamp::parse(&at.rfc3339()), Ok(at));
            let _ = at.minute_label();
        }
        if let Ok(span) = Span::parse(&text) {
            prop_assert_eq!(Span::parse(&span.label()), Ok(span));
        }
        if let Some(value) = FeatureValue::parse(&text) {
            prop_assert!(FeatureValue::parse(&value.label()).is_some());
        }
        let once = clean(&text);
        prop_assert!(!once.chars().any(char::is_control));
        prop_assert_eq!(clean(&once), once);
    }
}
