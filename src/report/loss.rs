//! The loss report of an import from a predecessor, as text and as JSON.

use std::fmt::Write;

use serde_json::{Value, json};

use crate::ingest::predecessor::{Item, Loss, Migrated};

/// The report as text: four lists, each with counts and reasons.
#[must_use]
pub fn text(migrated: &Migrated) -> String {
    let loss = &migrated.loss;
    let mut out = String::new();
    for (name, what) in &loss.files {
        let _ = writeln!(out, "{name}: {what}");
    }
    if loss.files.is_empty() {
        return out;
    }
    out.push_str("\nCame over\n");
    if migrated.withdrawn {
        out.push_str("         nothing: something was refused, and --strict wants all of it\n");
    } else if loss.came_over.is_empty() {
        out.push_str("         nothing\n");
    }
    for came in loss.came_over.iter().filter(|_| !migrated.withdrawn) {
        let t = came.tally;
        let _ = writeln!(
            out,
            "{:>8} {}: {} new, {} updated, {} unchanged{}",
            t.read - t.refused,
            came.what,
            t.new,
            t.updated,
            t.unchanged,
            if t.refused > 0 {
                format!(", {} refused", t.refused)
            } else {
                String::new()
            }
        );
    }
    for (title, items) in lists(loss) {
        if items.is_empty() {
            continue;
        }
        let _ = writeln!(out, "\n{title}");
        for item in items {
            let _ = writeln!(out, "{:>8} {}: {}", item.count, item.what, item.reason);
            if !item.examples.is_empty() {
                let _ = writeln!(out, "         such as {}", item.examples.join(", "));
            }
        }
    }
    out
}

/// The report as one JSON object.
#[must_use]
pub fn json_report(migrated: &Migrated) -> Value {
    let loss = &migrated.loss;
    let files: Vec<Value> =
        loss.files
            .iter()
            .map(|(name, what)| json!({"file": name, "what": what, "refused_whole": null}))
            .chain(
                migrated.failed.iter().map(
                    |(name, reason)| json!({"file": name, "what": null, "refused_whole": reason}),
                ),
            )
            .collect();
    let came: Vec<Value> = loss
        .came_over
        .iter()
        .filter(|_| !migrated.withdrawn)
        .map(|came| {
            let t = came.tally;
            json!({
                "what": came.what,
                "count": t.read - t.refused,
                "new": t.new,
                "updated": t.updated,
                "unchanged": t.unchanged,
                "refused": t.refused,
            })
        })
        .collect();
    json!({
        "schema": 1,
        "from": loss.from.name(),
        "withdrawn": migrated.withdrawn,
        "files": files,
        "came_over": came,
        "recomputed": items(&loss.recomputed),
        "flagged": items(&loss.flagged),
        "refused": items(&loss.refused),
    })
}

fn lists(loss: &Loss) -> [(&'static str, &[Item]); 3] {
    [
        ("Recomputed", &loss.recomputed),
        ("Flagged", &loss.flagged),
        ("Refused", &loss.refused),
    ]
}

fn items(items: &[Item]) -> Value {
    items
        .iter()
        .map(|item| {
            json!({
                "what": item.what,
                "count": item.count,
                "reason": item.reason,
                "examples": item.examples,
            })
        })
        .collect()
}
