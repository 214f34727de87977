//! The store through the library, on real files: what it refuses to touch, and that what
//! it derives is always what a rebuild would give.

#![allow(
    clippy::expect_used,
    clippy::float_cmp,
    clippy::format_push_string,
    clippy::panic,
    clippy::too_many_lines,
    clippy::unreadable_literal,
    clippy::unwrap_used,
    reason = "a test fails by panicking, and its figures are quoted as they were computed"
)]

mod cli_support;

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use callboard::analytics::{BookKey, Guards, Point, Summary};
use callboard::board::{Board, Settings};
use callboard::domain::{
    Call, CallFacts, CallId, Confidence, Decision, Features, Fold, ImportedOutcome, Multiple,
    Observation, Outcome, Price, Range, Reading, Refusal, Rules, Span, Timestamp, TokenKey, Trade,
    Window,
};
use callboard::report::{Request, json};
use callboard::store::{Put, Sample, Store, StoreError, StoredCall};
use cli_support::{Machine, snapshot};
use proptest::prelude::*;
use rusqlite::Connection;
use tempfile::TempDir;

const T0: Timestamp = Timestamp::from_millis(1_760_000_000_000);

fn open(path: &Path) -> Result<Store, StoreError> {
    Store::open(path, Rules::default())
}

fn fresh() -> (TempDir, Store) {
    let folder = tempfile::tempdir().unwrap();
    let store = open(&folder.path().join("x.db")).unwrap();
    (folder, store)
}

fn settings() -> Settings {
    Settings {
        rules: Rules::default(),
        min_rank_n: 10,
        guards: Guards::default(),
    }
}

fn token(name: &str) -> TokenKey {
    TokenKey::new(Some("solana"), name).unwrap()
}

fn call(id: &str, name: &str, minute: i64, entry: Option<f64>) -> Call {
    Call {
        id: CallId(id.to_owned()),
        source: "bot".to_owned(),
        chain: "solana".to_owned(),
        token: Some(token(name)),
        symbol: None,
        name: None,
        called_at: T0.plus(Span::minutes(minute)),
        stated_entry: entry.and_then(Price::new),
        market_cap_usd: None,
        liquidity_usd: None,
        rejected_by: None,
        features: Features::new(),
    }
}

fn sample(name: &str, minute: i64, price: f64, provider: &str, decision: Decision) -> Sample {
    Sample {
        token: token(name),
        reading: Reading {
            at: T0.plus(Span::minutes(minute)),
            price: Price::new(price),
            liquidity_usd: None,
            market_cap_usd: None,
            absent: false,
            provider: provider.to_owned(),
            pool: None,
        },
        decision,
    }
}

fn trade(id: &str, model: &str, closed: Option<i64>, pnl: Option<f64>) -> Trade {
    Trade {
        id: id.to_owned(),
        model: model.to_owned(),
        symbol: None,
        side: None,
        quantity: None,
        entry_price: None,
        exit_price: None,
        opened_at: None,
        closed_at: closed.map(Timestamp::from_millis),
        realized_pnl: pnl,
        fee: None,
        cost: None,
        confidence: None,
        currency: Some("USD".to_owned()),
    }
}

fn folds(store: &Store) -> BTreeMap<String, Fold> {
    let calls = store.load(None).unwrap().calls;
    calls.into_iter().map(|c| (c.call.id.0, *c.fold)).collect()
}

fn fold(store: &Store, id: &str) -> Fold {
    folds(store).remove(id).unwrap()
}

fn report(store: &Store, as_of: Timestamp) -> String {
    let board = Board::new(store.load(Some(as_of)).unwrap(), settings());
    json(&board, &request(as_of)).unwrap().to_string()
}

fn request(as_of: Timestamp) -> Request {
    Request {
        section: None,
        range: Range::All,
        as_of,
        model: None,
        compare: None,
        shared_days: false,
        trades: Vec::new(),
        top: None,
        provisional: true,
        filter: None,
    }
}

// ---- Files that are not to be touched ------------------------------------------------------

/// Opens a file as a database by the library and by every command of the binary, and expects that
/// each is refused in one line that names the file, and that no byte has changed.
fn is_refused_and_untouched(machine: &Machine, part: &str) {
    let folder = machine.path("");
    let input = machine.file("input.csv", "id,model,realized_pnl\na,m,1\n");
    let before = snapshot(&folder);
    let error = open(&machine.db()).unwrap_err().to_string();
    assert!(error.contains(part), "{error}");
    assert!(error.contains("test.db"), "{error}");
    assert_eq!(snapshot(&folder), before, "by the library");
    for args in [
        &["--report"][..],
        &["import", &input],
        &["record", "trade", "--model", "m"],
    ] {
        let ran = machine.run(args);
        assert_eq!((ran.code, ran.out.as_str()), (1, ""), "{args:?}: {ran:?}");
        assert!(ran.err.contains(part), "{args:?}: {}", ran.err);
        assert_eq!(ran.err.lines().count(), 1, "{}", ran.err);
        assert_eq!(snapshot(&folder), before, "by {args:?}");
    }
}

