//! Whole keys, keys in pieces, and what is no key.

use proptest::prelude::*;

use super::*;
use crate::tui::chord::Chord;

/// What one key sends, and its name.
const KEYS: &[(&[u8], &str)] = &[
    (b"j", "j"),
    (b"G", "G"),
    (b" ", "space"),
    (b"\r", "Enter"),
    (b"\n", "Ctrl-J"),
    (b"\t", "Tab"),
    (b"\x7f", "Backspace"),
    (b"\x03", "Ctrl-C"),
    (b"\x1a", "Ctrl-Z"),
    (b"\0", "space"),
    ("\u{e9}".as_bytes(), "\u{e9}"),
    ("\u{20ac}".as_bytes(), "\u{20ac}"),
    ("\u{1f319}".as_bytes(), "\u{1f319}"),
    (b"\x1bx", "Alt-x"),
    (b"\x1bX;\x1b\\", ""),
    (b"\x1b\x7f", "Alt-Backspace"),
    ("\x1b\u{e9}".as_bytes(), "Alt-\u{e9}"),
    (b"\x1b[A", "Up"),
    (b"\x1b[B", "Down"),
    (b"\x1b[C", "Right"),
    (b"\x1b[D", "Left"),
    (b"\x1b[H", "Home"),
    (b"\x1b[F", "End"),
    (b"\x1bOA", "Up"),
    (b"\x1bOH", "Home"),
    (b"\x1bOP", "F1"),
    (b"\x1bOS", "F4"),
    (b"\x1bOM", "Enter"),
    (b"\x1bO5A", "Ctrl-Up"),
    (b"\x1bO1;2P", "Shift-F1"),
    (b"\x1b[[A", "F1"),
    (b"\x1b[[E", "F5"),
    (b"\x1b[Z", "Shift-Tab"),
    (b"\x1b[1~", "Home"),
    (b"\x1b[7~", "Home"),
    (b"\x1b[2~", "Insert"),
    (b"\x1b[3~", "Delete"),
    (b"\x1b[5~", "PgUp"),
    (b"\x1b[6~", "PgDn"),
    (b"\x1b[15~", "F5"),
    (b"\x1b[24~", "F12"),
    (b"\x1b[1;5A", "Ctrl-Up"),
    (b"\x1b[1;3D", "Alt-Left"),
    (b"\x1b[6;2~", "Shift-PgDn"),
    (b"\x1b[1;5P", "Ctrl-F1"),
    (b"\x1b[1;2R", "Shift-F3"),
    (b"\x1b[106u", "j"),
    (b"\x1b[106;5u", "Ctrl-J"),
    (b"\x1b[106;2u", "J"),
    (b"\x1b[49:33;2u", "!"),
    (b"\x1b[99;5:1u", "Ctrl-C"),
    (b"\x1b[27u", "Esc"),
    (b"\x1b[27;1:2u", "Esc"),
    (b"\x1b[9;2u", "Shift-Tab"),
    (b"\x1b[57414u", "Enter"),
    (b"\x1b[57420u", "Down"),
    (b"\x1b[27;5;99~", "Ctrl-C"),
    (b"\x1b[1;1:2B", "Down"),
];

/// What is sent without a key, or means none.
const NO_KEYS: &[&[u8]] = &[
    // Released.
    b"\x1b[106;1:3u",
    b"\x1b[1;1:3B",
    // A modifier on its own.
    b"\x1b[57441u",
    // Focus, the mouse in four ways.
    b"\x1b[I",
    b"\x1b[O",
    b"\x1b[M qq",
    b"\x1b[<0;10;20M",
    b"\x1b[<0;10;20m",
    b"\x1b[32;10;20M",
    // Answers: where the cursor is, what it is, modes, colours, names.
    b"\x1b[24;80R",
    b"\x1b[1;1R",
    b"\x1b[0;0R",
    b"\x1b[0n",
    b"\x1b[?62;1;6c",
    b"\x1b[>0;276;0c",
    b"\x1b[=1;2c",
    b"\x1b[?2026;2$y",
    b"\x1b[?1u",
    b"\x1b[8;24;80t",
    b"\x1b]11;rgb:dddd/aaaa/cccc\x07",
    b"\x1b]11;rgb:dddd/aaaa/cccc\x1b\\",
    b"\x1bP>|xterm(380)\x1b\\",
    b"\x1bP1$r0m\x1b\\",
    b"\x1b_Gi=31;OK\x1b\\",
    // The end of a paste that began before.
    b"\x1b[201~",
    // No key that is known.
    b"\x1b[a",
    b"\x1b[99~",
    b"\x1b[5^",
    b"\x1bOj",
    b"\x1b[[q",
    b"\x1b[99999999999999999999u",
];

