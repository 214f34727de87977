//! The rooms of the program: a room uses what stands above it in the list, never below, and each
//! dangerous thing has one room.

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

use std::fs;
use std::path::{Path, PathBuf};

use syn::visit::{self, Visit};

/// From the top (used by all) to the bottom (uses all).
const ROOMS: [&str; 16] = [
    "domain",
    "stats",
    "analytics",
    "clock",
    "config",
    "store",
    "feed",
    "ingest",
    "tracker",
    "board",
    "view",
    "report",
    "tui",
    "cli",
    "app",
    "main",
];

fn place(room: &str) -> Option<usize> {
    ROOMS.iter().position(|r| *r == room)
}

/// Every room that a file names: `crate::room`, `callboard::room`, and `super` chains that leave
/// the room.
struct Named {
    /// The path of the module that is visited, from the crate's root.
    module: Vec<String>,
    rooms: Vec<String>,
}

impl Named {
    /// Takes the leading segments of a path; `Some(rest)` once they are read from the root.
    fn take(&mut self, segments: &[String]) {
        let mut from = match segments.first().map(String::as_str) {
            Some("crate" | "callboard" | "$crate") => Vec::new(),
            Some("self" | "super") => self.module.clone(),
            _ => return,
        };
        for segment in segments {
            match segment.as_str() {
                "crate" | "callboard" | "$crate" | "self" => {}
                "super" => {
                    from.pop();
                }
                name => from.push(name.to_owned()),
            }
        }
        self.rooms.extend(from.into_iter().next());
    }

    fn tree(&mut self, tree: &syn::UseTree, before: &[String]) {
        let with = |name: &syn::Ident| {
            let mut path = before.to_vec();
            path.push(name.to_string());
            path
        };
        match tree {
            syn::UseTree::Path(path) => self.tree(&path.tree, &with(&path.ident)),
            syn::UseTree::Name(name) => self.take(&with(&name.ident)),
            syn::UseTree::Rename(name) => self.take(&with(&name.ident)),
            syn::UseTree::Glob(_) => self.take(before),
            syn::UseTree::Group(group) => {
                for item in &group.items {
                    self.tree(item, before);
                }
            }
        }
    }

    /// Paths inside macro calls are not parsed: read their tokens.
    fn tokens(&mut self, tokens: &str) {
        let words = words_of(tokens);
        for (i, word) in words.iter().enumerate() {
            let starts = matches!(word.as_str(), "crate" | "super" | "callboard" | "self");
            if starts && (i == 0 || words[i - 1] != "::") {
                let mut path = vec![word.clone()];
                let mut at = i + 1;
                while words.get(at).is_some_and(|w| w == "::") {
                    let Some(next) = words.get(at + 1) else { break };
                    path.push(next.clone());
                    at += 2;
                }
                if path.len() > 1 {
                    self.take(&path);
                }
            }
        }
    }
}

/// The tokens of a macro call as words.
fn words_of(text: &str) -> Vec<String> {
    let mut words: Vec<String> = Vec::new();
    let mut word = String::new();
    let mut chars = text.chars().peekable();
    while let Some(c) = chars.next() {
        if c.is_alphanumeric() || c == '_' {
            word.push(c);
            continue;
        }
        if !word.is_empty() {
            words.push(std::mem::take(&mut word));
        }
        if c == '"' {
            // A string is no path.
            while let Some(c) = chars.next() {
                match c {
                    '\\' => {
                        chars.next();
                    }
                    '"' => break,
                    _ => {}
                }
            }
            words.push("\"\"".to_owned());
        } else if c == ':' && chars.peek() == Some(&':') {
            chars.next();
            words.push("::".to_owned());
        } else if !c.is_whitespace() {
            words.push(c.to_string());
        }
    }
    if !word.is_empty() {
        words.push(word);
    }
    words
}

impl<'ast> Visit<'ast> for Named {
    fn visit_item_use(&mut self, item: &'ast syn::ItemUse) {
        self.tree(&item.tree, &[]);
    }

    fn visit_path(&mut self, path: &'ast syn::Path) {
        let segments: Vec<String> = path.segments.iter().map(|s| s.ident.to_string()).collect();
        if segments.len() > 1 {
            self.take(&segments);
        }
        visit::visit_path(self, path);
    }

    fn visit_macro(&mut self, call: &'ast syn::Macro) {
        self.tokens(&call.tokens.to_string());
        visit::visit_macro(self, call);
    }

    fn visit_item_mod(&mut self, item: &'ast syn::ItemMod) {
        self.module.push(item.ident.to_string());
        visit::visit_item_mod(self, item);
        self.module.pop();
    }
}

/// The rooms below its own that a file names. `module` is the path of its module.
fn violations(module: &[&str], source: &str) -> Vec<String> {
    let own = place(module[0]).unwrap_or_else(|| panic!("{} is no room", module[0]));
    let mut named = Named {
        module: module.iter().map(|m| (*m).to_owned()).collect(),
        rooms: Vec::new(),
    };
    named.visit_file(&syn::parse_file(source).unwrap());
    let mut found: Vec<String> = named
        .rooms
        .into_iter()
        .filter(|room| place(room).is_some_and(|p| p > own))
        .collect();
    found.sort();
    found.dedup();
    found
}

