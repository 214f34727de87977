//! The shapes that every tab is made of. Text here is final: cleaned, worded, with its sign; a
//! drawer only places and colours it.

use std::cmp::Ordering;

use crate::domain::{Range, Timestamp};

use super::chart::Chart;
use super::rows::Rows;

/// The least letters that are looked for within keys.
pub(super) const WITHIN_KEYS: usize = 4;

/// What a piece of text means; the theme gives it a colour, and the text itself always carries
/// the meaning too (a sign, a word, an arrow).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum Tone {
    /// Nothing special.
    #[default]
    Plain,
    /// Winners, healthy, better.
    Good,
    /// Crashes, errors, worse.
    Bad,
    /// A price or an amount that rose; which colour that is, is the user's choice.
    Up,
    /// A price or an amount that fell.
    Down,
    /// Needs attention: stale, doubtful, too few.
    Warn,
    /// Less important: units, ages, explanations.
    Dim,
    /// Headings and names.
    Strong,
}

/// A stretch of text of one tone.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Words {
    /// The text.
    pub text: String,
    /// What it means.
    pub tone: Tone,
}

/// A line of text made of stretches.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Line(pub Vec<Words>);

/// How a column sets its text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Align {
    /// Names.
    Left,
    /// Numbers.
    Right,
}

/// A column of a table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Column {
    /// A stable name: what a sort is remembered by.
    pub key: &'static str,
    /// The heading.
    pub title: &'static str,
    /// How its text is set.
    pub align: Align,
    /// 0 is always there; on a narrow screen the highest number goes first.
    pub priority: u8,
    /// The widest it may grow; text beyond is cut with an ellipsis.
    pub max_width: u16,
    /// One line that says what the figure is.
    pub help: &'static str,
    /// Its figures rise and fall: on a screen each carries an arrow beside its sign. Changes of a
    /// price do; a P&L has its sign, and a fall from a peak has only one direction, so that there
    /// an arrow would be noise.
    pub moves: bool,
}

/// What a cell sorts by. Unknown sorts last in both directions.
#[derive(Debug, Clone, PartialEq)]
pub enum SortKey {
    /// Unknown.
    Unknown,
    /// A number.
    Number(f64),
    /// A word, sorted without regard to case.
    Word(String),
}

/// A cell of a table.
#[derive(Debug, Clone, PartialEq)]
pub struct Cell {
    /// What is shown.
    pub text: String,
    /// What it means.
    pub tone: Tone,
    /// What it sorts by.
    pub sort: SortKey,
}

/// A row of a table.
#[derive(Debug, Clone, PartialEq)]
pub struct Row {
    /// A stable identity: the selection belongs to it, not to the index.
    pub key: String,
    /// As many cells as the table has columns.
    pub cells: Vec<Cell>,
    /// Drawn dimmed: below the line, or no longer updated.
    pub dim: bool,
    /// What `y` copies: an address, an id.
    pub copy: String,
}

/// A table with selectable rows.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Table {
    /// The columns, left to right.
    pub columns: Vec<Column>,
    /// The rows in their natural order.
    pub rows: Rows,
}

/// A bar with its label, figures and interval.
#[derive(Debug, Clone, PartialEq)]
pub struct Bar {
    /// What it counts.
    pub label: String,
    /// The figures beside it.
    pub figures: String,
    /// The length, 0 to 1.
    pub fraction: f64,
    /// The 95 % interval, 0 to 1.
    pub interval: Option<(f64, f64)>,
    /// What it means.
    pub tone: Tone,
}

/// A part of a screen, from top to bottom.
#[derive(Debug, Clone, PartialEq)]
pub enum Block {
    /// A heading.
    Heading(String),
    /// Lines of text.
    Text(Vec<Line>),
    /// Label and value, one pair a line.
    Pairs(Vec<(String, Line)>),
    /// Bars under each other, labels aligned.
    Bars(Vec<Bar>),
    /// A small table that is not selectable.
    Table(Table),
    /// A curve over time.
    Chart(Chart),
    /// A long table: a page shows its beginning, and `Enter` opens it.
    Rows(Table),
    /// A path over time.
    Path(PathChart),
    /// What can be done next.
    Next(Step),
}

