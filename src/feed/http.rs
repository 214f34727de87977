//! The one HTTP client: asks, waits no longer than it should, and says in words what went wrong.
//!
//! Knows: status codes, headers, bodies. Must never know: what an answer means.
//!
//! What a provider says in an error reaches the screen and the log, so it is cleaned and cut, and
//! neither a key nor an address with a query is ever part of it.

use std::time::Duration;

use reqwest::header::{ACCEPT, DATE, HeaderMap, HeaderName, HeaderValue, RETRY_AFTER};
use reqwest::{Client, Response, StatusCode, Url, redirect};

use crate::domain::text::clean;
use crate::domain::{Span, Timestamp};

use super::FeedError;
use super::budget::SharedBudget;
use super::moment::Moment;
use super::retry_after::asked_wait;

/// Who asks: services refuse the names of libraries.
pub(super) const AGENT: &str = concat!("callboard/", env!("CARGO_PKG_VERSION"));
/// No answer is this long: the longest known is about 200 KB.
const LONGEST_BODY: usize = 8 * 1024 * 1024;
/// The most characters of a provider's words that are repeated.
const LONGEST_WORDS: usize = 120;
/// The longest that a second request within one question waits for its place in the budget.
pub(super) const PATIENCE: Span = Span::seconds(15);
/// The pauses after refusals without a time double up to this.
const LONGEST_DOUBLED: Span = Span::seconds(60);

/// Why a request brought nothing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Fault {
    /// The provider answered, and the answer is one that each endpoint reads in its own way:
    /// 400, 401, 404, 422 and the like, with what it said.
    Said(u16, String),
    /// What the asker is to be told.
    Feed(FeedError),
}

impl Fault {
    /// As the asker is told it, where the endpoint has no reading of its own.
    pub(super) fn told(self, feed: &'static str) -> FeedError {
        match self {
            Self::Feed(error) => error,
            Self::Said(401 | 402, words) => FeedError::Refused {
                feed,
                reason: with_words("401, it wants a valid key", &words),
            },
            Self::Said(status, words) => FeedError::BadAnswer {
                feed,
                reason: with_words(&format!("HTTP status {status}"), &words),
            },
        }
    }

    /// Whether the request itself was malformed.
    pub(super) const fn is_malformed(&self) -> bool {
        matches!(self, Self::Said(400 | 414 | 422, _))
    }
}

/// How one provider is reached.
#[derive(Debug)]
pub(super) struct Access {
    /// Its name.
    pub(super) feed: &'static str,
    /// Where it is.
    pub(super) base: String,
    /// What its answers should be: the `Accept` header.
    pub(super) accept: &'static str,
    /// A key, and the header that it is sent in.
    pub(super) key: Option<(&'static str, String)>,
    /// The longest a request may take.
    pub(super) timeout: Span,
    /// The first pause after a 429 that says no time; it doubles.
    pub(super) first_pause: Span,
    /// The shortest pause after a 429, whatever it says.
    pub(super) least_pause: Span,
}

/// A client of one provider.
pub(super) struct Http {
    feed: &'static str,
    client: Client,
    base: Url,
    key: Option<String>,
    timeout: Span,
    first_pause: Span,
    least_pause: Span,
    /// Refusals in a row that said no time.
    strikes: u32,
    budget: SharedBudget,
}

impl Http {
    /// A client.
    ///
    /// # Errors
    /// When the base is no address of a web service, or the key cannot stand in a header.
    pub(super) fn new(access: Access, budget: SharedBudget) -> Result<Self, FeedError> {
        let feed = access.feed;
        let refused = |reason: &str| FeedError::Refused {
            feed,
            reason: reason.to_owned(),
        };
        let base = Url::parse(access.base.trim())
            .ok()
            .filter(|url| matches!(url.scheme(), "http" | "https") && url.has_host())
            .ok_or_else(|| refused("its url in the settings is no http address"))?;
        let mut headers = HeaderMap::new();
        headers.insert(ACCEPT, HeaderValue::from_static(access.accept));
        let key = access.key.filter(|(_, key)| !key.trim().is_empty());
        if let Some((name, key)) = &key {
            let mut value = HeaderValue::from_str(key.trim())
                .map_err(|_| refused("its key in the settings cannot stand in a header"))?;
            value.set_sensitive(true);
            headers.insert(HeaderName::from_static(name), value);
        }
        let timeout = access.timeout.to_duration();
        let client = Client::builder()
            .user_agent(AGENT)
            .default_headers(headers)
            .timeout(timeout)
            .connect_timeout(timeout.min(Duration::from_secs(10)))
            .pool_idle_timeout(Duration::from_secs(90))
            .redirect(redirect::Policy::custom(same_place_only))
            .build()
            .map_err(|error| refused(&root_of(&error)))?;
        Ok(Self {
            feed,
            client,
            base,
            key: key.map(|(_, key)| key.trim().to_owned()),
            timeout: access.timeout,
            first_pause: access.first_pause,
            least_pause: access.least_pause,
            strikes: 0,
            budget,
        })
    }