/// Pieces with pauses between them: so often [`Decoder::quiet`] is called.
fn told(pieces: &[(&[u8], u8)]) -> Vec<Event> {
    let mut decoder = Decoder::default();
    for (piece, quiets) in pieces {
        decoder.feed(piece);
        for _ in 0..*quiets {
            if decoder.waits().is_some() {
                decoder.quiet();
            }
        }
    }
    std::iter::from_fn(|| decoder.pop()).collect()
}

/// Keys by name, pasted text in quotation marks.
fn names(events: Vec<Event>) -> Vec<String> {
    let name = |event| match event {
        Event::Key(key) => Chord::of(&key).map(|chord| {
            let label = chord.label();
            // The one control key whose name says less.
            label
                .strip_prefix("Ctrl-space")
                .map_or(label.clone(), |_| "space".into())
        }),
        Event::Paste(text) => Some(format!("{text:?}")),
        other => Some(format!("{other:?}")),
    };
    events.into_iter().filter_map(name).collect()
}

fn keys(pieces: &[(&[u8], u8)]) -> Vec<String> {
    names(told(pieces))
}

fn wanted(name: &str) -> Vec<String> {
    let name = Some(name).filter(|name| !name.is_empty());
    name.map(str::to_owned).into_iter().collect()
}

/// Everything that is sent at once, and what comes of it.
fn all() -> impl Iterator<Item = (&'static [u8], Vec<String>)> {
    let keys = KEYS.iter().map(|(bytes, name)| (*bytes, wanted(name)));
    keys.chain(NO_KEYS.iter().map(|bytes| (*bytes, vec![])))
}

#[test]
fn each_key_is_itself_and_what_is_none_is_nothing() {
    for (bytes, wanted) in all() {
        let shown = bytes.escape_ascii();
        assert_eq!(keys(&[(bytes, 0)]), wanted, "{shown}");
        // The next key is not concerned.
        let mut then = wanted;
        then.push("q".to_owned());
        assert_eq!(keys(&[(bytes, 0), (b"q", 0)]), then, "{shown} q");
    }
}

#[test]
fn a_key_in_two_pieces_is_the_same_key() {
    for (bytes, wanted) in all() {
        for at in 1..bytes.len() {
            let (first, second) = bytes.split_at(at);
            assert_eq!(
                keys(&[(first, 0), (second, 0)]),
                wanted,
                "{first:?} {second:?}"
            );
        }
    }
}

#[test]
fn a_key_with_a_pause_in_it_is_the_same_key_and_no_letters() {
    for (bytes, wanted) in all() {
        for at in 1..bytes.len() {
            let (first, second) = bytes.split_at(at);
            // That ESC was Esc; a hand typed the other.
            let alone = first == b"\x1b" && !matches!(second[0], b'[' | b'O');
            // Of strings that stop and of unknown sequences the rest cannot be known for one.
            let known = !wanted.is_empty();
            if alone || !known {
                continue;
            }
            let mut events = keys(&[(first, 1), (second, 0)]);
            if first == b"\x1b" {
                assert_eq!(events.remove(0), "Esc");
            } else if matches!(first, b"\x1b[" | b"\x1bO") {
                assert!(events.remove(0).starts_with("Alt-"));
            }
            assert_eq!(events, wanted, "{first:?} {second:?}");
        }
    }
}

#[test]
fn esc_alone_is_a_key_once_nothing_more_comes() {
    assert_eq!(keys(&[(b"\x1b", 0)]), [""; 0]);
    assert_eq!(keys(&[(b"\x1b", 1)]), ["Esc"]);
    assert_eq!(keys(&[(b"\x1b", 2)]), ["Esc"]);
    assert_eq!(keys(&[(b"\x1b\x1b", 1)]), ["Esc", "Esc"]);
    assert_eq!(keys(&[(b"\x1b", 1), (b"\x1b", 1)]), ["Esc", "Esc"]);
    assert_eq!(keys(&[(b"\x1b\x1b[A", 0)]), ["Esc", "Up"]);
    // Typed after it.
    for key in ["[", "O", "j", "]", "1"] {
        assert_eq!(keys(&[(b"\x1b", 1), (key.as_bytes(), 0)]), ["Esc", key]);
    }
    assert_eq!(keys(&[(b"\x1b", 1), (b"[j", 0)]), ["Esc", "[", "j"]);
    assert_eq!(keys(&[(b"\x1b", 2), (b"[A", 0)]), ["Esc", "[", "A"]);
}