/// A path over time, in multiples of an entry on a logarithmic scale: a doubling is as high as
/// a halving.
#[derive(Debug, Clone, PartialEq)]
pub struct PathChart {
    /// Stretches without a gap: time from 0 to 1, multiple of the entry.
    pub stretches: Vec<Vec<(f64, f64)>>,
    /// Lines across.
    pub levels: Vec<ChartLevel>,
    /// The highest point.
    pub high: Option<(f64, f64)>,
    /// What stands at the left and the right end of the time.
    pub ends: (String, String),
}

/// A line across a chart.
#[derive(Debug, Clone, PartialEq)]
pub struct ChartLevel {
    /// The multiple.
    pub multiple: f64,
    /// What stands before it: at most 6 cells.
    pub label: String,
}

/// What to show instead of a table without rows: what is missing and what to do next.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Empty {
    /// What is not there: "no trade closed in the last 24 h; the newest is 20 days old".
    pub what: String,
    /// What to do, one step a line.
    pub next: Vec<Step>,
}

/// Something that a user can do next: with a key in the dashboard (which knows what key that is), with
/// a flag in a report.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Step {
    /// Look further back.
    Range(Range),
    /// Look at calls that are still in their window.
    Provisional,
    /// Compare two models on the days that both traded.
    SharedDays,
    /// Compare them on all days.
    AllDays,
    /// The same in both.
    Say(String),
}

impl Step {
    /// As a report says it: "--range all reaches it".
    #[must_use]
    pub fn in_report(&self) -> String {
        match self {
            Self::Range(range) => format!("--range {} reaches it", range.name()),
            Self::Provisional => "--provisional takes in calls still in their window".to_owned(),
            Self::SharedDays => "--shared-days compares on those only".to_owned(),
            Self::AllDays => "without --shared-days all days count".to_owned(),
            Self::Say(text) => text.clone(),
        }
    }
}

/// One tab as data.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Screen {
    /// Above the table: summary lines, bars.
    pub above: Vec<Block>,
    /// The table whose rows are selected, sorted and opened.
    pub table: Table,
    /// Below the table: notes that qualify it.
    pub notes: Vec<Line>,
    /// Said instead of a table without rows.
    pub empty: Option<Empty>,
    /// How many records the range holds: "301 trades".
    pub count: String,
    /// The instant its numbers are as of, to the minute, with its zone.
    pub as_of: String,
    /// What happened lately, newest first; shown as far as there is room.
    pub events: Vec<Line>,
    /// Some figures are still on their way: a whole screen follows.
    pub partial: bool,
    /// The text of the table, for filters.
    pub folded: super::folded::Folded,
    /// The rows in the order that was chosen.
    pub sorted: super::sorted::Sorted,
}

/// What `Enter` opens: everything known of one row.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Page {
    /// What it is about.
    pub title: String,
    /// From top to bottom; scrolls when it is longer than the screen.
    pub blocks: Vec<Block>,
}

impl Page {
    /// The table that `Enter` opens.
    #[must_use]
    pub fn rows(&self) -> Option<&Table> {
        self.blocks.iter().find_map(|block| match block {
            Block::Rows(table) => Some(table),
            _ => None,
        })
    }
}

impl Column {
    /// A column: key, title, alignment, priority, widest, and what its figure is.
    #[must_use]
    pub const fn new(
        key: &'static str,
        title: &'static str,
        align: Align,
        priority: u8,
        max_width: u16,
        help: &'static str,
    ) -> Self {
        Self {
            key,
            title,
            align,
            priority,
            max_width,
            help,
            moves: false,
        }
    }

    /// This column, of figures that rise and fall.
    #[must_use]
    pub const fn moving(mut self) -> Self {
        self.moves = true;
        self
    }
}

