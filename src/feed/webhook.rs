//! Posting a notice to an address of the user's: the only other thing that HTTP is used for.
//!
//! The address is a secret: it stands in no error and in no log.

use std::time::Duration;

use reqwest::header::{CONTENT_TYPE, RETRY_AFTER};
use reqwest::{Client, Url, redirect};

use super::FeedError;
use super::http::AGENT;

/// The name in errors.
const NAME: &str = "webhook";
/// The longest a post may take.
const TIMEOUT: Duration = Duration::from_secs(10);
/// The pause before another try; four times as long each time.
const PAUSE: Duration = Duration::from_secs(2);
/// Tries in all.
const TRIES: u32 = 3;
/// The longest pause that it may ask for.
const LONGEST_PAUSE: Duration = Duration::from_secs(30);

/// An address that takes notices.
#[derive(Clone)]
pub struct Webhook {
    client: Client,
    url: Url,
    pause: Duration,
}

/// What became of one try.
enum Tried {
    Done,
    Again(FeedError, Option<Duration>),
    Refused(FeedError),
}

impl Webhook {
    /// An address.
    ///
    /// # Errors
    /// When it is no address of a web service.
    pub fn new(url: &str) -> Result<Self, FeedError> {
        Self::with_patience(url, TIMEOUT, PAUSE)
    }

    /// The same with another patience: how long a post may take, and the first pause.
    ///
    /// # Errors
    /// When it is no address of a web service.
    pub fn with_patience(url: &str, timeout: Duration, pause: Duration) -> Result<Self, FeedError> {
        let url = Url::parse(url.trim())
            .ok()
            .filter(|url| matches!(url.scheme(), "http" | "https") && url.has_host())
            .ok_or_else(|| refused("notify.webhook_url is no http address"))?;
        let client = Client::builder()
            .user_agent(AGENT)
            .timeout(timeout)
            .redirect(redirect::Policy::none())
            .build()
            .map_err(|_| refused("no connection can be made"))?;
        Ok(Self { client, url, pause })
    }

    /// Posts JSON; a few tries when it is not reachable, busy or failing.
    ///
    /// # Errors
    /// When it was not taken: why, without the address.
    pub async fn post(&self, json: &str) -> Result<(), FeedError> {
        let mut tries = 1;
        let mut pause = self.pause;
        loop {
            match self.attempt(json).await {
                Tried::Done => return Ok(()),
                Tried::Refused(error) => return Err(error),
                Tried::Again(error, asked) => {
                    if tries == TRIES {
                        return Err(error);
                    }
                    tries += 1;
                    let wait = asked.unwrap_or(pause).max(pause);
                    tokio::time::sleep(wait.min(LONGEST_PAUSE)).await;
                    pause = pause.saturating_mul(4);
                }
            }
        }
    }

    async fn attempt(&self, json: &str) -> Tried {
        let post = self.client.post(self.url.clone());
        let post = post.header(CONTENT_TYPE, "application/json");
        let response = match post.body(json.to_owned()).send().await {
            Ok(response) => response,
            Err(error) => {
                let reason = if error.is_timeout() {
                    "no answer in time"
                } else if error.is_connect() {
                    "no connection"
                } else {
                    "the request failed"
                };
                return Tried::Again(unreachable(reason), None);
            }
        };
        let status = response.status();
        if status.is_success() {
            return Tried::Done;
        }
        let words = format!("HTTP status {}", status.as_u16());
        if status.is_server_error() || matches!(status.as_u16(), 408 | 425 | 429) {
            let asked = response.headers().get(RETRY_AFTER);
            let asked = asked.and_then(|v| v.to_str().ok()?.trim().parse().ok());
            return Tried::Again(unreachable(&words), asked.map(Duration::from_secs));
        }
        Tried::Refused(refused(&words))
    }
}

fn refused(reason: &str) -> FeedError {
    FeedError::Refused {
        feed: NAME,
        reason: reason.to_owned(),
    }
}

fn unreachable(reason: &str) -> FeedError {
    FeedError::Unreachable {
        feed: NAME,
        reason: reason.to_owned(),
    }
}
