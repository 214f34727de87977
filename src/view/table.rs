//! The shapes that every tab is made of. Text here is final: cleaned, worded, with its sign; a
//! drawer only places and colours it.

use std::cmp::Ordering;

/// What a piece of text means; the theme gives it a colour, and the text itself always carries
/// the meaning too (a sign, a word, an arrow).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum Tone {
    /// Nothing special.
    #[default]
    Plain,
    /// Gains, winners, healthy.
    Good,
    /// Losses, crashes.
    Bad,
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
    pub rows: Vec<Row>,
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
}

/// What to show instead of a table without rows: what is missing and what to do next.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Empty {
    /// What is not there: "no trade closed in the last 24 h; the newest is 20 days old".
    pub what: String,
    /// What to do, one step a line: "press a for All".
    pub next: Vec<String>,
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
}

/// What `Enter` opens: everything known of one row.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Page {
    /// What it is about.
    pub title: String,
    /// From top to bottom; scrolls when it is longer than the screen.
    pub blocks: Vec<Block>,
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
    /// Ascending order, unknown last; equal when they cannot be told apart.
    fn cmp(&self, other: &Self, descending: bool) -> Ordering {
        let order = match (self, other) {
            (Self::Unknown, Self::Unknown) => return Ordering::Equal,
            (Self::Unknown, _) => return Ordering::Greater,
            (_, Self::Unknown) => return Ordering::Less,
            (Self::Number(a), Self::Number(b)) => a.total_cmp(b),
            (Self::Word(a), Self::Word(b)) => a.to_lowercase().cmp(&b.to_lowercase()),
            (Self::Number(_), Self::Word(_)) => Ordering::Less,
            (Self::Word(_), Self::Number(_)) => Ordering::Greater,
        };
        if descending { order.reverse() } else { order }
    }
}

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
    /// keep the order they were built in. A filter matches any cell or the key, without case.
    #[must_use]
    pub fn arrange(&self, order: Option<Order>, filter: &str) -> Vec<usize> {
        let needle = filter.trim().to_lowercase();
        let mut shown: Vec<usize> = (0..self.rows.len())
            .filter(|i| needle.is_empty() || self.rows[*i].matches(&needle))
            .collect();
        if let Some(order) = order
            && let Some(column) = self.columns.iter().position(|c| c.key == order.column)
        {
            shown.sort_by(|a, b| {
                let key = |i: &usize| self.rows[*i].cells.get(column).map(|c| &c.sort);
                match (key(a), key(b)) {
                    (Some(a), Some(b)) => a.cmp(b, order.descending),
                    _ => Ordering::Equal,
                }
            });
        }
        shown
    }
}

impl Row {
    fn matches(&self, needle: &str) -> bool {
        self.key.to_lowercase().contains(needle)
            || self
                .cells
                .iter()
                .any(|cell| cell.text.to_lowercase().contains(needle))
    }
}