impl Words {
    /// Text with a tone.
    pub fn new(text: impl Into<String>, tone: Tone) -> Self {
        Self {
            text: text.into(),
            tone,
        }
    }
}

impl Empty {
    /// Nothing there, and what to do, in words that fit screen and report.
    #[must_use]
    pub fn say(what: impl Into<String>, next: &[&str]) -> Self {
        Self {
            what: what.into(),
            next: next.iter().map(|s| Step::Say((*s).to_owned())).collect(),
        }
    }

    /// Nothing in a range although there is something: how old the newest is, and the key of the
    /// shortest range that reaches it.
    #[must_use]
    pub fn out_of_range(what: &str, range: Range, as_of: Timestamp, newest: Timestamp) -> Self {
        let reach = Range::reaching(as_of, newest);
        Self {
            what: format!(
                "{what} {}; the newest is {}",
                range.phrase(),
                super::format::age_phrase(as_of.since(newest))
            ),
            next: vec![Step::Range(reach)],
        }
    }
}

impl Line {
    /// A line of plain text.
    pub fn plain(text: impl Into<String>) -> Self {
        Self(vec![Words::new(text, Tone::Plain)])
    }

    /// A line of one tone.
    pub fn toned(text: impl Into<String>, tone: Tone) -> Self {
        Self(vec![Words::new(text, tone)])
    }

    /// This line with more text behind it.
    #[must_use]
    pub fn and(mut self, text: impl Into<String>, tone: Tone) -> Self {
        self.0.push(Words::new(text, tone));
        self
    }

    /// This line with another behind it.
    #[must_use]
    pub fn join(mut self, other: Self) -> Self {
        self.0.extend(other.0);
        self
    }

    /// The text without tones.
    #[must_use]
    pub fn text(&self) -> String {
        self.0.iter().map(|w| w.text.as_str()).collect()
    }
}

impl Cell {
    /// A word.
    pub fn word(text: impl Into<String>) -> Self {
        let text = text.into();
        Self {
            sort: SortKey::Word(text.clone()),
            text,
            tone: Tone::Plain,
        }
    }

    /// A number, already worded, with what it sorts by.
    pub fn number(text: impl Into<String>, value: f64) -> Self {
        Self {
            text: text.into(),
            tone: Tone::Plain,
            sort: SortKey::Number(value),
        }
    }

    /// Unknown, or not to be given: shown as a dash or a reason.
    pub fn unknown(text: impl Into<String>) -> Self {
        Self {
            text: text.into(),
            tone: Tone::Dim,
            sort: SortKey::Unknown,
        }
    }

    /// This cell in another tone.
    #[must_use]
    pub fn toned(mut self, tone: Tone) -> Self {
        self.tone = tone;
        self
    }
}

impl SortKey {
    /// Ascending order of folded keys, unknown last; equal when they cannot be told apart.
    pub(super) fn cmp(&self, other: &Self, descending: bool) -> Ordering {
        let order = match (self, other) {
            (Self::Unknown, Self::Unknown) => return Ordering::Equal,
            (Self::Unknown, _) => return Ordering::Greater,
            (_, Self::Unknown) => return Ordering::Less,
            (Self::Number(a), Self::Number(b)) => a.total_cmp(b),
            (Self::Word(a), Self::Word(b)) => a.cmp(b),
            (Self::Number(_), Self::Word(_)) => Ordering::Less,
            (Self::Word(_), Self::Number(_)) => Ordering::Greater,
        };
        if descending { order.reverse() } else { order }
    }
}

/// The key of a column of names: what ties are put in order by.
pub const NAMES: &str = "model";

/// A chosen order: the column's key and whether the largest comes first.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Order {
    /// [`Column::key`].
    pub column: &'static str,
    /// Largest first.
    pub descending: bool,
}