    /// When the budget allows the next request.
    pub(super) fn ready_at(&self, now: Timestamp) -> Timestamp {
        self.budget.ready_at(now)
    }

    /// Takes a place in the budget, waiting for it no longer than `patience`.
    ///
    /// # Errors
    /// [`FeedError::RateLimited`] when it is further away; no request is spent.
    pub(super) async fn turn(&self, moment: &mut Moment, patience: Span) -> Result<(), FeedError> {
        let turn = moment.turn(&self.budget, patience).await;
        turn.map_err(|wait| FeedError::RateLimited {
            feed: self.feed,
            retry_after: Some(wait),
        })
    }

    /// Asks for a path under the base. The place in the budget was taken before ([`Http::turn`]).
    /// `query` is as it stands in a URL.
    pub(super) async fn get(
        &mut self,
        path: &[&str],
        query: Option<&str>,
        moment: &Moment,
    ) -> Result<Vec<u8>, Fault> {
        let mut url = self.base.clone();
        if let Ok(mut segments) = url.path_segments_mut() {
            segments.pop_if_empty().extend(path);
        }
        url.set_query(query);
        tracing::debug!(feed = self.feed, path = url.path(), "asking");
        let response = match self.client.get(url).send().await {
            Ok(response) => response,
            Err(error) => return Err(self.unreachable(&error)),
        };
        let status = response.status();
        let headers = response.headers().clone();
        let body = match self.body(response).await {
            // The words of a refusal are only a help: their loss changes nothing.
            Err(_) if !status.is_success() => Vec::new(),
            read => read?,
        };
        if status.is_success() {
            self.strikes = 0;
            return Ok(body);
        }
        Err(self.refusal(status, &headers, &body, moment.now()))
    }

    async fn body(&self, mut response: Response) -> Result<Vec<u8>, Fault> {
        let mut body = Vec::new();
        loop {
            match response.chunk().await {
                Ok(Some(chunk)) if body.len() + chunk.len() > LONGEST_BODY => {
                    return Err(self.bad_answer("longer than 8 MiB"));
                }
                Ok(Some(chunk)) => body.extend_from_slice(&chunk),
                Ok(None) => return Ok(body),
                Err(error) if error.is_timeout() => return Err(self.unreachable(&error)),
                Err(_) => return Err(self.bad_answer("cut short")),
            }
        }
    }

    fn bad_answer(&self, reason: &str) -> Fault {
        Fault::Feed(FeedError::BadAnswer {
            feed: self.feed,
            reason: reason.to_owned(),
        })
    }

    fn unreachable(&self, error: &reqwest::Error) -> Fault {
        let reason = if error.is_redirect() {
            return self.bad_answer("it sends us to another place");
        } else if error.is_timeout() {
            format!("no answer within {} s", self.timeout.as_seconds())
        } else if error.is_connect() {
            format!("no connection: {}", root_of(error))
        } else {
            root_of(error)
        };
        Fault::Feed(FeedError::Unreachable {
            feed: self.feed,
            reason: self.cut(&reason),
        })
    }