#[test]
fn a_file_of_a_newer_version_is_refused_and_untouched() {
    let machine = Machine::new();
    drop(open(&machine.db()).unwrap());
    let raw = Connection::open(machine.db()).unwrap();
    raw.pragma_update(None, "user_version", 99).unwrap();
    raw.close().unwrap();
    assert!(matches!(
        open(&machine.db()),
        Err(StoreError::Newer { found: 99, .. })
    ));
    is_refused_and_untouched(&machine, "newer");
}

#[test]
fn a_newer_version_that_still_lies_in_the_write_ahead_log_is_refused_and_untouched() {
    let machine = Machine::new();
    drop(open(&machine.db()).unwrap());
    // A newer program that was killed: its last words lie in the log beside the file.
    let elsewhere = tempfile::tempdir().unwrap();
    let alive = elsewhere.path().join("test.db");
    fs::copy(machine.db(), &alive).unwrap();
    let raw = Connection::open(&alive).unwrap();
    raw.pragma_update(None, "wal_autocheckpoint", 0).unwrap();
    raw.pragma_update(None, "user_version", 99).unwrap();
    for end in ["", "-wal"] {
        fs::copy(
            elsewhere.path().join(format!("test.db{end}")),
            machine.path(&format!("test.db{end}")),
        )
        .unwrap();
    }
    drop(raw);
    let before = (
        fs::read(machine.db()).unwrap(),
        fs::read(machine.path("test.db-wal")).ok(),
    );
    assert!(matches!(
        open(&machine.db()),
        Err(StoreError::Newer { found: 99, .. })
    ));
    let after = (
        fs::read(machine.db()).unwrap(),
        fs::read(machine.path("test.db-wal")).ok(),
    );
    assert!(before == after, "the file or its log was written to");
}

#[test]
fn another_programs_database_is_refused_and_untouched() {
    let machine = Machine::new();
    let raw = Connection::open(machine.db()).unwrap();
    raw.execute_batch("CREATE TABLE t (a); INSERT INTO t VALUES (1);")
        .unwrap();
    raw.close().unwrap();
    is_refused_and_untouched(&machine, "another program");

    let named = Machine::new();
    let raw = Connection::open(named.db()).unwrap();
    raw.execute_batch("PRAGMA application_id = 7; PRAGMA user_version = 1; CREATE TABLE t (a);")
        .unwrap();
    raw.close().unwrap();
    is_refused_and_untouched(&named, "another program");
}

#[test]
fn a_text_file_is_refused_and_untouched() {
    for content in [
        "hello\n",
        "\n",
        "SQLite format 3",
        &"id,model\n".repeat(100),
    ] {
        let machine = Machine::new();
        machine.file("test.db", content);
        is_refused_and_untouched(&machine, "not a callboard database");
    }
    let machine = Machine::new();
    machine.file("test.db", [&b"SQLite format 3\0"[..], &[0; 84]].concat());
    is_refused_and_untouched(&machine, "not a callboard database");
}

#[test]
fn a_folder_is_refused_and_untouched() {
    let machine = Machine::new();
    fs::create_dir(machine.db()).unwrap();
    is_refused_and_untouched(&machine, "folder");
    assert_eq!(fs::read_dir(machine.db()).unwrap().count(), 0);
}

#[test]
fn a_zero_byte_file_becomes_a_database() {
    let machine = Machine::new();
    machine.file("test.db", "");
    let mut store = open(&machine.db()).unwrap();
    let puts = store.put_trades(&[trade("a", "m", Some(1), Some(1.0))]);
    assert_eq!(puts.unwrap().0, [Put::New]);
    drop(store);
    assert!(open(&machine.db()).is_ok());
}

#[test]
fn a_missing_folder_is_made_and_an_unreachable_path_is_an_error_that_names_it() {
    let folder = tempfile::tempdir().unwrap();
    assert!(open(&folder.path().join("a/b/c.db")).is_ok());
    fs::write(folder.path().join("file"), "x").unwrap();
    let error = open(&folder.path().join("file/c.db")).unwrap_err();
    assert!(error.to_string().contains("file/c.db"), "{error}");
    assert_eq!(fs::read(folder.path().join("file")).unwrap(), b"x");
}

#[test]
fn the_file_says_whose_it_is_and_logs_ahead() {
    let (folder, store) = fresh();
    drop(store);
    let raw = Connection::open(folder.path().join("x.db")).unwrap();
    let text = |pragma: &str| -> String {
        raw.query_row(&format!("PRAGMA {pragma}"), [], |row| {
            row.get::<_, rusqlite::types::Value>(0)
        })
        .map(|v| format!("{v:?}"))
        .unwrap()
    };
    assert!(text("journal_mode").contains("wal"));
    assert!(text("integrity_check").contains("ok"));
    assert_ne!(text("user_version"), "Integer(0)");
    assert_ne!(text("application_id"), "Integer(0)");
    let columns: Vec<String> = raw
        .prepare("SELECT * FROM samples")
        .unwrap()
        .column_names()
        .into_iter()
        .map(str::to_owned)
        .collect();
    for name in [
        "chain",
        "address",
        "at",
        "price_usd",
        "liquidity_usd",
        "accepted",
        "reason",
    ] {
        assert!(columns.iter().any(|c| c == name), "the view has {name}");
    }
}

