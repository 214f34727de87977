//! Words and signs as a condition. From the loosest to the tightest, as in SQL: OR, AND, NOT,
//! comparison (with IN and IS NULL), plus and minus, times and over, a sign.

use winnow::error::{ErrMode, ParserError};
use winnow::prelude::*;
use winnow::stream::{Stateful, Stream};
use winnow::token::any;

use super::lexer::{Placed, Token};
use super::{DEEPEST, ExpressionError, Names, Node, Operator, Type};

/// What is known while reading.
#[derive(Debug, Clone, Copy)]
struct Known<'a> {
    names: Names<'a>,
    depth: usize,
    /// The character behind the last token.
    end: usize,
}

type Input<'a> = Stateful<&'a [Placed], Known<'a>>;
type Found = ModalResult<Node, Fault>;

/// What is wrong.
#[derive(Debug)]
struct Fault(ExpressionError);

impl<'a> ParserError<Input<'a>> for Fault {
    type Inner = Self;

    fn from_input(input: &Input<'a>) -> Self {
        Self(match input.input.first() {
            Some(next) => ExpressionError::new(
                next.at,
                format!("{} was not expected here", next.token.label()),
            ),
            None => ExpressionError::new(input.state.end, "the condition ends too early"),
        })
    }

    fn into_inner(self) -> Result<Self::Inner, Self> {
        Ok(self)
    }
}

/// Reads a whole condition.
pub(super) fn parse(tokens: &[Placed], names: Names<'_>) -> Result<Node, ExpressionError> {
    if tokens.is_empty() {
        return Err(ExpressionError {
            at: None,
            what: "the condition is empty".to_owned(),
        });
    }
    let state = Known {
        names,
        depth: 0,
        end: tokens.last().map_or(1, |last| last.at + 1),
    };
    let mut input = Stateful {
        input: tokens,
        state,
    };
    let fault = |error: ErrMode<Fault>| match error {
        ErrMode::Backtrack(fault) | ErrMode::Cut(fault) => fault.0,
        ErrMode::Incomplete(_) => ExpressionError::new(1, "the condition ends too early"),
    };
    let root = either(&mut input).map_err(fault)?;
    if !input.input.is_empty() {
        return Err(Fault::from_input(&input).0);
    }
    if root.kind() == Type::Text {
        return Err(ExpressionError::new(
            1,
            "this is a text, not a condition: compare it with something",
        ));
    }
    Ok(root)
}

fn cut<T>(error: ExpressionError) -> ModalResult<T, Fault> {
    Err(ErrMode::Cut(Fault(error)))
}

fn unexpected<T>(input: &Input<'_>) -> ModalResult<T, Fault> {
    Err(ErrMode::Cut(Fault::from_input(input)))
}

/// The character the next token starts at.
fn here(input: &Input<'_>) -> usize {
    input.input.first().map_or(input.state.end, |next| next.at)
}

fn next<'a>(input: &Input<'a>) -> Option<&'a Token> {
    input.input.first().map(|next| &next.token)
}

/// Takes the next token if it is this one.
fn taken(input: &mut Input<'_>, token: &Token) -> bool {
    let is = next(input) == Some(token);
    if is {
        input.next_token();
    }
    is
}

fn operator(input: &mut Input<'_>, of: fn(Operator) -> bool) -> Option<(Operator, usize)> {
    let at = here(input);
    match next(input) {
        Some(Token::Operator(operator)) if of(*operator) => {
            input.next_token();
            Some((*operator, at))
        }
        _ => None,
    }
}

/// Everything that can hold itself goes one deeper here, so that nothing recurses without bound.
fn deeper(input: &mut Input<'_>, inner: fn(&mut Input<'_>) -> Found) -> Found {
    if input.state.depth >= DEEPEST {
        return cut(ExpressionError::new(
            here(input),
            format!("this nests more than {DEEPEST} deep"),
        ));
    }
    input.state.depth += 1;
    let found = inner(input);
    input.state.depth -= 1;
    found
}

