use std::collections::BTreeMap;

use proptest::prelude::*;

use super::*;
use crate::analytics::FeatureKind;
use crate::domain::{CallId, FeatureValue, Features, Timestamp};

fn kinds() -> BTreeMap<String, FeatureKind> {
    [
        ("lp_locked", FeatureKind::Flag),
        ("smart_money", FeatureKind::Flag),
        ("score", FeatureKind::Number),
        ("top10_pct", FeatureKind::Number),
        ("conviction", FeatureKind::Category),
        ("odd name", FeatureKind::Number),
    ]
    .into_iter()
    .map(|(name, kind)| (name.to_owned(), kind))
    .collect()
}

fn call(features: &[(&str, FeatureValue)]) -> Call {
    Call {
        id: CallId("c".to_owned()),
        source: "bot".to_owned(),
        chain: "solana".to_owned(),
        token: None,
        symbol: None,
        name: None,
        called_at: Timestamp::from_millis(0),
        stated_entry: None,
        market_cap_usd: Some(50_000.0),
        liquidity_usd: None,
        rejected_by: None,
        features: features
            .iter()
            .map(|(name, value)| ((*name).to_owned(), value.clone()))
            .collect::<Features>(),
    }
}

fn known() -> Call {
    call(&[
        ("lp_locked", FeatureValue::Flag(true)),
        ("smart_money", FeatureValue::Text("no".to_owned())),
        ("score", FeatureValue::Number(7.0)),
        ("conviction", FeatureValue::Text("High 'x'".to_owned())),
        ("odd name", FeatureValue::Number(2.5)),
    ])
}

fn holds(text: &str) -> Option<bool> {
    let kinds = kinds();
    Expression::parse(text, &Names::new(&kinds))
        .unwrap_or_else(|e| panic!("{text}: {e}"))
        .holds(&known())
}

fn refused(text: &str) -> String {
    let kinds = kinds();
    Expression::parse(text, &Names::new(&kinds))
        .expect_err(text)
        .to_string()
}

#[test]
fn the_grammar_means_what_sql_means() {
    for (text, want) in [
        ("lp_locked", Some(true)),
        ("lp_locked = TRUE", Some(true)),
        ("LP_LOCKED AND NOT smart_money", Some(true)),
        ("smart_money = 0", Some(true)),
        ("score > 7", Some(false)),
        ("score >= 7 and score <= 7", Some(true)),
        ("score != 7", Some(false)),
        ("score <> 8", Some(true)),
        ("score + 2*lp_locked >= 9", Some(true)),
        ("score + 2*smart_money >= 9", Some(false)),
        ("1 + 2 * 3 = 7", Some(true)),
        ("(1 + 2) * 3 = 9", Some(true)),
        ("10 - 3 - 2 = 5", Some(true)),
        ("8 / 4 / 2 = 1", Some(true)),
        ("-score = -7", Some(true)),
        ("2 - -3 = 5", Some(true)),
        ("7 / 2 = 3.5", Some(true)),
        ("score / 0 > 1", None),
        ("top10_pct < 20", None),
        ("NOT top10_pct < 20", None),
        ("top10_pct < 20 OR lp_locked", Some(true)),
        ("top10_pct < 20 AND smart_money", Some(false)),
        ("top10_pct < 20 AND lp_locked", None),
        ("top10_pct < 20 OR smart_money", None),
        ("smart_money AND top10_pct < 20", Some(false)),
        ("top10_pct IS NULL", Some(true)),
        ("top10_pct IS NOT NULL", Some(false)),
        ("NOT top10_pct IS NULL", Some(false)),
        ("(top10_pct < 20) IS NULL", Some(true)),
        ("score IN (5, 6, 7)", Some(true)),
        ("score IN (5, 6)", Some(false)),
        ("score NOT IN (5, 6)", Some(true)),
        ("score IN (5, top10_pct)", None),
        ("score IN (7, top10_pct)", Some(true)),
        ("score NOT IN (7, top10_pct)", Some(false)),
        ("top10_pct IN (1)", None),
        ("conviction = 'High ''x'''", Some(true)),
        ("conviction IN ('a', 'b')", Some(false)),
        ("conviction < 'Z'", Some(true)),
        ("\"odd name\" = 2.5", Some(true)),
        ("source = 'bot' AND chain = 'solana'", Some(true)),
        ("market_cap_usd >= 5e4", Some(true)),
        ("liquidity_usd > 1", None),
        ("symbol = 'X'", None),
        ("NOT NOT lp_locked", Some(true)),
        // OR is looser than AND, NOT tighter than AND and looser than a comparison.
        ("TRUE OR FALSE AND FALSE", Some(true)),
        ("NOT FALSE AND FALSE", Some(false)),
        ("NOT score = 8", Some(true)),
        ("TRUE", Some(true)),
        ("score", Some(true)),
        (".5 < 1.", Some(true)),
    ] {
        assert_eq!(holds(text), want, "{text}");
    }
}