// ---- Folds ---------------------------------------------------------------------------------

#[test]
fn a_waiting_sample_that_is_confirmed_later_moves_the_ath() {
    let (_folder, mut store) = fresh();
    store.put_calls(&[call("c", "A", 0, Some(1.0))]).unwrap();
    let put = |store: &mut Store, s: Sample| store.put_samples(&[s]).unwrap().0.remove(0);
    let accepted = Decision::Accepted;
    assert_eq!(
        put(&mut store, sample("A", 1, 1.0, "p", accepted)),
        Put::New
    );
    assert_eq!(
        put(&mut store, sample("A", 2, 9.0, "p", Decision::Waiting)),
        Put::New
    );
    assert_eq!(fold(&store, "c").peak.unwrap().price.usd(), 1.0);
    assert_eq!(
        put(&mut store, sample("A", 3, 8.0, "p", accepted)),
        Put::New
    );
    assert_eq!(fold(&store, "c").peak.unwrap().price.usd(), 8.0);
    assert_eq!(
        put(&mut store, sample("A", 2, 9.0, "p", accepted)),
        Put::Updated
    );
    let moved = fold(&store, "c");
    assert_eq!(moved.peak.unwrap().price.usd(), 9.0);
    assert_eq!(moved.peak.unwrap().at, T0.plus(Span::minutes(2)));
    assert_eq!(
        moved.last.unwrap().price.usd(),
        8.0,
        "the latest is still the latest"
    );
    store.rebuild_folds().unwrap();
    assert_eq!(fold(&store, "c"), moved);
}

#[test]
fn an_import_never_revives_a_refused_sample() {
    for refusal in [Refusal::UnconfirmedJump, Refusal::Voided] {
        let (_folder, mut store) = fresh();
        store.put_calls(&[call("c", "A", 0, Some(1.0))]).unwrap();
        store
            .put_samples(&[
                sample("A", 1, 1.0, "import", Decision::Accepted),
                sample("A", 2, 99.0, "import", Decision::Refused(refusal)),
            ])
            .unwrap();
        let before = fold(&store, "c");
        for decision in [Decision::Accepted, Decision::Waiting] {
            let (puts, changes) = store
                .put_samples(&[sample("A", 2, 99.0, "import", decision)])
                .unwrap();
            assert_eq!((puts, changes), (vec![Put::Unchanged], vec![]));
        }
        // Even if the import knows more of it.
        let mut more = sample("A", 2, 99.0, "import", Decision::Accepted);
        more.reading.liquidity_usd = Some(5.0);
        store.put_samples(&[more]).unwrap();
        assert_eq!(fold(&store, "c"), before);
        store.rebuild_folds().unwrap();
        assert_eq!(fold(&store, "c"), before);
    }
}

#[test]
fn a_call_that_learns_its_entry_later_is_folded_again() {
    let (_folder, mut store) = fresh();
    store.put_calls(&[call("c", "A", 0, None)]).unwrap();
    store
        .put_samples(&[sample("A", 10, 3.0, "p", Decision::Accepted)])
        .unwrap();
    assert_eq!(fold(&store, "c").entry, None);
    let (puts, changes) = store.put_calls(&[call("c", "A", 0, Some(1.5))]).unwrap();
    assert_eq!((puts, changes.len()), (vec![Put::Updated], 1));
    assert_eq!(fold(&store, "c").entry.unwrap().price.usd(), 1.5);
    assert_eq!(fold(&store, "c"), changes[0].fold);
}

#[test]
fn two_providers_at_the_same_instant_fold_as_a_rebuild_does() {
    let (_folder, mut store) = fresh();
    store.put_calls(&[call("c", "A", 0, Some(1.0))]).unwrap();
    let accepted = Decision::Accepted;
    store
        .put_samples(&[
            sample("A", 1, 1.0, "first", accepted),
            sample("A", 2, 1.0, "second", accepted),
        ])
        .unwrap();
    // The provider that was seen second is now named first.
    store
        .put_samples(&[
            sample("A", 60, 2.0, "second", accepted),
            sample("A", 60, 3.0, "first", accepted),
        ])
        .unwrap();
    let moved = fold(&store, "c");
    store.rebuild_folds().unwrap();
    assert_eq!(moved, fold(&store, "c"));
}

