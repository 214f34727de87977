//! The command line. Knows names and shapes; does nothing.

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};

use crate::domain::{Range, Timestamp};
use crate::ingest::predecessor::Predecessor;
use crate::ingest::{Kind, Scale};
use crate::report::Section;
use crate::view::Tab;

/// Which calls were right, and why: a terminal dashboard over token calls and model trades.
///
/// Without a command it opens the dashboard.
#[derive(Debug, Parser)]
#[command(name = "callboard", version, about, long_about = None, max_term_width = 100)]
#[command(
    args_conflicts_with_subcommands = false,
    subcommand_negates_reqs = true
)]
pub struct Cli {
    /// What every command takes.
    #[command(flatten)]
    pub global: Global,

    /// Run on a simulated market in a temporary database
    #[arg(long)]
    pub demo: bool,

    /// Print once to stdout and exit
    #[arg(long, value_name = "SECTION", num_args = 0..=1, default_missing_value = "all")]
    pub report: Option<ReportSection>,

    /// How the report is written
    #[arg(long, value_enum, default_value_t = Format::Text, requires = "report")]
    pub format: Format,

    /// How far back [default: all for a report, 7d in the dashboard]
    #[arg(long, value_name = "24h|7d|30d|90d|all", value_parser = parse_range)]
    pub range: Option<Range>,

    /// The end of the range [default: now]; makes a report reproducible
    #[arg(long, value_name = "RFC3339", value_parser = parse_as_of, requires = "report")]
    pub as_of: Option<Timestamp>,

    /// Only this model, with --report models
    #[arg(
        long,
        value_name = "NAME",
        requires = "report",
        conflicts_with = "compare"
    )]
    pub model: Option<String>,

    /// Two models side by side, with --report models
    #[arg(long, num_args = 2, value_names = ["A", "B"], requires = "report")]
    pub compare: Option<Vec<String>>,

    /// With --compare: only the days on which both closed a trade
    #[arg(long, requires = "compare")]
    pub shared_days: bool,

    /// At most this many models, with --report models
    #[arg(long, value_name = "N", requires = "report", value_parser = clap::value_parser!(u32).range(1..))]
    pub top: Option<u32>,

    /// Only calls whose features match, such as `lp_locked AND top10_pct < 20`; with --report
    /// calls, categories or features
    // A condition may begin with a minus.
    #[arg(
        long = "where",
        value_name = "CONDITION",
        requires = "report",
        allow_hyphen_values = true
    )]
    pub filter: Option<String>,

    /// With calls that are still in their window
    #[arg(long)]
    pub provisional: bool,

    /// What is to be done instead of looking.
    #[command(subcommand)]
    pub command: Option<Command>,
}

/// What every command takes.
#[derive(Debug, Args)]
pub struct Global {
    /// The database file [default: callboard/callboard.db in the data folder; or `CALLBOARD_DB`]
    #[arg(long, value_name = "FILE", global = true)]
    pub db: Option<PathBuf>,

    /// The configuration file [default: callboard/config.toml in the config folder]
    #[arg(long, value_name = "FILE", global = true)]
    pub config: Option<PathBuf>,

    /// The tab that the dashboard opens with
    #[arg(long, value_name = "NAME", global = true, value_parser = parse_tab)]
    pub tab: Option<Tab>,

    /// Log more
    #[arg(short, long, global = true, action = clap::ArgAction::Count)]
    pub verbose: u8,
}