#[test]
fn what_begins_something_else_is_alt_with_a_key_once_nothing_more_comes() {
    for (bytes, name) in [
        (b"\x1b[", "Alt-["),
        (b"\x1bO", "Alt-O"),
        (b"\x1b]", "Alt-]"),
        (b"\x1bP", "Alt-P"),
        (b"\x1b_", "Alt-_"),
    ] {
        assert_eq!(keys(&[(bytes, 1)]), [name]);
        assert_eq!(keys(&[(bytes, 2), (b"j", 0)]), [name, "j"]);
        assert_eq!(keys(&[(bytes, 1), (b"j", 0)]), [name, "j"]);
    }
}

#[test]
fn what_never_ends_is_dropped_and_the_next_key_acts() {
    for unfinished in [
        &b"\x1b[1"[..],
        b"\x1b[1;",
        b"\x1b[?1;2",
        b"\x1b[>",
        b"\x1b[5$",
        b"\x1b[[",
        b"\x1b[M",
        b"\x1bO5",
        b"\x1b]11;rgb:",
        b"\x1bP1$r",
        b"\xe2",
        b"\xe2\x82",
        b"\xf0\x9f",
        b"\x1b\xe2",
    ] {
        let shown = unfinished.escape_ascii();
        for quiets in [1, 2] {
            assert_eq!(keys(&[(unfinished, quiets)]), [""; 0], "{shown}");
            let then = keys(&[(unfinished, quiets), (b"q", 0)]);
            if quiets == 1
                && unfinished.starts_with(b"\x1b[")
                && unfinished[2..] != *b"["
                && unfinished[2..] != *b"M"
            {
                // It may be its end, and the next one acts.
                assert_eq!(then, [""; 0], "{shown}");
                let then = keys(&[(unfinished, quiets), (b"q", 0), (b"q", 0)]);
                assert_eq!(then, ["q"], "{shown}");
            } else {
                assert_eq!(then, ["q"], "{shown}, {quiets}");
            }
            // Those that could go on with it are no less keys.
            for (key, name) in [(b"3", "3"), (b"?", "?"), (b" ", "space"), (b"/", "/")] {
                let then = keys(&[(unfinished, quiets), (key, 2)]);
                assert_eq!(then, [name], "{shown}, {quiets}");
                let twice = keys(&[(unfinished, quiets), (key, 1), (key, 1), (b"j", 0)]);
                assert_eq!(twice, [name, name, "j"], "{shown}, {quiets}");
            }
        }
        if unfinished != b"\x1b[M" {
            // The way out needs no pause.
            let all = keys(&[(unfinished, 0), (b"\x03", 0)]);
            assert_eq!(all, ["Ctrl-C"], "{shown}");
        }
    }
}

#[test]
fn bytes_that_are_no_character_take_no_key_along() {
    assert_eq!(
        keys(&[(b"\xe2j\xffk\x80l\xc0m\xed\xa0\x80n", 0)]),
        ["j", "k", "l", "m", "n"]
    );
}

#[test]
fn a_paste_is_one_whatever_the_pieces() {
    let bytes =
        "\u{1b}[200~q\u{1b}q\u{1b}[201q\u{1b}[A\r\n\u{20ac}\u{3}\u{1b}\u{1b}[201~j".as_bytes();
    let text = "q\u{1b}q\u{1b}[201q\u{1b}[A\r\n\u{20ac}\u{3}\u{1b}";
    let wanted = [format!("{text:?}"), "j".to_owned()];
    assert_eq!(keys(&[(bytes, 0)]), wanted);
    for at in 1..bytes.len() {
        let (first, second) = bytes.split_at(at);
        assert_eq!(keys(&[(first, 0), (second, 0)]), wanted, "{at}");
        if at > 2 {
            assert_eq!(names_of_paste(&[(first, 1), (second, 0)]), wanted, "{at}");
        }
    }
    assert_eq!(keys(&[(b"\x1b[200~\x1b[201~j", 0)]), ["j"]);
}