impl Table {
    /// The indices of the rows that match a filter, in the chosen order (`None`: as built). Ties
    /// stand by [`NAMES`] where there is such a column, else in the order they were built in. A filter matches any cell or the key, without case.
    #[must_use]
    pub fn arrange(&self, order: Option<Order>, filter: &str) -> Vec<usize> {
        let needle = filter.trim().to_lowercase();
        let mut shown: Vec<usize> = (0..self.rows.len())
            .filter(|i| {
                needle.is_empty() || self.rows.get(*i).is_some_and(|row| row.matches(&needle))
            })
            .collect();
        if let Some(order) = order
            && let Some(column) = self.columns.iter().position(|c| c.key == order.column)
        {
            let names = self.columns.iter().position(|c| c.key == NAMES);
            shown = super::sorted::sort(self, column, order.descending, names, shown);
        }
        shown
    }
}

impl Row {
    /// Whether a cell holds it, or the key: a few letters are in every long address and chain, which
    /// are not on screen, so that they count there only at the beginning.
    fn matches(&self, needle: &str) -> bool {
        let key = if needle.chars().count() < WITHIN_KEYS {
            self.key.to_lowercase().starts_with(needle)
        } else {
            holds(&self.key, needle)
        };
        key || self.cells.iter().any(|cell| holds(&cell.text, needle))
    }
}

/// Whether a text holds a needle in lower case, without case; without copying plain ASCII.
fn holds(text: &str, needle: &str) -> bool {
    if !text.is_ascii() {
        return text.to_lowercase().contains(needle);
    }
    let (text, needle) = (text.as_bytes(), needle.as_bytes());
    text.windows(needle.len().max(1))
        .any(|part| part.eq_ignore_ascii_case(needle))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn table() -> Table {
        let column = |key| Column {
            key,
            title: key,
            align: Align::Left,
            priority: 0,
            max_width: 10,
            help: "",
            moves: false,
        };
        let row = |key: &str, name: &str, value: Option<f64>| Row {
            key: key.into(),
            cells: vec![
                Cell::word(name),
                value.map_or_else(|| Cell::unknown("-"), |v| Cell::number(v.to_string(), v)),
            ],
            dim: false,
            copy: String::new(),
        };
        Table {
            columns: vec![column("name"), column("value")],
            rows: vec![
                row("k0", "beta", Some(2.0)),
                row("k1", "Alpha", None),
                row("k2", "狗狗币 ÄB", Some(10.0)),
                row("k3", "alpha", Some(2.0)),
            ]
            .into(),
        }
    }

    #[test]
    fn unknown_is_last_both_ways_and_ties_keep_their_order() {
        let by = |column, descending| table().arrange(Some(Order { column, descending }), "");
        assert_eq!(by("value", false), [0, 3, 2, 1]);
        assert_eq!(by("value", true), [2, 0, 3, 1]);
        assert_eq!(by("name", false), [1, 3, 0, 2]);
        assert_eq!(by("no such column", true), [0, 1, 2, 3]);
    }

    #[test]
    fn ties_stand_by_name_where_there_are_names() {
        let mut table = table();
        table.columns[0].key = NAMES;
        let by = |descending| {
            table.arrange(
                Some(Order {
                    column: "value",
                    descending,
                }),
                "",
            )
        };
        assert_eq!(by(false), [3, 0, 2, 1]);
        assert_eq!(by(true), [2, 3, 0, 1]);
    }

    #[test]
    fn a_filter_matches_any_cell_or_the_key_without_case() {
        let with = |filter| table().arrange(None, filter);
        assert_eq!(with("ALPHA"), [1, 3]);
        assert_eq!(with(" äb "), [2]);
        assert_eq!(with("狗"), [2]);
        assert_eq!(with("K2"), [2]);
        let mut long = table();
        let mut rows = std::mem::take(&mut long.rows).into_made();
        rows[2].key = "source/solana/xyBADz".into();
        long.rows = rows.into();
        assert!(long.arrange(None, "bad").is_empty());
        assert_eq!(long.arrange(None, "ybad"), [2]);
        assert_eq!(with("10"), [2]);
        assert_eq!(with(""), [0, 1, 2, 3]);
        assert!(with("nowhere to be found in any of the rows").is_empty());
    }
}
