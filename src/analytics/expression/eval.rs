//! What a condition says of a call, with unknown as the third value.

use std::cmp::Ordering;

use crate::analytics::features::FeatureKind;
use crate::domain::{Call, FeatureValue};

use super::{Field, Node, Operator, Type};

/// What a part of a condition gives for a call.
#[derive(Debug, Clone, PartialEq)]
pub enum Value {
    /// Unknown.
    Unknown,
    /// A number; TRUE is 1 and FALSE is 0.
    Number(f64),
    /// A word.
    Text(String),
}

impl Value {
    /// A number that is one: what overflows or was divided by nothing is unknown, as in SQL.
    fn number(number: f64) -> Self {
        if number.is_finite() {
            Self::Number(number)
        } else {
            Self::Unknown
        }
    }

    fn truth_of(truth: Option<bool>) -> Self {
        truth.map_or(Self::Unknown, |t| Self::Number(f64::from(u8::from(t))))
    }

    /// Whether it is true: anything but 0.
    pub(super) fn truth(&self) -> Option<bool> {
        match self {
            Self::Number(number) => Some(*number != 0.0),
            Self::Unknown | Self::Text(_) => None,
        }
    }

    /// The order of two values; `None` when one of them is unknown.
    fn against(&self, other: &Self) -> Option<Ordering> {
        match (self, other) {
            (Self::Number(a), Self::Number(b)) => a.partial_cmp(b),
            (Self::Text(a), Self::Text(b)) => Some(a.cmp(b)),
            _ => None,
        }
    }
}

impl Field {
    fn value(&self, call: &Call) -> Value {
        let text =
            |text: Option<&str>| text.map_or(Value::Unknown, |text| Value::Text(text.to_owned()));
        let number = |number: Option<f64>| number.map_or(Value::Unknown, Value::number);
        match self {
            Self::Feature(name, kind) => match (call.features.get(name), kind) {
                (None, _) => Value::Unknown,
                (Some(value), FeatureKind::Flag) => Value::truth_of(value.as_flag()),
                (Some(value), FeatureKind::Number) => number(value.as_number()),
                (Some(FeatureValue::Text(words)), FeatureKind::Category) => text(Some(words)),
                (Some(value), FeatureKind::Category) => Value::Text(value.label()),
            },
            Self::Source => text(Some(&call.source)),
            Self::Chain => text(Some(&call.chain)),
            Self::Symbol => text(call.symbol.as_deref()),
            Self::RejectedBy => text(call.rejected_by.as_deref()),
            Self::MarketCap => number(call.market_cap_usd),
            Self::Liquidity => number(call.liquidity_usd),
        }
    }
}

impl Node {
    pub(super) const fn kind(&self) -> Type {
        match self {
            Self::Text(_) => Type::Text,
            Self::Field(field) => field.kind(),
            _ => Type::Number,
        }
    }

    /// How it is called in a message.
    pub(super) fn label(&self) -> String {
        match self {
            Self::Number(number) => format!("{number}"),
            Self::Text(text) => format!("'{}'", super::lexer::short(text)),
            Self::Field(Field::Feature(name, _)) => super::lexer::short(name),
            Self::Field(Field::Source) => "source".to_owned(),
            Self::Field(Field::Chain) => "chain".to_owned(),
            Self::Field(Field::Symbol) => "symbol".to_owned(),
            Self::Field(Field::RejectedBy) => "rejected_by".to_owned(),
            Self::Field(Field::MarketCap) => "market_cap_usd".to_owned(),
            Self::Field(Field::Liquidity) => "liquidity_usd".to_owned(),
            _ => "what it is compared with".to_owned(),
        }
    }

    pub(super) fn value(&self, call: &Call) -> Value {
        match self {
            Self::Number(number) => Value::Number(*number),
            Self::Text(text) => Value::Text(text.clone()),
            Self::Field(field) => field.value(call),
            Self::Not(inner) => Value::truth_of(inner.value(call).truth().map(|t| !t)),
            Self::Negate(inner) => match inner.value(call) {
                Value::Number(number) => Value::Number(-number),
                _ => Value::Unknown,
            },
            Self::Binary(..) => self.chained(call),
            Self::In { of, list, not } => {
                let of = of.value(call);
                let mut found = Some(false);
                for item in list {
                    match of.against(&item.value(call)) {
                        Some(Ordering::Equal) => {
                            found = Some(true);
                            break;
                        }
                        Some(_) => {}
                        None => found = None,
                    }
                }
                Value::truth_of(found.map(|f| f != *not))
            }
            Self::IsNull { of, not } => {
                Value::truth_of(Some((of.value(call) == Value::Unknown) != *not))
            }
        }
    }

    /// A chain of operators leans left and may be as long as the text: it is walked in a loop.
    fn chained(&self, call: &Call) -> Value {
        let mut steps = Vec::new();
        let mut node = self;
        while let Self::Binary(operator, left, right) = node {
            steps.push((*operator, right));
            node = left;
        }
        let mut value = node.value(call);
        for (operator, right) in steps.into_iter().rev() {
            value = apply(operator, &value, right, call);
        }
        value
    }
}

fn apply(operator: Operator, left: &Value, right: &Node, call: &Call) -> Value {
    let truth = match operator {
        Operator::And | Operator::Or => {
            // One side that decides is enough, whatever the other is.
            let decides = operator == Operator::Or;
            let a = left.truth();
            if a == Some(decides) {
                Some(decides)
            } else {
                match (a, right.value(call).truth()) {
                    (_, Some(b)) if b == decides => Some(decides),
                    (Some(_), Some(_)) => Some(!decides),
                    _ => None,
                }
            }
        }
        Operator::Plus | Operator::Minus | Operator::Times | Operator::Over => {
            let (Value::Number(a), Value::Number(b)) = (left, right.value(call)) else {
                return Value::Unknown;
            };
            return Value::number(match operator {
                Operator::Plus => a + b,
                Operator::Minus => a - b,
                Operator::Times => a * b,
                _ => a / b,
            });
        }
        _ => left
            .against(&right.value(call))
            .map(|order| match operator {
                Operator::Equal => order == Ordering::Equal,
                Operator::Unequal => order != Ordering::Equal,
                Operator::Less => order == Ordering::Less,
                Operator::AtMost => order != Ordering::Greater,
                Operator::More => order == Ordering::Greater,
                _ => order != Ordering::Less,
            }),
    };
    Value::truth_of(truth)
}