/// Without what a pause within its first mark gives.
fn names_of_paste(pieces: &[(&[u8], u8)]) -> Vec<String> {
    let events = keys(pieces).into_iter();
    events.filter(|name| name != "Alt-[").collect()
}

#[test]
fn a_paste_without_an_end_is_taken_as_it_is_and_keys_live_again() {
    assert_eq!(keys(&[(b"\x1b[200~abc", 1)]), [""; 0]);
    assert_eq!(keys(&[(b"\x1b[200~abc", 2)]), ["\"abc\""]);
    assert_eq!(keys(&[(b"\x1b[200~abc", 2), (b"q", 0)]), ["\"abc\"", "q"]);
    assert_eq!(keys(&[(b"\x1b[200~", 2), (b"q", 0)]), ["q"]);
    // What comes of it later, with its end, is pasted too; what is pasted next is another.
    let late = [(&b"\x1b[200~abc"[..], 2), (b"qqq\x1b[201~j", 0)];
    assert_eq!(keys(&late), ["\"abc\"", "\"qqq\"", "j"]);
    let next = [(&b"\x1b[200~abc"[..], 2), (b"j\x1b[200~d\x1b[201~", 0)];
    assert_eq!(keys(&next), ["\"abc\"", "j", "\"d\""]);
}

#[test]
fn ctrl_c_and_a_hand_that_goes_on_typing_end_a_paste_without_an_end() {
    assert_eq!(keys(&[(b"\x1b[200~abc", 1), (b"\x03", 0)]), ["Ctrl-C"]);
    // In one piece with text it is pasted.
    assert_eq!(
        keys(&[(b"\x1b[200~a\x03", 0), (b"\x03b\x1b[201~", 0)]),
        ["\"a\\u{3}\\u{3}b\""]
    );
    let mut pieces = vec![(&b"\x1b[200~abc"[..], 1)];
    pieces.extend([(&b"q"[..], 1); 8]);
    assert_eq!(keys(&pieces), ["\"abcqqqqqqq\"", "q"]);
    // A slow line brings more at a time.
    let mut pieces = vec![(&b"\x1b[200~"[..], 1)];
    pieces.extend([(&b"123456789"[..], 1); 20]);
    pieces.push((b"\x1b[201~", 0));
    assert_eq!(keys(&pieces), [format!("{:?}", "123456789".repeat(20))]);
}

/// What terminals say of themselves though nobody asked here: an answer to another program, the mouse,
/// where the focus is.
const SAID: &[&[u8]] = &[
    b"\x1b[?62;1;2c",
    b"\x1b[>0;276;0c",
    b"\x1b[24;80R",
    b"\x1b[8;24;80t",
    b"\x1b[?1u",
    b"\x1b[?997;1n",
    b"\x1b[?2026;2$y",
    b"\x1b[<0;10;12M",
    b"\x1b[<35;10;12m",
    b"\x1b]11;rgb:0000/0000/0000\x1b\\",
    b"\x1b]11;rgb:0000/0000/0000\x07",
    b"\x1bP1$r0m\x1b\\",
    b"\x1b[I",
    b"\x1b[O",
];

#[test]
fn what_a_terminal_says_of_itself_is_no_key_wherever_it_is_cut() {
    for said in SAID {
        for at in 0..said.len() {
            // Of a lone ESC the key has been given by then, and what begins a string or sequence is Alt.
            for quiets in [0, 1] {
                // A single letter behind `ESC [` may as well be typed.
                if quiets == 1 && at == 2 && said.len() == 3 {
                    continue;
                }
                let got = keys(&[(&said[..at], quiets), (&said[at..], 0), (b"j", 0)]);
                let (last, before) = got.split_last().unwrap();
                let cut = said[..at].escape_ascii();
                assert_eq!(last, "j", "{cut}");
                let given = usize::from(at < 3 && quiets > 0);
                assert!(before.len() <= given, "{cut}: {got:?}");
                assert!(
                    before
                        .iter()
                        .all(|key| key == "Esc" || key.starts_with("Alt-")),
                    "{got:?}"
                );
            }
        }
        // In eight bits.
        let mut eight = vec![said[1] + 0x40];
        eight.extend(&said[2..]);
        assert_eq!(
            keys(&[(&eight, 0), (b"j", 0)]),
            ["j"],
            "{}",
            eight.escape_ascii()
        );
    }
    assert_eq!(keys(&[(b"\x1b\x03", 0)]).last().unwrap(), "Ctrl-C");
}