/// Every source file with the path of its module.
fn sources() -> Vec<(PathBuf, Vec<String>, String)> {
    fn walk(folder: &Path, into: &mut Vec<PathBuf>) {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                walk(&path, into);
            } else if path.extension().is_some_and(|e| e == "rs") {
                into.push(path);
            }
        }
    }
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut paths = Vec::new();
    walk(&root, &mut paths);
    paths.sort();
    assert!(paths.len() > 50, "the sources were found: {}", paths.len());
    paths
        .into_iter()
        .map(|path| {
            let inside = path.strip_prefix(&root).unwrap().with_extension("");
            let mut module: Vec<String> = inside
                .iter()
                .map(|part| part.to_str().unwrap().to_owned())
                .collect();
            if module.last().is_some_and(|m| m == "mod") {
                module.pop();
            }
            let text = fs::read_to_string(&path).unwrap();
            (inside, module, text)
        })
        .collect()
}

#[test]
fn no_room_uses_a_room_below_it() {
    let mut found = Vec::new();
    for (path, module, text) in sources() {
        if module == ["lib"] {
            continue;
        }
        let module: Vec<&str> = module.iter().map(String::as_str).collect();
        for room in violations(&module, &text) {
            found.push(format!("{} uses {room}", path.display()));
        }
    }
    assert!(found.is_empty(), "against DESIGN 7: {found:#?}");
}

#[test]
fn every_source_file_belongs_to_a_room() {
    for (path, module, _) in sources() {
        assert!(
            module == ["lib"] || place(&module[0]).is_some(),
            "{} belongs to no room",
            path.display()
        );
    }
}

/// The text without comments, so that a word in one is no use of it.
fn code(text: &str) -> String {
    text.lines()
        .map(|line| line.split("//").next().unwrap_or_default())
        .collect::<Vec<_>>()
        .join("\n")
}

#[test]
fn each_dangerous_thing_has_one_room() {
    for (words, rooms) in [
        (&["rusqlite"][..], &["store"][..]),
        (&["ratatui", "crossterm"], &["tui", "app"]),
        (&["reqwest"], &["feed"]),
        (
            &["SystemTime::now", "Instant::now", "Utc::now", "Local::now"],
            &["clock"],
        ),
    ] {
        for (path, module, text) in sources() {
            // What only unit tests hold is no part of the program.
            let test = module.last().is_some_and(|m| m == "tests");
            if test || rooms.contains(&module[0].as_str()) {
                continue;
            }
            let code = code(&text);
            for word in words {
                assert!(
                    !code.contains(word),
                    "{} is used in {}, but belongs to {rooms:?}",
                    word,
                    path.display()
                );
            }
        }
    }
}

#[test]
fn the_checker_sees_every_way_to_name_a_room_below() {
    for source in [
        "use crate::store::Store;",
        "use crate::{domain::Price, store::Store};",
        "use crate::store;",
        "use crate::store::*;",
        "use crate::store as s;",
        "pub use crate::{store::{self, Put}};",
        "use super::super::store::Store;",
        "use callboard::store::Store;",
        "fn f() -> crate::store::Put { todo!() }",
        "fn f() { crate::store::Store::open(); }",
        "fn f() { println!(\"{}\", crate::store::NAME); }",
        "#[cfg(test)] mod tests { use super::super::super::store::Store; }",
        "struct S { s: Vec<crate::store::Store> }",
        "fn f() { use crate::store::Store; }",
    ] {
        assert_eq!(
            violations(&["analytics", "book"], source),
            ["store"],
            "{source}"
        );
    }
    for source in [
        "use crate::domain::Price;",
        "use crate::analytics::Book;",
        "use super::store;",
        "use super::summary::store;",
        "use store::Store;",
        "fn f() { println!(\"crate::store::NAME\"); }",
        "// crate::store\nfn f() {}",
        "mod tests { use super::*; use super::super::store; }",
    ] {
        assert_eq!(
            violations(&["analytics", "book"], source),
            [""; 0],
            "{source}"
        );
    }
}

#[test]
fn the_order_of_rooms_is_the_one_of_the_contract() {
    for (room, source, allowed) in [
        (
            "analytics",
            "use crate::stats::mean; use crate::domain::Call;",
            true,
        ),
        ("config", "use crate::analytics::Guards;", true),
        ("stats", "use crate::analytics::Guards;", false),
        ("domain", "use crate::stats::mean;", false),
        ("store", "use crate::feed::PriceFeed;", false),
        ("tracker", "use crate::store::Store;", true),
        ("store", "use crate::tracker::Poll;", false),
        ("board", "use crate::view::Screen;", false),
        ("view", "use crate::clock::Clock;", true),
        ("report", "use crate::tui::State;", false),
        ("tui", "use crate::view::Screen;", true),
        ("view", "use crate::tui::State;", false),
        ("cli", "use crate::app::run;", false),
        ("main", "use callboard::app;", true),
    ] {
        assert_eq!(
            violations(&[room], source).is_empty(),
            allowed,
            "{room}: {source}"
        );
    }
}
