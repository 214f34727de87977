//! A condition in words and signs.

use winnow::combinator::{alt, delimited, opt, preceded, repeat};
use winnow::prelude::*;
use winnow::token::{any, literal, none_of, one_of, take_while};

use super::{ExpressionError, Operator};

/// A word or sign.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Token {
    Number(f64),
    Text(String),
    /// A name; in quotes, also one that is a word of the grammar.
    Name(String),
    True,
    False,
    Null,
    Not,
    In,
    Is,
    Operator(Operator),
    Open,
    Close,
    Comma,
}

impl Token {
    /// How it is called in a message.
    pub fn label(&self) -> String {
        match self {
            Self::Number(number) => format!("{number}"),
            Self::Text(text) => format!("'{}'", short(text)),
            Self::Name(name) => format!("'{}'", short(name)),
            Self::True => "TRUE".to_owned(),
            Self::False => "FALSE".to_owned(),
            Self::Null => "NULL".to_owned(),
            Self::Not => "NOT".to_owned(),
            Self::In => "IN".to_owned(),
            Self::Is => "IS".to_owned(),
            Self::Operator(operator) => format!("'{}'", operator.sign()),
            Self::Open => "'('".to_owned(),
            Self::Close => "')'".to_owned(),
            Self::Comma => "','".to_owned(),
        }
    }
}

/// A piece of somebody's text for a message.
pub(super) fn short(text: &str) -> String {
    const MOST: usize = 40;
    let mut out: String = text.chars().take(MOST).collect();
    if out.len() < text.len() {
        out.push_str("...");
    }
    out
}

/// A token and the character it starts at, from 1.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Placed {
    pub token: Token,
    pub at: usize,
}

/// The words and signs of a text.
pub(super) fn tokens(text: &str) -> Result<Vec<Placed>, ExpressionError> {
    if let Some(at) = text
        .chars()
        .position(|c| c != ' ' && c != '\t' && c != '\n' && crate::domain::text::is_unsafe(c))
    {
        return Err(ExpressionError::new(
            at + 1,
            "a control character has no place in a condition",
        ));
    }
    let mut rest = text;
    let mut out = Vec::new();
    loop {
        rest = rest.trim_start();
        let at = text.chars().count() - rest.chars().count() + 1;
        if rest.is_empty() {
            return Ok(out);
        }
        let Ok(token) = token(&mut rest) else {
            return Err(ExpressionError::new(at, unreadable(rest)));
        };
        if matches!(token, Token::Number(_))
            && rest.starts_with(|c: char| c.is_alphanumeric() || c == '_' || c == '.')
        {
            return Err(ExpressionError::new(
                at,
                "a number runs into a word here; a name that starts with a digit goes in \"...\"",
            ));
        }
        out.push(Placed { token, at });
    }
}

/// Why no word or sign starts here.
fn unreadable(rest: &str) -> String {
    match rest.chars().next() {
        Some('\'') => "a text that starts here is never closed: 'text' ends with '".to_owned(),
        Some('"') => "a name that starts here is never closed: \"name\" ends with \"".to_owned(),
        Some(';') => "';' has no place here: this is one condition, not SQL".to_owned(),
        Some(c) => format!("'{c}' has no place in a condition"),
        None => "something is missing here".to_owned(),
    }
}

type Fault = winnow::error::ErrMode<winnow::error::EmptyError>;

fn token(input: &mut &str) -> Result<Token, Fault> {
    alt((number, text, quoted_name, word, sign)).parse_next(input)
}

fn digits<'a>(input: &mut &'a str) -> Result<&'a str, Fault> {
    take_while(1.., |c: char| c.is_ascii_digit()).parse_next(input)
}

fn number(input: &mut &str) -> Result<Token, Fault> {
    let exponent = || (one_of(['e', 'E']), opt(one_of(['+', '-'])), digits);
    alt((
        (digits, opt(('.', opt(digits))), opt(exponent())).take(),
        ('.', digits, opt(exponent())).take(),
    ))
    .verify_map(|text: &str| text.parse::<f64>().ok().filter(|n| n.is_finite()))
    .map(Token::Number)
    .parse_next(input)
}

/// What stands between two quotes, where two of them are one.
fn between<'a>(quote: char) -> impl Parser<&'a str, String, Fault> {
    let inner = repeat(
        0..,
        alt((preceded(quote, quote).map(move |_| quote), none_of([quote]))),
    )
    .fold(String::new, |mut text, c: char| {
        text.push(c);
        text
    });
    delimited(quote, inner, quote)
}

fn text(input: &mut &str) -> Result<Token, Fault> {
    between('\'').map(Token::Text).parse_next(input)
}

fn quoted_name(input: &mut &str) -> Result<Token, Fault> {
    between('"')
        .verify(|name: &String| !name.is_empty())
        .map(Token::Name)
        .parse_next(input)
}

fn word(input: &mut &str) -> Result<Token, Fault> {
    let start = any.verify(|c: &char| c.is_alphabetic() || *c == '_');
    let rest = take_while(0.., |c: char| c.is_alphanumeric() || c == '_');
    let word: &str = (start, rest).take().parse_next(input)?;
    Ok(match word.to_ascii_uppercase().as_str() {
        "AND" => Token::Operator(Operator::And),
        "OR" => Token::Operator(Operator::Or),
        "NOT" => Token::Not,
        "IN" => Token::In,
        "IS" => Token::Is,
        "NULL" => Token::Null,
        "TRUE" => Token::True,
        "FALSE" => Token::False,
        _ => Token::Name(word.to_owned()),
    })
}

fn sign(input: &mut &str) -> Result<Token, Fault> {
    let operator =
        |sign: &'static str, operator: Operator| literal(sign).value(Token::Operator(operator));
    alt((
        operator("<=", Operator::AtMost),
        operator(">=", Operator::AtLeast),
        operator("!=", Operator::Unequal),
        operator("<>", Operator::Unequal),
        operator("=", Operator::Equal),
        operator("<", Operator::Less),
        operator(">", Operator::More),
        // "--" starts a comment in SQL: what follows must not be lost or read as a double minus.
        operator("+", Operator::Plus),
        (literal("-"), winnow::combinator::not('-')).value(Token::Operator(Operator::Minus)),
        operator("*", Operator::Times),
        (literal("/"), winnow::combinator::not('*')).value(Token::Operator(Operator::Over)),
        literal("(").value(Token::Open),
        literal(")").value(Token::Close),
        literal(",").value(Token::Comma),
    ))
    .parse_next(input)
}