/// Readings of two tokens by two providers, no two of a token at the same instant; some wait,
/// some are refused, some have no price or no listing.
fn samples() -> impl Strategy<Value = Vec<Sample>> {
    prop::collection::btree_map(
        (0..2usize, -20i64..12_000),
        (
            0.01..20.0f64,
            0..2usize,
            0..10u8,
            prop::option::of(0.0..30_000.0f64),
        ),
        1..50,
    )
    .prop_map(|rows| {
        rows.into_iter()
            .map(|((name, minute), (price, provider, kind, liquidity))| {
                let decision = match kind {
                    0 => Decision::Waiting,
                    1 => Decision::Refused(Refusal::UnconfirmedJump),
                    2 => Decision::Refused(Refusal::Voided),
                    _ => Decision::Accepted,
                };
                let mut s = sample(
                    ["A", "B"][name],
                    minute,
                    price,
                    ["p", "q"][provider],
                    decision,
                );
                s.reading.liquidity_usd = liquidity;
                s.reading.market_cap_usd = liquidity.map(|l| l * 10.0);
                if kind == 3 {
                    s.reading.price = None;
                }
                if kind == 4 {
                    (
                        s.reading.price,
                        s.reading.liquidity_usd,
                        s.reading.market_cap_usd,
                    ) = (None, None, None);
                    s.reading.absent = true;
                }
                s
            })
            .collect()
    })
}

fn four_calls() -> [Call; 4] {
    [
        call("a1", "A", 0, Some(1.0)),
        call("a2", "A", 500, None),
        call("b1", "B", -10, None),
        call("b2", "B", 9000, Some(2.0)),
    ]
}

/// Stores calls and takes them up in the board, as the engine does.
fn add(store: &mut Store, board: &mut Board, calls: &[Call]) {
    let (_, changes) = store.put_calls(calls).unwrap();
    board.add_calls(calls.iter().map(|call| StoredCall {
        call: call.clone(),
        voided: None,
        fold: Box::new(Fold::start(&CallFacts::from(call))),
        imported: None,
    }));
    board.move_folds(changes);
}

/// The folds by the domain alone, over what was accepted.
fn direct(all: &[Sample], calls: &[Call]) -> BTreeMap<String, Fold> {
    let rules = Rules::default();
    calls
        .iter()
        .map(|call| {
            let mut seen: Vec<&Sample> = all
                .iter()
                .filter(|s| {
                    Some(&s.token) == call.token.as_ref() && s.decision == Decision::Accepted
                })
                .collect();
            seen.sort_by_key(|s| s.reading.at);
            let seen: Vec<Observation> =
                seen.iter().map(|s| Observation::from(&s.reading)).collect();
            (
                call.id.0.clone(),
                Fold::over(&CallFacts::from(call), &rules, &seen),
            )
        })
        .collect()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 40, failure_persistence: None, ..ProptestConfig::default() })]

    /// However samples and calls arrive, the folds are those of one sorted import and of a rebuild.
    #[test]
    fn samples_in_any_order_and_batches_give_the_same_folds(
        (all, shuffled) in samples().prop_flat_map(|all| (Just(all.clone()), Just(all).prop_shuffle())),
        batches in prop::collection::vec(1..12usize, 1..10),
        ways in prop::collection::vec(0..3u8, 10),
        calls_before in 0..5usize,
    ) {
        let calls = four_calls();
        let want = direct(&all, &calls);

        let (_one, mut sorted) = fresh();
        sorted.put_calls(&calls).unwrap();
        sorted.put_samples(&all).unwrap();
        prop_assert_eq!(&folds(&sorted), &want);

        let (folder, mut store) = fresh();
        let mut board = Board::new(store.load(None).unwrap(), settings());
        add(&mut store, &mut board, &calls[..calls_before.min(4)]);
        let mut rest = shuffled.as_slice();
        let mut sizes = batches.iter().cycle();
        let mut late = calls_before.min(4);
        let mut ways = ways.iter().cycle();
        while !rest.is_empty() {
            let (now, later) = rest.split_at((*sizes.next().unwrap()).min(rest.len()));
            // Imported, polled, or polled after what was polled before went to its place.
            let (puts, changes) = match ways.next().unwrap() {
                0 => store.put_samples(now).unwrap(),
                1 => store.put_polled(now).unwrap(),
                _ => {
                    store.settle_recent().unwrap();
                    store.put_polled(now).unwrap()
                }
            };
            prop_assert!(puts.iter().all(|p| *p == Put::New), "{:?}", puts);
            board.move_folds(changes);
            rest = later;
            if let Some(call) = calls.get(late) {
                add(&mut store, &mut board, std::slice::from_ref(call));
                late += 1;
            }
        }
        add(&mut store, &mut board, &calls[late..]);
        prop_assert_eq!(&folds(&store), &want, "incremental");
        let as_of = T0.plus(Span::days(20));
        let moved = json(&board, &request(as_of)).unwrap().to_string();
        prop_assert_eq!(&moved, &report(&store, as_of), "the board in memory");
        // Everything once more changes nothing.
        for _ in 0..2 {
            for (puts, changes) in [
                store.put_samples(&shuffled).unwrap(),
                store.put_polled(&shuffled).unwrap(),
            ] {
                prop_assert!(puts.iter().all(|p| *p == Put::Unchanged), "{:?}", puts);
                prop_assert!(changes.is_empty());
            }
            store.settle_recent().unwrap();
        }

        let once = report(&store, as_of);
        store.rebuild_folds().unwrap();
        prop_assert_eq!(&folds(&store), &want, "rebuilt");
        prop_assert_eq!(&report(&store, as_of), &once);
        drop(store);
        let again = open(&folder.path().join("x.db")).unwrap();
        prop_assert_eq!(&folds(&again), &want, "reopened");
        prop_assert_eq!(&report(&again, as_of), &once);

        // As of an earlier instant nothing later has moved a fold.
        let early = T0.plus(Span::minutes(600));
        let seen: Vec<Sample> = all.iter().filter(|s| s.reading.at <= early).cloned().collect();
        let (_two, mut then) = fresh();
        then.put_calls(&calls).unwrap();
        then.put_samples(&seen).unwrap();
        prop_assert_eq!(report(&again, early), report(&then, early));
    }

    /// A waiting sample that is settled, in any order with the others, counts as if it had been
    /// settled at once.
    #[test]
    fn settling_late_is_the_same_as_settling_at_once(
        all in samples(),
        confirm in prop::collection::vec(any::<bool>(), 50),
    ) {
        let calls = four_calls();
        let (_folder, mut store) = fresh();
        store.put_calls(&calls).unwrap();
        store.put_samples(&all).unwrap();
        let mut settled = all.clone();
        for (s, confirm) in settled.iter_mut().zip(confirm) {
            if s.decision == Decision::Waiting {
                s.decision = if confirm { Decision::Accepted } else { Decision::Refused(Refusal::UnconfirmedJump) };
                store.put_samples(std::slice::from_ref(s)).unwrap();
            }
        }
        prop_assert_eq!(folds(&store), direct(&settled, &calls));
    }
}

