//! The second and the third header line: what the numbers are of, and what is not as always.
//!
//! Knows: the state. Must never know: what is in a tab. The second line says the same things at
//! every width, in fewer words where it is narrow: how many rows, as of when, which database, how
//! the feeds are. The third is empty on a good day; else it holds the whole sentence: a feed's last
//! error and its next try, long work and how far it has come.

use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};

use crate::tui::state::State;
use crate::tui::text::{cut_line, line_width, styled};
use crate::tui::theme::Theme;

use super::put;

/// How many words there are, from all to the fewest. Each step leaves out what the ones before
/// did.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Words {
    All,
    /// Without what a demo is: the badge says it.
    NoDemo,
    /// The feeds in short.
    BriefFeed,
    /// The database without its folder.
    FileOnly,
    /// The as-of without its year.
    NoYear,
    /// The as-of without its day.
    TimeOnly,
    /// Without "as of".
    BareTime,
    /// Without the database.
    NoDatabase,
}

impl Words {
    const EACH: [Self; 8] = [
        Self::All,
        Self::NoDemo,
        Self::BriefFeed,
        Self::FileOnly,
        Self::NoYear,
        Self::TimeOnly,
        Self::BareTime,
        Self::NoDatabase,
    ];
}

/// The second line. With no third one to say it, news stands in the place of the feeds.
pub fn second(frame: &mut Frame, area: Rect, state: &State, theme: Theme, third: bool) {
    let room = usize::from(area.width);
    let mut line = Line::default();
    for words in Words::EACH {
        line = worded(state, theme, words, third);
        if line_width(&line) <= room {
            break;
        }
    }
    put(frame, area, 0, &cut_line(line, room, theme.glyphs.ellipsis));
}

fn worded(state: &State, theme: Theme, words: Words, third: bool) -> Line<'static> {
    let header = &state.header;
    let shown = state.list().shown.as_ref();
    let dim = |text: &str| styled(text.to_owned(), theme.dim());
    let mut parts: Vec<Line> = Vec::new();
    if state.provisional {
        let text = if words < Words::BriefFeed {
            "+ provisional"
        } else {
            "+p"
        };
        parts.push(styled(text, theme.chosen()));
    }
    parts.push(Line::raw(
        shown.map_or("", |s| s.screen.count.as_str()).to_owned(),
    ));
    // The as-of belongs to the numbers: frozen ones keep theirs.
    let as_of = shown.map_or("", |s| s.screen.as_of.as_str());
    let as_of = [as_of, header.as_of.as_str()]
        .into_iter()
        .find(|at| !at.is_empty());
    if let Some(at) = as_of {
        parts.push(dim(&moment(at, words)));
    }
    let database = header.database.as_str();
    parts.push(match words {
        Words::NoDatabase => Line::default(),
        _ if words >= Words::FileOnly => dim(database.rsplit('/').next().unwrap_or(database)),
        _ => dim(database),
    });
    let feed = if words < Words::BriefFeed {
        &header.feed
    } else {
        &header.brief
    };
    match header.news.first() {
        Some(news) if !third => parts.push(theme.line(news)),
        _ => parts.push(theme.line(feed)),
    }
    if words == Words::All {
        parts.push(dim(header.demo.as_deref().unwrap_or_default()));
    }
    parts.retain(|part| line_width(part) > 0);
    joined(parts, theme)
}

/// "as of 2026-11-21 16:42 UTC", shorter where that is asked for.
fn moment(at: &str, words: Words) -> String {
    let time = at.split_once(' ').map_or(at, |(_, time)| time);
    let day = at.split_once('-').map_or(at, |(_, rest)| rest);
    match words {
        _ if words >= Words::BareTime => time.to_owned(),
        Words::TimeOnly => format!("as of {time}"),
        Words::NoYear => format!("as of {day}"),
        _ => format!("as of {at}"),
    }
}

fn joined(parts: Vec<Line<'static>>, theme: Theme) -> Line<'static> {
    let mut line = Line::default();
    for part in parts {
        if !line.spans.is_empty() {
            line.push_span(Span::styled(format!(" {} ", theme.glyphs.dot), theme.dim()));
        }
        line.extend(part.spans);
    }
    line
}

/// The third line: as much of the news as there is room for, the first in any case.
pub fn third(frame: &mut Frame, area: Rect, state: &State, theme: Theme) {
    // Before there is data it stands in the middle.
    if state.list().shown.is_none() && state.page.is_none() {
        return;
    }
    let room = usize::from(area.width);
    let mut said: Vec<Line> = Vec::new();
    for news in &state.header.news {
        let news = theme.line(news);
        let mut more = said.clone();
        more.push(news.clone());
        if line_width(&joined(more, theme)) <= room {
            said.push(news);
        } else if said.is_empty() {
            said.push(cut_line(news, room, theme.glyphs.ellipsis));
        }
    }
    put(frame, area, 0, &joined(said, theme));
}
