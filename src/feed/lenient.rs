//! JSON from outside, read so that nothing in it but broken syntax is an error: a field that is
//! missing, null or of another kind is unknown, and one bad element never sinks the list.
//!
//! Knows: JSON. Must never know: what any field means.

use std::fmt;
use std::marker::PhantomData;

use serde::de::value::MapAccessDeserializer;
use serde::de::{
    Deserialize, DeserializeOwned, Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor,
};

/// A number, or text that is one (`"0.00015"`, `"1e-7"`); finite.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub(super) struct Num(pub(super) Option<f64>);

/// Text.
#[derive(Debug, Clone, PartialEq, Default)]
pub(super) struct Text(pub(super) Option<String>);

/// An object.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Obj<T>(pub(super) Option<T>);

/// A list of objects; whatever else it holds is left out.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct List<T>(pub(super) Option<Vec<T>>);

impl<T> Default for Obj<T> {
    fn default() -> Self {
        Self(None)
    }
}

impl<T> Default for List<T> {
    fn default() -> Self {
        Self(None)
    }
}

impl<T> Obj<T> {
    pub(super) const fn get(&self) -> Option<&T> {
        self.0.as_ref()
    }
}

impl Text {
    /// The text, unless it is empty.
    pub(super) fn get(&self) -> Option<&str> {
        self.0.as_deref().map(str::trim).filter(|t| !t.is_empty())
    }
}

impl Num {
    /// The number if it is not below zero: an amount.
    pub(super) fn amount(self) -> Option<f64> {
        self.0.filter(|v| *v >= 0.0)
    }
}

/// The visits that every reader answers with "unknown".
macro_rules! ignore {
    ($($visit:ident: $kind:ty),*) => {
        $(fn $visit<E>(self, _: $kind) -> Result<Self::Value, E> {
            Ok(Self::Value::default())
        })*
    };
}

macro_rules! ignore_nothing {
    () => {
        fn visit_unit<E>(self) -> Result<Self::Value, E> {
            Ok(Self::Value::default())
        }
        fn visit_none<E>(self) -> Result<Self::Value, E> {
            Ok(Self::Value::default())
        }
    };
}

macro_rules! ignore_map {
    () => {
        fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
            while map.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {}
            Ok(Self::Value::default())
        }
    };
}

macro_rules! ignore_seq {
    () => {
        fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Self::Value, A::Error> {
            while seq.next_element::<IgnoredAny>()?.is_some() {}
            Ok(Self::Value::default())
        }
    };
}

impl<'de> Deserialize<'de> for Num {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Reader;
        impl<'de> Visitor<'de> for Reader {
            type Value = Num;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a number")
            }
            fn visit_f64<E>(self, v: f64) -> Result<Num, E> {
                Ok(Num(Some(v).filter(|v| v.is_finite())))
            }
            fn visit_i64<E>(self, v: i64) -> Result<Num, E> {
                Ok(Num(Some(v as f64)))
            }
            fn visit_u64<E>(self, v: u64) -> Result<Num, E> {
                Ok(Num(Some(v as f64)))
            }
            fn visit_str<E>(self, v: &str) -> Result<Num, E> {
                Ok(Num(v.trim().parse().ok().filter(|v: &f64| v.is_finite())))
            }
            ignore!(visit_bool: bool);
            ignore_nothing!();
            ignore_map!();
            ignore_seq!();
        }
        deserializer.deserialize_any(Reader)
    }
}

impl<'de> Deserialize<'de> for Text {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Reader;
        impl<'de> Visitor<'de> for Reader {
            type Value = Text;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("text")
            }
            fn visit_str<E>(self, v: &str) -> Result<Text, E> {
                Ok(Text(Some(v.to_owned())))
            }
            ignore!(visit_bool: bool, visit_f64: f64, visit_i64: i64, visit_u64: u64);
            ignore_nothing!();
            ignore_map!();
            ignore_seq!();
        }
        deserializer.deserialize_any(Reader)
    }
}

impl<'de, T: DeserializeOwned> Deserialize<'de> for Obj<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Reader<T>(PhantomData<T>);
        impl<'de, T: DeserializeOwned> Visitor<'de> for Reader<T> {
            type Value = Obj<T>;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }
            fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Obj<T>, A::Error> {
                T::deserialize(MapAccessDeserializer::new(map)).map(|t| Obj(Some(t)))
            }
            ignore!(visit_bool: bool, visit_f64: f64, visit_i64: i64, visit_u64: u64, visit_str: &str);
            ignore_nothing!();
            ignore_seq!();
        }
        deserializer.deserialize_any(Reader(PhantomData))
    }
}

impl<'de, T: DeserializeOwned> Deserialize<'de> for List<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Reader<T>(PhantomData<T>);
        impl<'de, T: DeserializeOwned> Visitor<'de> for Reader<T> {
            type Value = List<T>;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a list")
            }
            fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<List<T>, A::Error> {
                let mut all = Vec::new();
                while let Some(Obj(one)) = seq.next_element::<Obj<T>>()? {
                    all.extend(one);
                }
                Ok(List(Some(all)))
            }
            ignore!(visit_bool: bool, visit_f64: f64, visit_i64: i64, visit_u64: u64, visit_str: &str);
            ignore_nothing!();
            ignore_map!();
        }
        deserializer.deserialize_any(Reader(PhantomData))
    }
}