#[test]
fn what_is_no_condition_is_refused_in_words() {
    for (text, says) in [
        ("", "empty"),
        ("  ", "empty"),
        ("1; DROP TABLE call", "';' has no place"),
        ("SELECT * FROM call", "no call has a feature 'SELECT'"),
        ("lp_locked UNION SELECT 1", "'UNION' was not expected"),
        ("load_extension('x')", "no"),
        ("abs(score) > 1", "called like a function"),
        ("score > 1 -- x", "'-' has no place"),
        ("score /* x */ > 1", "'/' has no place"),
        ("conviction = 'open", "never closed"),
        ("\"open = 1", "never closed"),
        ("(score > 1", "never closed"),
        ("score > 1)", "')' was not expected"),
        ("score >", "ends too early"),
        ("score > > 1", "not expected"),
        ("AND score", "not expected"),
        ("1 < score < 9", "one comparison"),
        ("score = NULL", "IS NULL"),
        ("score IS 7", "NULL"),
        ("score IN 7", "list"),
        ("score IN ()", "not expected"),
        ("score IN (1, 'a')", "words"),
        ("conviction > 5", "conviction holds words"),
        ("conviction", "a text"),
        ("NOT conviction", "a text"),
        ("conviction + 1 > 2", "takes flags and numbers"),
        ("lp_lokced = TRUE", "the nearest is 'lp_locked'"),
        ("sorce = 'x'", "the nearest is '"),
        ("score\u{1b}[31m > 1", "control character"),
        ("score\u{0} > 1", "control character"),
        ("score \u{202e} > 1", "control character"),
        ("\"a\u{1b}b\" > 1", "control character"),
        ("score > 7x", "runs into a word"),
        ("score & 1", "'&' has no place"),
        ("$1", "'$' has no place"),
        ("\"\" = 1", "never closed"),
    ] {
        let said = refused(text);
        assert!(said.contains(says), "{text}: {said}");
        assert!(!said.contains(|c: char| c.is_control()), "{text}: {said}");
    }
}

#[test]
fn what_is_too_long_or_too_deep_is_refused_at_once() {
    let deep = |n: usize| format!("{}score > 1{}", "(".repeat(n), ")".repeat(n));
    assert_eq!(holds(&deep(DEEPEST)), Some(true));
    assert!(refused(&deep(DEEPEST + 1)).contains("deep"));
    assert!(refused(&"(".repeat(1_000_000)).contains("bytes long"));
    assert!(refused(&"(".repeat(LONGEST)).contains("deep"));
    assert!(refused(&format!("{}TRUE", "NOT ".repeat(1000))).contains("deep"));
    assert!(refused(&format!("{}1", "- ".repeat(2000))).contains("deep"));
    // A long chain is no deep one.
    let long = vec!["score"; 500].join(" + ");
    assert_eq!(holds(&long), Some(true));
    assert_eq!(holds(&vec!["lp_locked"; 280].join(" AND ")), Some(true));
}

proptest! {
    #[test]
    fn no_text_brings_it_down(text in "\\PC{0,200}") {
        let kinds = kinds();
        if let Ok(found) = Expression::parse(&text, &Names::new(&kinds)) {
            let _ = found.holds(&known());
        }
    }

    #[test]
    fn no_run_of_words_brings_it_down(
        words in prop::collection::vec(prop::sample::select(vec![
            "score", "lp_locked", "conviction", "'a'", "1", "(", ")", ",", "AND", "OR", "NOT", "IN",
            "IS", "NULL", "=", "<", "+", "-", "*", "/", "TRUE",
        ]), 0..40),
    ) {
        let kinds = kinds();
        if let Ok(found) = Expression::parse(&words.join(" "), &Names::new(&kinds)) {
            let _ = found.holds(&known());
        }
    }
}