// ---- Summaries -----------------------------------------------------------------------------

const HOUR: i64 = 3_600_000;

type Hours = BTreeMap<(String, String), Vec<(i64, Summary)>>;

/// The hourly summaries as they lie in the file.
fn hours(store: &Store) -> Hours {
    let conn = Connection::open(store.path()).unwrap();
    let mut hours = Hours::new();
    let mut stored = conn
        .prepare(
            "SELECT b.model, b.currency, h.hour, h.summary FROM trade_hour h \
             JOIN book b ON b.id = h.book_id ORDER BY h.hour",
        )
        .unwrap();
    let mut rows = stored.query([]).unwrap();
    while let Some(row) = rows.next().unwrap() {
        let key = (row.get(0).unwrap(), row.get(1).unwrap());
        let blob: Vec<u8> = row.get(3).unwrap();
        let summary = postcard::from_bytes(&blob).unwrap();
        hours
            .entry(key)
            .or_default()
            .push((row.get(2).unwrap(), summary));
    }
    hours
}

/// Trades over a few ids, models, currencies and days, so that corrections move them about.
fn trade_rows() -> impl Strategy<Value = Vec<Trade>> {
    prop::collection::vec(
        (
            0..12u8,
            0..2usize,
            0..2usize,
            prop::option::weighted(0.8, 0..200i64),
            prop::option::weighted(0.8, -50..50i32),
            prop::option::of(0..=10u8),
        ),
        1..60,
    )
    .prop_map(|rows| {
        rows.into_iter()
            .map(|(id, model, currency, closed, pnl, confidence)| Trade {
                currency: Some(["USD", "SOL"][currency].to_owned()),
                confidence: confidence.and_then(|c| Confidence::from_fraction(f64::from(c) / 10.0)),
                opened_at: Some(T0),
                // Several in an hour, and several hours in a day.
                ..trade(
                    &format!("t{id}"),
                    ["m", "n"][model],
                    closed.map(|c| T0.millis() + c * HOUR / 3),
                    pnl.map(f64::from),
                )
            })
            .collect()
    })
}

