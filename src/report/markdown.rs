//! The report as Markdown: what the text says, with every column, to be pasted into an issue or a
//! chat.

use std::fmt::Write;

use crate::board::Board;
use crate::view::format::Style;
use crate::view::{Align, Block, Table};

use super::parts::{Part, parts, title};
use super::text::block_text;
use super::{Request, UnknownModel};

/// The whole report, or the section that was asked for.
///
/// # Errors
/// When a model was named that does not exist.
pub fn markdown(board: &Board, request: &Request, style: Style) -> Result<String, UnknownModel> {
    let mut out = String::new();
    let _ = writeln!(out, "# {}", escaped(&title(request)));
    for part in parts(board, request, style)? {
        let _ = writeln!(out, "\n## {}", part.title);
        section(&mut out, &part, style);
    }
    Ok(out)
}

fn section(out: &mut String, part: &Part, style: Style) {
    let screen = &part.screen;
    for block in &screen.above {
        out.push('\n');
        block_markdown(out, block, style);
    }
    out.push('\n');
    if let Some(empty) = &screen.empty {
        let _ = writeln!(out, "{}\n", escaped(&empty.what));
        items(out, empty.next.iter().map(crate::view::Step::in_report));
    } else {
        table(out, &screen.table, part.shown);
        if let Some(more) = part.more() {
            let _ = writeln!(out, "\n{}", escaped(&more));
        }
    }
    for block in &part.below {
        out.push('\n');
        block_markdown(out, block, style);
    }
    for lines in [
        screen.notes.iter().map(crate::view::Line::text).collect(),
        part.closing.clone(),
    ] {
        if !lines.is_empty() {
            out.push('\n');
            items(out, lines.into_iter());
        }
    }
}

fn block_markdown(out: &mut String, block: &Block, style: Style) {
    match block {
        Block::Heading(title) => {
            let _ = writeln!(out, "### {}", escaped(title));
        }
        Block::Text(lines) => items(out, lines.iter().map(crate::view::Line::text)),
        Block::Pairs(pairs) => items(
            out,
            pairs
                .iter()
                .map(|(label, line)| format!("{label}: {}", line.text())),
        ),
        // Only pages have one, and no report has a page.
        Block::Path(_) => {}
        Block::Next(step) => items(out, std::iter::once(step.in_report())),
        // Drawn, so they keep their cells.
        Block::Bars(_) | Block::Chart(_) => {
            let mut drawn = String::new();
            block_text(&mut drawn, block, style);
            let _ = writeln!(out, "```text\n{}```", drawn.replace('`', "'"));
        }
        Block::Table(inner) | Block::Rows(inner) => table(out, inner, inner.rows.len()),
    }
}

fn items(out: &mut String, lines: impl Iterator<Item = String>) {
    for line in lines.filter(|line| !line.trim().is_empty()) {
        // What spaces set apart in a line of text, a dot does here.
        let pieces: Vec<_> = line.split("  ").map(str::trim).collect();
        let pieces: Vec<_> = pieces.into_iter().filter(|p| !p.is_empty()).collect();
        let _ = writeln!(out, "- {}", escaped(&pieces.join(" · ")));
    }
}

fn table(out: &mut String, table: &Table, most: usize) {
    if table.columns.is_empty() {
        return;
    }
    let mut row = |cells: Vec<String>| {
        let _ = writeln!(out, "| {} |", cells.join(" | "));
    };
    row(table.columns.iter().map(|c| escaped(c.title)).collect());
    let marks = table.columns.iter().map(|c| match c.align {
        Align::Left => ":---".to_owned(),
        Align::Right => "---:".to_owned(),
    });
    row(marks.collect());
    for from in table.rows.iter().take(most) {
        let cells = (0..table.columns.len()).map(|i| {
            from.cells
                .get(i)
                .map_or_else(String::new, |c| escaped(&c.text))
        });
        row(cells.collect());
    }
}

/// Text as it reads, in one line: runs of spaces are one, nothing in it is Markdown, HTML or a
/// mention. Who chooses a token's symbol must not write links, or call everyone, in the place
/// where the report is pasted.
fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + 8);
    let mut before = ' ';
    for c in text
        .split_whitespace()
        .collect::<Vec<_>>()
        .join(" ")
        .chars()
    {
        if matches!(
            c,
            '\\' | '`' | '|' | '*' | '_' | '~' | '<' | '>' | '[' | ']' | '#' | '$'
        ) || (c == '&' && text.contains(';'))
        {
            out.push('\\');
        }
        out.push(c);
        if c == '@' && !before.is_alphanumeric() {
            // Between it and the name, so that nobody is called.
            out.push('\u{200B}');
        }
        before = c;
    }
    out
}

#[cfg(test)]
mod tests {
    use super::escaped;

    #[test]
    fn what_is_pasted_reads_as_it_was_and_does_nothing() {
        for (text, want) in [
            ("a|b", r"a\|b"),
            (r"a\|b", r"a\\\|b"),
            ("[x](http://y) <b>", r"\[x\](http://y) \<b\>"),
            ("alpha_kitchen  *now*", r"alpha\_kitchen \*now\*"),
            ("@everyone", "@\u{200B}everyone"),
            ("a@b", "a@b"),
            ("P&L", "P&L"),
            ("&lt;b", r"\&lt;b"),
            ("-44.7%  +3.5%", "-44.7% +3.5%"),
            ("MOON 🌙 0.0₅6440", "MOON 🌙 0.0₅6440"),
        ] {
            assert_eq!(escaped(text), want, "{text}");
        }
    }
}