/// Operands of one precedence from left to right; the list is a loop, not a recursion, but the
/// tree it makes leans left, so its length counts as depth too.
fn chain(
    input: &mut Input<'_>,
    inner: fn(&mut Input<'_>) -> Found,
    of: fn(Operator) -> bool,
    wants: Type,
) -> Found {
    let start = here(input);
    let mut left = inner(input)?;
    while let Some((sign, _)) = operator(input, of) {
        expect(&left, wants, start, sign)?;
        let right_at = here(input);
        let right = inner(input)?;
        expect(&right, wants, right_at, sign)?;
        left = Node::Binary(sign, Box::new(left), Box::new(right));
    }
    Ok(left)
}

fn expect(node: &Node, wants: Type, at: usize, sign: Operator) -> ModalResult<(), Fault> {
    if node.kind() == wants {
        return Ok(());
    }
    cut(ExpressionError::new(
        at,
        format!(
            "{} takes flags and numbers, and this is a text",
            sign.sign()
        ),
    ))
}

fn either(input: &mut Input<'_>) -> Found {
    chain(input, both, |o| o == Operator::Or, Type::Number)
}

fn both(input: &mut Input<'_>) -> Found {
    chain(input, negation, |o| o == Operator::And, Type::Number)
}

fn negation(input: &mut Input<'_>) -> Found {
    if !taken(input, &Token::Not) {
        return comparison(input);
    }
    let at = here(input);
    let inner = deeper(input, negation)?;
    if inner.kind() == Type::Text {
        return cut(ExpressionError::new(
            at,
            "NOT takes a condition, and this is a text",
        ));
    }
    Ok(Node::Not(Box::new(inner)))
}

fn comparison(input: &mut Input<'_>) -> Found {
    let mut left = sum(input)?;
    let mut compared = false;
    loop {
        if let Some((sign, at)) = operator(input, Operator::compares) {
            if compared {
                return cut(ExpressionError::new(
                    at,
                    "one comparison at a time: join two with AND",
                ));
            }
            let right = sum(input)?;
            alike(&left, &right, at)?;
            left = Node::Binary(sign, Box::new(left), Box::new(right));
            compared = true;
        } else if taken(input, &Token::Is) {
            let not = taken(input, &Token::Not);
            if !taken(input, &Token::Null) {
                return cut(ExpressionError::new(
                    here(input),
                    "IS goes with NULL or NOT NULL",
                ));
            }
            // A run of "IS NULL IS NULL ..." would grow the tree without end.
            if compared {
                return unexpected(input);
            }
            left = Node::IsNull {
                of: Box::new(left),
                not,
            };
            compared = true;
        } else if next(input) == Some(&Token::In)
            || (next(input) == Some(&Token::Not)
                && input.input.get(1).map(|t| &t.token) == Some(&Token::In))
        {
            if compared {
                return unexpected(input);
            }
            let not = taken(input, &Token::Not);
            input.next_token();
            left = list(input, left, not)?;
            compared = true;
        } else {
            return Ok(left);
        }
    }
}

fn list(input: &mut Input<'_>, of: Node, not: bool) -> Found {
    if !taken(input, &Token::Open) {
        return cut(ExpressionError::new(
            here(input),
            "IN goes with a list: IN ('a', 'b')",
        ));
    }
    let mut list = Vec::new();
    loop {
        let at = here(input);
        let item = deeper(input, sum)?;
        alike(&of, &item, at)?;
        list.push(item);
        if taken(input, &Token::Close) {
            break;
        }
        if !taken(input, &Token::Comma) {
            return unexpected(input);
        }
    }
    Ok(Node::In {
        of: Box::new(of),
        list,
        not,
    })
}

fn alike(left: &Node, right: &Node, at: usize) -> ModalResult<(), Fault> {
    if left.kind() == right.kind() {
        return Ok(());
    }
    let (words, number) = if left.kind() == Type::Text {
        (left, right)
    } else {
        (right, left)
    };
    cut(ExpressionError::new(
        at,
        format!(
            "{} holds words and {} is a number: words are compared with 'text'",
            words.label(),
            number.label()
        ),
    ))
}

fn sum(input: &mut Input<'_>) -> Found {
    chain(
        input,
        product,
        |o| matches!(o, Operator::Plus | Operator::Minus),
        Type::Number,
    )
}

fn product(input: &mut Input<'_>) -> Found {
    chain(
        input,
        signed,
        |o| matches!(o, Operator::Times | Operator::Over),
        Type::Number,
    )
}

fn signed(input: &mut Input<'_>) -> Found {
    let Some((sign, _)) = operator(input, |o| matches!(o, Operator::Plus | Operator::Minus)) else {
        return operand(input);
    };
    let at = here(input);
    let inner = deeper(input, signed)?;
    expect(&inner, Type::Number, at, sign)?;
    Ok(if sign == Operator::Minus {
        Node::Negate(Box::new(inner))
    } else {
        inner
    })
}

fn operand(input: &mut Input<'_>) -> Found {
    let at = here(input);
    let Ok(placed) = any::<_, ErrMode<Fault>>.parse_next(input) else {
        return unexpected(input);
    };
    match placed.token {
        Token::Number(number) => Ok(Node::Number(number)),
        Token::Text(text) => Ok(Node::Text(text)),
        Token::True => Ok(Node::Number(1.0)),
        Token::False => Ok(Node::Number(0.0)),
        Token::Null => cut(ExpressionError::new(
            at,
            "nothing equals NULL: use IS NULL or IS NOT NULL",
        )),
        Token::Name(name) => {
            if next(input) == Some(&Token::Open) {
                return cut(ExpressionError::new(
                    at,
                    format!(
                        "{} is called like a function, and there are none",
                        Token::Name(name).label()
                    ),
                ));
            }
            match input.state.names.find(&name, at) {
                Ok(field) => Ok(Node::Field(field)),
                Err(error) => cut(error),
            }
        }
        Token::Open => {
            let inner = deeper(input, either)?;
            if taken(input, &Token::Close) {
                Ok(inner)
            } else if input.input.is_empty() {
                cut(ExpressionError::new(at, "this parenthesis is never closed"))
            } else {
                unexpected(input)
            }
        }
        token => cut(ExpressionError::new(
            at,
            format!("{} was not expected here", token.label()),
        )),
    }
}