/// What can be done beside looking.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Bring files in: CSV or JSON lines; - is stdin
    ///
    /// The kind is told from the columns unless it is named before the files. Importing the same
    /// file twice changes nothing; a bad row is reported and skipped.
    Import {
        /// The kind (trades, calls, prices, outcomes), if it is not to be guessed; then the files
        #[arg(required = true, value_name = "[KIND] FILE")]
        args: Vec<String>,
        /// The chain of rows that name none
        #[arg(long, value_name = "CHAIN")]
        chain: Option<String>,
        /// What confidences are out of [default: decided per file]
        #[arg(long, value_name = "1|100", value_parser = parse_scale)]
        confidence_scale: Option<Scale>,
        /// All of a file or nothing: a refused row keeps the whole file out
        #[arg(long)]
        strict: bool,
        /// The system the files come from
        #[arg(long, value_name = "callsbot|sc-bot|twai", value_parser = parse_predecessor, conflicts_with = "confidence_scale")]
        from: Option<Predecessor>,
        /// How the report of --from is written
        #[arg(long, value_enum, default_value_t = LossFormat::Text, requires = "from")]
        format: LossFormat,
    },
    /// Take one record from a bot: JSON on stdin, or flags
    Record {
        /// What it is.
        #[command(subcommand)]
        what: Record,
    },
    /// Write everything of a kind to a file that can be imported again
    ///
    /// CSV or JSON lines, by the extension. `outcomes` gives what became of each call, with the
    /// columns of the dual-metric table; `prices` every reading, refused ones included.
    Export {
        /// What is written
        #[arg(value_enum)]
        what: Exported,
        /// The file, readable by its owner only: .csv or .jsonl
        #[arg(value_name = "FILE")]
        to: PathBuf,
        /// Replace a file that is there already
        #[arg(long)]
        force: bool,
    },
    /// Copy the database to a new file, soundly, while others use it
    Backup {
        /// The copy; a file that is there already is never overwritten
        #[arg(value_name = "FILE")]
        to: PathBuf,
    },
    /// Take a wrong record out of every figure, or bring it back
    Void {
        /// What it is.
        #[command(subcommand)]
        what: Void,
    },
    /// Poll prices without a screen, until TERM or INT (for systemd, docker, tmux)
    ///
    /// Of all programs on one database, one polls; the others follow it, and the next takes over
    /// when it ends. Logs go to the state folder, and to stderr on a terminal or under systemd.
    Track,
    /// Call tokens now, at the live price
    ///
    /// The price is asked for once; where none answers in time, the tracker's first one is the
    /// entry.
    Add {
        /// The chain, such as solana, ethereum or base
        chain: String,
        /// The tokens' addresses
        #[arg(required = true, value_name = "ADDRESS")]
        addresses: Vec<String>,
        /// Who calls
        #[arg(long, value_name = "NAME", default_value = "manual")]
        source: String,
        /// The ticker, for one address
        #[arg(long, value_name = "TEXT")]
        symbol: Option<String>,
    },
    /// Check the database, the feeds and the terminal: what is wrong and what to do
    Doctor {
        /// Make everything derived anew from what was recorded
        #[arg(long)]
        rebuild: bool,
    },
    /// Print every setting and where it came from
    Config,
    /// Print a completion script for a shell
    ///
    /// For bash: callboard completions bash > ~/.local/share/bash-completion/completions/callboard
    Completions {
        /// The shell
        #[arg(value_enum)]
        shell: clap_complete::Shell,
    },
}

/// How the report of an import from another system is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum LossFormat {
    /// For people.
    Text,
    /// For scripts.
    Json,
}

/// What can be exported.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Exported {
    /// Every call with its features.
    Calls,
    /// Every trade.
    Trades,
    /// Every price reading, with what became of it.
    Prices,
    /// What became of each call.
    Outcomes,
    /// Every candle.
    Candles,
}

/// A record that may be wrong.
#[derive(Debug, Subcommand)]
pub enum Void {
    /// A call, by its id (as --report calls --format json or csv gives it)
    Call(Voiding),
    /// A price reading: chain:address@time, and /provider where several have one at that time
    /// (the SQL view `samples` gives it as id)
    Sample(Voiding),
}

/// Which record, and what is to become of it.
#[derive(Debug, Args)]
pub struct Voiding {
    /// The record's identity
    pub id: String,
    /// Why it is wrong; kept with it
    #[arg(long, value_name = "TEXT", required_unless_present = "undo")]
    pub why: Option<String>,
    /// Bring it back as it was
    #[arg(long, conflicts_with = "why")]
    pub undo: bool,
}

/// One record.
#[derive(Debug, Subcommand)]
pub enum Record {
    /// A call of a token
    Call(Box<CallFlags>),
    /// A trade of a model
    Trade(Box<TradeFlags>),
}

