//! Conditions on the features of calls: what `--where` takes and the filter lab builds.
//!
//! Names, numbers, 'text', TRUE, FALSE, `= != < <= > >=`, `+ - * /`, AND OR NOT, IN (...),
//! IS \[NOT\] NULL, parentheses. Unknown is SQL's NULL: a comparison with it is neither true nor
//! false, and a call whose answer is unknown does not match. A flag counts 1 or 0.
//!
//! Knows: calls and the kinds of their features. Must never know: SQL the language beyond this
//! grammar, a database, a screen. Nothing here runs longer than the text is long: the text, and how
//! deep it nests, are bounded before anything recurses.

mod eval;
mod lexer;
mod names;
mod parser;

use crate::domain::Call;

pub use eval::Value;
pub use names::{Field, Names};

/// The longest condition, in bytes.
pub const LONGEST: usize = 4096;
/// How deep parentheses and signs may nest.
pub const DEEPEST: usize = 64;

/// A condition that was read and makes sense for the features there are.
#[derive(Debug, Clone, PartialEq)]
pub struct Expression {
    text: String,
    root: Node,
}

/// Why a text is no condition: one line, for the one who wrote it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{what}{}", at.map_or_else(String::new, |at| format!(" (at character {at})")))]
pub struct ExpressionError {
    /// The character it is about, from 1.
    pub at: Option<usize>,
    /// What is wrong with it.
    pub what: String,
}

impl ExpressionError {
    fn new(at: usize, what: impl Into<String>) -> Self {
        Self {
            at: Some(at),
            what: what.into(),
        }
    }
}

/// What a part of a condition gives.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Type {
    Number,
    Text,
}

#[derive(Debug, Clone, PartialEq)]
enum Node {
    Number(f64),
    Text(String),
    Field(Field),
    Not(Box<Node>),
    Negate(Box<Node>),
    Binary(Operator, Box<Node>, Box<Node>),
    In {
        of: Box<Node>,
        list: Vec<Node>,
        not: bool,
    },
    IsNull {
        of: Box<Node>,
        not: bool,
    },
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Operator {
    Or,
    And,
    Equal,
    Unequal,
    Less,
    AtMost,
    More,
    AtLeast,
    Plus,
    Minus,
    Times,
    Over,
}

impl Operator {
    const fn sign(self) -> &'static str {
        match self {
            Self::Or => "OR",
            Self::And => "AND",
            Self::Equal => "=",
            Self::Unequal => "!=",
            Self::Less => "<",
            Self::AtMost => "<=",
            Self::More => ">",
            Self::AtLeast => ">=",
            Self::Plus => "+",
            Self::Minus => "-",
            Self::Times => "*",
            Self::Over => "/",
        }
    }

    const fn compares(self) -> bool {
        matches!(
            self,
            Self::Equal | Self::Unequal | Self::Less | Self::AtMost | Self::More | Self::AtLeast
        )
    }
}

impl Expression {
    /// Reads a condition over features with these names.
    ///
    /// # Errors
    /// When it is too long or too deep, is not in the grammar, names what no call has, or compares
    /// words with numbers.
    pub fn parse(text: &str, names: &Names<'_>) -> Result<Self, ExpressionError> {
        if text.len() > LONGEST {
            return Err(ExpressionError {
                at: None,
                what: format!(
                    "the condition is {} bytes long, and {LONGEST} is the most",
                    text.len()
                ),
            });
        }
        let tokens = lexer::tokens(text)?;
        let root = parser::parse(&tokens, *names)?;
        Ok(Self {
            text: text.split_whitespace().collect::<Vec<_>>().join(" "),
            root,
        })
    }

    /// The text it was read from, in one line.
    #[must_use]
    pub fn text(&self) -> &str {
        &self.text
    }

    /// Whether a call matches; `None` when what it depends on is unknown.
    #[must_use]
    pub fn holds(&self, call: &Call) -> Option<bool> {
        self.root.value(call).truth()
    }
}

#[cfg(test)]
mod tests;