    fn refusal(
        &mut self,
        status: StatusCode,
        headers: &HeaderMap,
        body: &[u8],
        now: Timestamp,
    ) -> Fault {
        let words = self.words(body);
        match status.as_u16() {
            429 => Fault::Feed(FeedError::RateLimited {
                feed: self.feed,
                retry_after: self.pause(headers, now),
            }),
            403 | 451 => {
                let reason = if is_html(body) || words.is_empty() {
                    format!("{}, blocked by its front", status.as_u16())
                } else {
                    with_words(status.as_str(), &words)
                };
                Fault::Feed(FeedError::Refused {
                    feed: self.feed,
                    reason,
                })
            }
            408 | 425 | 500..=599 => Fault::Feed(FeedError::Unreachable {
                feed: self.feed,
                reason: with_words(&format!("HTTP status {}", status.as_u16()), &words),
            }),
            300..=399 => self.bad_answer("it sends us to another place"),
            other => Fault::Said(other, words),
        }
    }

    /// After "too many requests" nobody asks this provider for a while: retries in parallel make
    /// storms. What is returned is what it asked for; what it did not say is doubled each time.
    fn pause(&mut self, headers: &HeaderMap, now: Timestamp) -> Option<Span> {
        let text = |name| {
            headers
                .get(name)
                .and_then(|v: &HeaderValue| v.to_str().ok())
        };
        let asked = text(RETRY_AFTER).and_then(|asked| asked_wait(asked, text(DATE), now));
        let span = asked.unwrap_or_else(|| {
            let doubled = self.first_pause.times(1 << self.strikes.min(6));
            self.strikes = self.strikes.saturating_add(1);
            doubled.min(LONGEST_DOUBLED.max(self.first_pause))
        });
        let span = span.max(self.least_pause);
        self.budget.close(now, span);
        asked.map(|_| span)
    }

    /// What a provider said in a refusal, as far as it can be shown: JSON's message or plain text,
    /// never a page.
    fn words(&self, body: &[u8]) -> String {
        if is_html(body) {
            return String::new();
        }
        let Ok(text) = std::str::from_utf8(&body[..body.len().min(4096)]) else {
            return String::new();
        };
        let message = serde_json::from_str(text).ok().and_then(|v| message_of(&v));
        self.cut(message.as_deref().unwrap_or(text))
    }

    /// Cleaned, without the key, and not too long.
    fn cut(&self, text: &str) -> String {
        let mut text = clean(text);
        if let Some(key) = &self.key {
            text = text.replace(key.as_str(), "(key)");
        }
        if text.contains("://") {
            let plain = text.split(' ').map(|word| {
                if word.contains("://") {
                    "(address)"
                } else {
                    word
                }
            });
            text = plain.collect::<Vec<_>>().join(" ");
        }
        match text.char_indices().nth(LONGEST_WORDS) {
            Some((end, _)) => format!("{}…", text[..end].trim_end()),
            None => text,
        }
    }
}

fn with_words(what: &str, words: &str) -> String {
    if words.is_empty() {
        what.to_owned()
    } else {
        format!("{what}: {words}")
    }
}

fn is_html(body: &[u8]) -> bool {
    body.trim_ascii_start().first() == Some(&b'<')
}

/// The message in the shapes that providers use for errors.
fn message_of(value: &serde_json::Value) -> Option<String> {
    [
        "/status/error_message",
        "/errors/0/title",
        "/error/message",
        "/error",
        "/message",
        "/detail",
        "/title",
    ]
    .iter()
    .find_map(|at| value.pointer(at)?.as_str().map(str::to_owned))
}

/// The innermost cause, which says what happened; the outer ones name the URL.
fn root_of(error: &reqwest::Error) -> String {
    let mut source = std::error::Error::source(error);
    let mut words = "the request could not be made".to_owned();
    while let Some(inner) = source {
        words = inner.to_string();
        source = inner.source();
    }
    words
}

/// Only on the same host and port, and never from a safe connection to an open one: a key goes
/// nowhere else.
fn same_place_only(attempt: redirect::Attempt<'_>) -> redirect::Action {
    let same = attempt.previous().last().is_some_and(|from| {
        let to = attempt.url();
        from.host_str() == to.host_str()
            && from.scheme() == to.scheme()
            && from.port_or_known_default() == to.port_or_known_default()
    });
    if same && attempt.previous().len() <= 3 {
        attempt.follow()
    } else {
        attempt.stop()
    }
}