macro_rules! text_flags {
    ($(#[$doc:meta])* $name:ident { $($(#[$help:meta])* $field:ident),* $(,)? } $($more:tt)*) => {
        $(#[$doc])*
        #[derive(Debug, Args)]
        pub struct $name {
            $($(#[$help])* #[arg(long)] pub $field: Option<String>,)*
            $($more)*
        }

        impl $name {
            /// The flags that were given, by column name.
            #[must_use]
            pub fn given(&self) -> Vec<(&'static str, &str)> {
                let mut given = Vec::new();
                $(if let Some(value) = &self.$field {
                    given.push((stringify!($field), value.as_str()));
                })*
                given
            }
        }
    };
}

text_flags! {
    /// The columns of a call as flags; without any, JSON is read from stdin.
    CallFlags {
        /// Its identity [default: source, chain, address and time]
        id,
        /// Who called
        source,
        /// The chain
        chain,
        /// The token's address
        address,
        /// The ticker
        symbol,
        /// The token's name
        name,
        /// When [RFC 3339, or Unix seconds or milliseconds]
        called_at,
        /// USD per token at the call
        entry_price,
        /// Market cap at the call, USD
        market_cap_usd,
        /// Liquidity at the call, USD
        liquidity_usd,
        /// The bot's own gate that turned it down
        rejected_by,
    }
    /// A feature of the call; may be given again
    #[arg(long, value_name = "NAME=VALUE")]
    pub feature: Vec<String>,
}

text_flags! {
    /// The columns of a trade as flags; without any, JSON is read from stdin.
    TradeFlags {
        /// Its identity [default: its content]
        id,
        /// Who traded
        model,
        /// What was traded
        symbol,
        /// long or short
        side,
        /// Units traded
        quantity,
        /// Price per unit at entry
        entry_price,
        /// Price per unit at exit
        exit_price,
        /// When it was opened
        opened_at,
        /// When it was closed; leave out while it is open
        closed_at,
        /// Realized P&L, net of fees
        realized_pnl,
        /// Fees
        fee,
        /// What asking the model cost
        cost,
        /// Stated confidence, 0 to 1
        confidence,
        /// The currency of P&L, fee and cost [default: USD]
        currency,
    }
}

/// How a report is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Format {
    /// For people, at most 80 columns.
    Text,
    /// For scripts, schema 1.
    Json,
    /// One section as a table for spreadsheets and scripts.
    Csv,
    /// For pasting into issues and chats.
    Markdown,
}

/// A section of the report, or all.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum ReportSection {
    /// Every section.
    All,
    /// The leaderboard.
    Models,
    /// The calls.
    Calls,
    /// How calls ended.
    Categories,
    /// What separates pumps from rugs.
    Features,
}

impl ReportSection {
    /// The section; `None` for all.
    #[must_use]
    pub const fn section(self) -> Option<Section> {
        match self {
            Self::All => None,
            Self::Models => Some(Section::Models),
            Self::Calls => Some(Section::Calls),
            Self::Categories => Some(Section::Categories),
            Self::Features => Some(Section::Features),
        }
    }
}

/// The kind named before files, if the first word is one.
#[must_use]
pub fn split_kind(args: &[String]) -> (Option<Kind>, &[String]) {
    let kinds = [
        Kind::Trades,
        Kind::Calls,
        Kind::Prices,
        Kind::Candles,
        Kind::Outcomes,
    ];
    match args.split_first() {
        Some((first, rest)) => match kinds.into_iter().find(|k| k.name() == first) {
            Some(kind) => (Some(kind), rest),
            None => (None, args),
        },
        None => (None, args),
    }
}

fn parse_predecessor(text: &str) -> Result<Predecessor, String> {
    let all = [Predecessor::Callsbot, Predecessor::ScBot, Predecessor::Twai];
    all.into_iter()
        .find(|p| p.name() == text.to_lowercase())
        .ok_or_else(|| "use callsbot, sc-bot or twai".to_owned())
}

fn parse_scale(text: &str) -> Result<Scale, String> {
    match text {
        "1" => Ok(Scale::One),
        "100" => Ok(Scale::Hundred),
        _ => Err("use 1 or 100".to_owned()),
    }
}

fn parse_range(text: &str) -> Result<Range, String> {
    Range::parse(text).ok_or_else(|| "use 24h, 7d, 30d, 90d or all".to_owned())
}

fn parse_as_of(text: &str) -> Result<Timestamp, String> {
    if text.trim().parse::<f64>().is_ok() {
        return Err("use RFC 3339, such as 2025-11-01T00:00:00Z".to_owned());
    }
    Timestamp::parse(text)
}

fn parse_tab(text: &str) -> Result<Tab, String> {
    Tab::EACH
        .into_iter()
        .find(|tab| tab.name().eq_ignore_ascii_case(text))
        .ok_or_else(|| "use leaderboard, tracker, categories or features".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::CommandFactory;

    #[test]
    fn the_command_line_is_consistent() {
        Cli::command().debug_assert();
    }
}