/// What the trades come to after every correction: the last word on each field that said one.
fn settled(rows: &[Trade]) -> BTreeMap<String, Trade> {
    let mut known: BTreeMap<String, Trade> = BTreeMap::new();
    for row in rows {
        match known.get_mut(&row.id) {
            None => {
                known.insert(row.id.clone(), row.clone());
            }
            Some(old) => {
                old.model.clone_from(&row.model);
                old.currency.clone_from(&row.currency);
                old.closed_at = row.closed_at.or(old.closed_at);
                old.realized_pnl = row.realized_pnl.or(old.realized_pnl);
                old.confidence = row.confidence.or(old.confidence);
            }
        }
    }
    known
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 40, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn summaries_after_any_corrections_are_those_of_a_rebuild_and_of_a_direct_computation(
        rows in trade_rows(),
        batch in 1..15usize,
    ) {
        let (folder, mut store) = fresh();
        for rows in rows.chunks(batch) {
            store.put_trades(rows).unwrap();
        }
        let moved = hours(&store);
        let known = settled(&rows);

        // Direct: count, total, wins, best and worst per book and hour, in plain arithmetic.
        let mut direct: BTreeMap<(String, String), BTreeMap<i64, Vec<f64>>> = BTreeMap::new();
        for t in known.values() {
            let (Some(at), Some(pnl)) = (t.closed_at, t.realized_pnl) else { continue };
            let book = direct.entry((t.model.clone(), t.currency().to_owned())).or_default();
            book.entry(at.millis().div_euclid(HOUR)).or_default().push(pnl);
        }
        for (key, of_hours) in &moved {
            for (hour, summary) in of_hours {
                let none = Vec::new();
                let pnl = direct.get(key).and_then(|h| h.get(hour)).unwrap_or(&none);
                prop_assert_eq!(summary.trades() as usize, pnl.len());
                prop_assert_eq!(summary.wins as usize, pnl.iter().filter(|p| **p > 0.0).count());
                prop_assert!((summary.total_pnl() - pnl.iter().sum::<f64>()).abs() < 1e-9);
                prop_assert_eq!(summary.best(), pnl.iter().copied().reduce(f64::max));
                prop_assert_eq!(summary.worst(), pnl.iter().copied().reduce(f64::min));
            }
        }
        for (key, of_hours) in &direct {
            let found: Vec<i64> = moved.get(key).map_or_else(Vec::new, |h| h.iter().map(|(h, _)| *h).collect());
            for hour in of_hours.keys() {
                prop_assert!(found.contains(hour), "{:?} lacks hour {}", key, hour);
            }
        }

        // The rows as a window sees them, and what is open.
        let as_of = T0.plus(Span::days(30));
        let window = Range::All.window(as_of);
        for (BookKey { model, currency }, book) in store.load_books().unwrap() {
            let mine: Vec<&Trade> = known.values().filter(|t| t.model == model && t.currency() == currency).collect();
            let mut points: Vec<Point> = mine.iter().filter_map(|t| Point::of(t, 0)).collect();
            points.sort_by_key(Point::closed_at);
            let (got, want) = (book.summary(&window), Summary::of(&points));
            prop_assert_eq!((got.wins, got.losses, got.flat, got.unknown), (want.wins, want.losses, want.flat, want.unknown));
            prop_assert_eq!(got.confidence.n, want.confidence.n);
            prop_assert_eq!((got.held_winners(), got.held_losers()), (want.held_winners(), want.held_losers()));
            let ratio = |s: &Summary| s.sharpe().map_or(0.0, |s| s.ratio);
            prop_assert!((ratio(&got) - ratio(&want)).abs() < 1e-9);
            let days: f64 = book.days(&window).iter().map(|d| d.pnl).sum();
            prop_assert!((days - want.total_pnl()).abs() < 1e-9);
            prop_assert!((got.max_drawdown().unwrap_or(0.0) - want.max_drawdown().unwrap_or(0.0)).abs() < 1e-9);
            prop_assert_eq!(book.open_at(as_of) as usize, mine.iter().filter(|t| t.closed_at.is_none()).count());
        }

        let once = report(&store, as_of);
        store.rebuild_summaries().unwrap();
        prop_assert_eq!(&hours(&store), &moved);
        prop_assert_eq!(&report(&store, as_of), &once);
        // The last word on each once more changes nothing.
        let last: Vec<Trade> = known.into_values().collect();
        let puts = store.put_trades(&last).unwrap();
        prop_assert!(puts.0.iter().all(|p| *p == Put::Unchanged));
        drop(store);
        let again = open(&folder.path().join("x.db")).unwrap();
        prop_assert_eq!(&hours(&again), &moved);
        prop_assert_eq!(&report(&again, as_of), &once);
    }
}

#[test]
fn a_book_whose_trades_have_moved_away_goes_on_after_those_that_are_left() {
    // More than lie in one piece of the file; all of them go, or those of the last piece.
    for (all, from) in [(130, 0), (65, 64), (200, 128)] {
        let (_folder, mut store) = fresh();
        let of = |model: &str, from: usize| -> Vec<Trade> {
            let ids = (from..all).map(|i| format!("t{i:03}"));
            ids.map(|id| trade(&id, model, Some(HOUR), Some(1.0)))
                .collect()
        };
        store.put_trades(&of("A", 0)).unwrap();
        store.put_trades(&of("B", from)).unwrap();
        let late = ["x1", "x2", "x3"].map(|id| trade(id, "A", Some(HOUR), Some(100.0)));
        for trade in &late {
            let (puts, _) = store.put_trades([trade]).unwrap();
            assert_eq!(puts, [Put::New]);
        }
        for trade in &late {
            let (puts, _) = store.put_trades([trade]).unwrap();
            assert_eq!(puts, [Put::Unchanged], "{} of {all}, {from}", trade.id);
        }
        let better = Trade {
            realized_pnl: Some(7.0),
            ..late[0].clone()
        };
        store.put_trades([&better]).unwrap();
        let key = |model: &str| BookKey {
            model: model.to_owned(),
            currency: "USD".to_owned(),
        };
        let mut left = of("A", 0);
        left.truncate(from);
        left.extend([better, late[1].clone(), late[2].clone()]);
        let sum: f64 = left.iter().filter_map(|t| t.realized_pnl).sum();
        for rebuilt in [false, true] {
            if rebuilt {
                store.rebuild_summaries().unwrap();
            }
            let ids = |trades: Vec<Trade>| -> Vec<String> {
                let mut ids: Vec<String> = trades.into_iter().map(|t| t.id).collect();
                ids.sort();
                ids
            };
            assert_eq!(ids(store.trades_of(&key("A")).unwrap()), ids(left.clone()));
            assert_eq!(store.trades_of(&key("B")).unwrap().len(), all - from);
            let book = store.load_book_of(&key("A")).unwrap();
            let ever = Window {
                from: None,
                to: Timestamp::from_millis(HOUR),
            };
            assert_eq!(book.summary(&ever).total_pnl(), sum);
        }
    }
}