#[test]
fn the_rest_of_a_paste_that_stalled_is_no_key() {
    let begun = (&b"\x1b[200~abc"[..], 2);
    let stalled = [
        begun,
        (b"3333333333333333", 2),
        (b"qqqqqqqqqq", 0),
        (b"q3\x1b[201~j", 0),
    ];
    assert_eq!(
        keys(&stalled),
        ["\"abc\"", "\"3333333333333333\"", "\"qqqqqqqqqqq3\"", "j"]
    );
    // Its end alone, and in pieces.
    assert_eq!(keys(&[begun, (b"\x1b[201~j", 0)]), ["\"abc\"", "j"]);
    let pieces = [begun, (b"dddddddddd\x1b[20", 0), (b"1~j", 0)];
    assert_eq!(keys(&pieces), ["\"abc\"", "\"dddddddddd\"", "j"]);
    // With the first key it is over: what comes together later are keys.
    assert_eq!(
        keys(&[begun, (b"k", 0), (b"jjjjjjjjjj", 0)])[1..3],
        ["k", "j"]
    );
}

#[test]
fn a_paste_is_bounded() {
    let mut decoder = Decoder::default();
    decoder.feed(PASTE);
    for _ in 0..2048 {
        decoder.feed(&[b'a'; 4096]);
    }
    decoder.feed(b"\x1b[201~j");
    let events: Vec<Event> = std::iter::from_fn(|| decoder.pop()).collect();
    assert!(matches!(&events[0], Event::Paste(text) if text.len() == MOST_PASTED));
    assert_eq!(names(events[1..].to_vec()), ["j"]);
    assert_eq!(decoder.waits(), None);
}

#[test]
fn nothing_is_waited_for_while_nothing_is_unfinished() {
    for (bytes, _) in all() {
        let mut decoder = Decoder::default();
        decoder.feed(bytes);
        assert_eq!(decoder.waits(), None, "{}", bytes.escape_ascii());
    }
    let mut decoder = Decoder::default();
    decoder.feed(b"\x1b");
    assert_eq!(decoder.waits(), Some(QUIET));
    decoder.quiet();
    assert_eq!(decoder.waits(), Some(LATE));
    decoder.quiet();
    assert_eq!(decoder.waits(), None);
}

/// Bytes that mean something more often than those of chance.
fn byte() -> impl Strategy<Value = u8> {
    prop_oneof![
        any::<u8>(),
        proptest::sample::select(&b"\x1b\x1b\x1b[[O]PM~;:0125u\x07\\\x03"[..]),
    ]
}

proptest! {
    #[test]
    fn whatever_comes_the_next_key_after_a_while_is_that_key(
        pieces in prop::collection::vec((prop::collection::vec(byte(), 0..12), 0_u8..3), 0..12),
        opens in any::<bool>(),
    ) {
        let mut decoder = Decoder::default();
        if opens {
            decoder.feed(PASTE);
        }
        for (piece, quiets) in &pieces {
            decoder.feed(piece);
            for _ in 0..*quiets {
                decoder.quiet();
            }
        }
        decoder.quiet();
        decoder.quiet();
        while decoder.pop().is_some() {}
        prop_assert_eq!(decoder.waits(), None);
        decoder.feed(b"q");
        let events: Vec<Event> = std::iter::from_fn(|| decoder.pop()).collect();
        prop_assert_eq!(names(events), ["q"]);
    }

    #[test]
    fn how_a_stream_of_keys_is_cut_makes_no_difference(
        stream in prop::collection::vec(0..KEYS.len() + NO_KEYS.len(), 0..20),
        cuts in prop::collection::vec(1_usize..9, 1..40),
    ) {
        let known: Vec<_> = all().collect();
        let bytes: Vec<u8> = stream.iter().flat_map(|i| known[*i].0).copied().collect();
        let wanted: Vec<String> = stream.iter().flat_map(|i| known[*i].1.clone()).collect();
        let mut rest = bytes.as_slice();
        let mut pieces = Vec::new();
        for cut in cuts.iter().cycle() {
            if rest.is_empty() {
                break;
            }
            let (piece, after) = rest.split_at((*cut).min(rest.len()));
            pieces.push((piece, 0));
            rest = after;
        }
        prop_assert_eq!(keys(&pieces), wanted);
    }
}