/// Reads an answer.
///
/// # Errors
/// When it is no JSON, or not of this shape at all: why, without quoting it.
pub(super) fn read<T: DeserializeOwned>(body: &[u8]) -> Result<T, String> {
    let first = match serde_json::from_slice(body) {
        Ok(read) => return Ok(read),
        Err(error) => error,
    };
    // Numbers beyond f64 and bare NaN are the one kind of broken syntax that real encoders write.
    if let Some(mended) = without_wild_numbers(body)
        && let Ok(read) = serde_json::from_slice(&mended)
    {
        return Ok(read);
    }
    if body.iter().all(u8::is_ascii_whitespace) {
        return Err("an empty answer".to_owned());
    }
    let start = body.trim_ascii_start().first();
    Err(if start == Some(&b'<') {
        "an HTML page instead of JSON".to_owned()
    } else if first.is_eof() {
        "cut short".to_owned()
    } else if first.is_data() {
        "JSON of another shape".to_owned()
    } else {
        format!(
            "no JSON at line {}, column {}",
            first.line(),
            first.column()
        )
    })
}

/// The same with `null` for each number that is none (`NaN`, `-Infinity`, `1e999`); `None` when
/// there is nothing to mend.
fn without_wild_numbers(body: &[u8]) -> Option<Vec<u8>> {
    let mut out = Vec::with_capacity(body.len());
    let mut mended = false;
    let mut at = 0;
    while let Some(&byte) = body.get(at) {
        let rest = &body[at..];
        let length = match byte {
            b'"' => string_length(rest),
            b'-' | b'0'..=b'9' | b'N' | b'I' => {
                let word = rest
                    .iter()
                    .position(|b| !(b.is_ascii_alphanumeric() || matches!(b, b'+' | b'-' | b'.')))
                    .unwrap_or(rest.len());
                let wild = std::str::from_utf8(&rest[..word])
                    .ok()
                    .and_then(|text| text.parse::<f64>().ok())
                    .is_some_and(|number| !number.is_finite());
                if wild {
                    out.extend_from_slice(b"null");
                    mended = true;
                    at += word;
                    continue;
                }
                word.max(1)
            }
            _ => 1,
        };
        out.extend_from_slice(&rest[..length]);
        at += length;
    }
    mended.then_some(out)
}

/// The length of a string with its quotes, or of what there is of it.
fn string_length(text: &[u8]) -> usize {
    let mut escaped = false;
    for (i, byte) in text.iter().enumerate().skip(1) {
        match byte {
            _ if escaped => escaped = false,
            b'\\' => escaped = true,
            b'"' => return i + 1,
            _ => {}
        }
    }
    text.len()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde::Deserialize;

    #[derive(Debug, Default, PartialEq, Deserialize)]
    #[serde(default)]
    struct One {
        number: Num,
        text: Text,
        inner: Obj<Inner>,
    }

    #[derive(Debug, Default, PartialEq, Deserialize)]
    #[serde(default)]
    struct Inner {
        usd: Num,
    }

    #[test]
    fn a_number_is_a_number_in_every_spelling() {
        for (json, want) in [
            ("1.5", Some(1.5)),
            ("\"1.5\"", Some(1.5)),
            ("\" 1.5e-7 \"", Some(1.5e-7)),
            ("3E-12", Some(3e-12)),
            ("-4", Some(-4.0)),
            ("18446744073709551615", Some(18_446_744_073_709_551_615.0)),
            ("\"NaN\"", None),
            ("\"inf\"", None),
            ("1e999", None),
            ("-1e999", None),
            ("NaN", None),
            ("-Infinity", None),
            ("\"\"", None),
            ("null", None),
            ("true", None),
            ("[1]", None),
            ("{\"a\":1}", None),
        ] {
            let one: One = read(format!("{{\"number\":{json}}}").as_bytes()).unwrap();
            assert_eq!(one.number.0, want, "{json}");
        }
        assert_eq!(Num(Some(-1.0)).amount(), None);
    }

    #[test]
    fn what_is_of_another_kind_is_unknown_and_the_rest_stays() {
        let list: List<One> = read(
            br#"[{"number":1,"text":"a","inner":{"usd":"2","more":[1]}}, null, 7, "x", [1, 2],
                {"number":{},"text":5,"inner":[]}, {"unknown":{"deep":[{}]},"inner":null}]"#,
        )
        .unwrap();
        let list = list.0.unwrap();
        assert_eq!(list.len(), 3);
        assert_eq!(list[0].inner.get().unwrap().usd.0, Some(2.0));
        assert_eq!(list[1], One::default());
        assert_eq!(list[2], One::default());
    }

    #[test]
    fn what_is_no_json_is_said_in_words_and_not_quoted() {
        for (body, want) in [
            ("", "an empty answer"),
            ("<!DOCTYPE html><html>", "an HTML page instead of JSON"),
            ("[{\"number\":1", "cut short"),
            ("[{\"te", "cut short"),
            ("\u{feff}oops", "no JSON at line 1, column 1"),
        ] {
            let error = read::<List<One>>(body.as_bytes()).unwrap_err();
            assert_eq!(error, want);
        }
        // A wild number in a string is text.
        assert_eq!(without_wild_numbers(br#"{"a":"NaN \" 1e999"}"#), None);
    }
}