/// What two providers say at one instant counts in one order, whichever of them came first.
#[test]
fn the_order_of_providers_at_one_instant_is_not_that_of_their_coming() {
    let rows = [
        sample("A", 5, 2.0, "dexscreener", Decision::Accepted),
        sample("A", 5, 4.0, "jupiter", Decision::Accepted),
    ];
    let mut swapped = rows.clone();
    swapped.reverse();
    let of = |rows: &[Sample], one_by_one: bool| {
        let (_folder, mut store) = fresh();
        store.put_calls(&[call("c", "A", 0, Some(1.0))]).unwrap();
        for part in rows.chunks(if one_by_one { 1 } else { 2 }) {
            store.put_samples(part).unwrap();
        }
        folds(&store)
    };
    let want = of(&rows, false);
    for one_by_one in [false, true] {
        assert_eq!(of(&rows, one_by_one), want);
        assert_eq!(of(&swapped, one_by_one), want);
    }
}

#[test]
fn a_correction_that_moves_a_trade_leaves_nothing_behind() {
    let (_folder, mut store) = fresh();
    let day = 24 * HOUR;
    store
        .put_trades(&[trade("a", "m", Some(day), Some(5.0))])
        .unwrap();
    store
        .put_trades(&[trade("a", "n", Some(9 * day), Some(6.0))])
        .unwrap();
    let books = hours(&store);
    assert_eq!(books.len(), 1, "{books:?}");
    let [(hour, summary)] = books[&("n".to_owned(), "USD".to_owned())][..] else {
        panic!("{books:?}");
    };
    assert_eq!((hour, summary.total_pnl()), (9 * 24, 6.0));
}

#[test]
fn reopening_loads_the_same_board() {
    let (folder, mut store) = fresh();
    let mut told = call("c", "A", 0, Some(1.0));
    told.features = serde_json::from_str(r#"{"flag":true,"number":0.1,"word":"w"}"#).unwrap();
    told.rejected_by = Some("gate".to_owned());
    store
        .put_calls(&[told.clone(), call("d", "B", 1, None)])
        .unwrap();
    store
        .put_samples(&[sample("A", 5, 2.5, "p", Decision::Accepted)])
        .unwrap();
    let outcome = ImportedOutcome {
        peak: Multiple::new(3.0),
        is_rug: Some(false),
        ..ImportedOutcome::default()
    };
    let puts = store.put_outcomes(&[
        (CallId("d".to_owned()), outcome.clone()),
        (CallId("nobody".to_owned()), outcome.clone()),
    ]);
    assert_eq!(puts.unwrap(), [Put::New, Put::New]);
    store
        .put_trades(&[
            trade("t", "m", Some(1), Some(0.1 + 0.2)),
            trade("open", "m", None, None),
        ])
        .unwrap();
    let before = store.load(None).unwrap();
    let once = report(&store, T0.plus(Span::days(8)));
    drop(store);
    let again = open(&folder.path().join("x.db")).unwrap();
    let after = again.load(None).unwrap();
    assert_eq!(after.calls, before.calls);
    assert_eq!(after.calls[0].call, told, "as it was told");
    assert_eq!(after.calls[1].imported, Some(outcome));
    assert_eq!((before.orphan_outcomes, after.orphan_outcomes), (1, 1));
    assert_eq!(report(&again, T0.plus(Span::days(8))), once);
}

#[test]
fn one_bad_batch_stores_nothing_of_itself_and_a_second_connection_sees_what_was_stored() {
    let (folder, mut store) = fresh();
    let other = open(&folder.path().join("x.db")).unwrap();
    let before = other.foreign_changes().unwrap();
    store.put_calls(&[call("c", "A", 0, Some(1.0))]).unwrap();
    assert_ne!(other.foreign_changes().unwrap(), before);
    assert_eq!(other.load(None).unwrap().calls.len(), 1);
}

#[test]
fn a_call_filled_twice_in_one_batch_is_folded_once_with_both() {
    let (_folder, mut store) = fresh();
    store
        .put_samples(&[sample("A", 3, 4.0, "p", Decision::Accepted)])
        .unwrap();
    let mut more = call("c", "A", 0, Some(2.0));
    more.symbol = Some("S".to_owned());
    let (puts, changes) = store.put_calls(&[call("c", "A", 0, None), more]).unwrap();
    assert_eq!(puts, [Put::New, Put::Updated]);
    assert_eq!(changes.len(), 1);
    let stored = store.load(None).unwrap().calls.remove(0);
    let outcome = Outcome::of(
        &CallFacts::from(&stored.call),
        &stored.fold,
        None,
        &Rules::default(),
        T0.plus(Span::hours(1)),
    );
    assert_eq!(outcome.ath.unwrap().multiple.value(), 2.0);
}

// ---- Several programs ----------------------------------------------------------------------

/// Runs the same work in several threads, each with a store of its own on one file.
fn at_once(
    path: &Path,
    work: impl Fn(&mut Store, usize) -> Result<(), StoreError> + Sync,
) -> Vec<String> {
    let start = std::sync::Barrier::new(4);
    std::thread::scope(|scope| {
        let threads: Vec<_> = (0..4)
            .map(|i| {
                let (work, start) = (&work, &start);
                scope.spawn(move || {
                    start.wait();
                    open(path)
                        .and_then(|mut store| work(&mut store, i))
                        .err()
                        .map(|e| e.to_string())
                })
            })
            .collect();
        threads
            .into_iter()
            .filter_map(|t| t.join().unwrap())
            .collect()
    })
}

#[test]
fn a_database_that_is_not_there_yet_may_be_opened_by_several_at_once() {
    for _ in 0..50 {
        let folder = tempfile::tempdir().unwrap();
        let errors = at_once(&folder.path().join("x.db"), |_, _| Ok(()));
        assert!(errors.is_empty(), "{errors:?}");
    }
}

#[test]
fn several_writers_of_calls_wait_for_each_other() {
    let (folder, store) = fresh();
    let errors = at_once(&folder.path().join("x.db"), |store, i| {
        for n in 0..40 {
            let id = format!("{i}/{n}");
            store.put_calls(&[call(&id, &id, n, Some(1.0))])?;
        }
        Ok(())
    });
    assert!(errors.is_empty(), "{errors:?}");
    assert_eq!(store.load(None).unwrap().calls.len(), 160);
}

#[test]
fn several_writers_of_outcomes_wait_for_each_other() {
    let (folder, store) = fresh();
    let errors = at_once(&folder.path().join("x.db"), |store, i| {
        for n in 0..40 {
            let outcome = ImportedOutcome {
                is_rug: Some(true),
                ..ImportedOutcome::default()
            };
            store.put_outcomes(&[(CallId(format!("{i}/{n}")), outcome)])?;
        }
        Ok(())
    });
    assert!(errors.is_empty(), "{errors:?}");
    assert_eq!(store.load(None).unwrap().orphan_outcomes, 160);
}

#[test]
fn several_writers_of_trades_and_samples_wait_for_each_other() {
    let (folder, store) = fresh();
    let errors = at_once(&folder.path().join("x.db"), |store, i| {
        for n in 0..40 {
            store.put_trades(&[trade(&format!("{i}/{n}"), "m", Some(n), Some(1.0))])?;
            store.put_samples(&[sample("A", n, 1.0, &format!("p{i}"), Decision::Accepted)])?;
        }
        Ok(())
    });
    assert!(errors.is_empty(), "{errors:?}");
    let book = store.load_books().unwrap().remove(0).1;
    assert_eq!(book.summary(&Range::All.window(T0)).trades(), 160);
}

#[test]
fn what_is_temporary_has_no_log_beside_it_and_is_read_and_rolled_back_as_ever() {
    let (folder, mut store) = fresh();
    store.make_temporary().unwrap();
    let path = folder.path().join("x.db");
    store.put_calls(&[call("a", "A", 0, Some(1.0))]).unwrap();
    let one = [sample("A", 1, 2.0, "p", Decision::Accepted)];
    store.put_polled(&one).unwrap();
    // Another connection of this program reads while it is open.
    let reader = Connection::open(&path).unwrap();
    let seen = |sql: &str| -> i64 { reader.query_row(sql, [], |row| row.get(0)).unwrap() };
    assert_eq!(seen("SELECT count(*) FROM sample_all"), 1);
    let folds = |store: &Store| store.load(None).unwrap().calls[0].fold.clone();
    let before = folds(&store);
    store.begin().unwrap();
    let two = [sample("A", 2, 3.0, "p", Decision::Accepted)];
    store.put_polled(&two).unwrap();
    store.rollback();
    assert_eq!(seen("SELECT count(*) FROM sample_all"), 1);
    assert_eq!(folds(&store), before);
    store.put_polled(&two).unwrap();
    assert_eq!(seen("SELECT count(*) FROM sample_all"), 2);
    let files: Vec<_> = fs::read_dir(folder.path()).unwrap().collect();
    assert_eq!(files.len(), 1, "{files:?}");
}
