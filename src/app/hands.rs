//! What the dashboard's keys ask of the program: a token polled now, a token called by hand.
//! On a thread of its own, since providers are asked.

use std::sync::mpsc::{SyncSender, TrySendError};
use std::time::Duration;

use tokio::sync::{mpsc, oneshot};

use crate::clock::Clock;
use crate::config::Config;
use crate::domain::text::clean;
use crate::domain::{CallId, TokenKey};
use crate::feed::{Candidate, FeedError, Provider, Providers, why_no_token};
use crate::tui::{Message, Request};

use super::add;
use super::engine::Command;

/// Who called a token that was added by hand.
pub const SOURCE: &str = "manual";
/// How soon a full queue is tried again.
const FULL: Duration = Duration::from_millis(20);
/// How long the address is looked up.
const PATIENCE: Duration = Duration::from_secs(6);

/// Carries out requests until nobody makes any.
pub struct Hands {
    /// The settings; `None` in a demo, where nothing can be added.
    pub config: Option<Config>,
    /// Where "now" comes from.
    pub clock: Clock,
    /// To the engine.
    pub commands: SyncSender<Command>,
    /// To the screen.
    pub messages: mpsc::Sender<Message>,
}

impl Hands {
    /// Runs.
    pub async fn run(self, mut requests: mpsc::UnboundedReceiver<Request>) {
        while let Some(request) = requests.recv().await {
            let message = match request {
                Request::PollNow(key) => Message::Say(self.poll_now(key).await),
                Request::Forget(name) => Message::Say(self.forget(name).await),
                Request::Add(text) => match self.add(&text).await {
                    Ok(said) => Message::Added { said, done: true },
                    Err(said) => Message::Added { said, done: false },
                },
            };
            if self.messages.send(message).await.is_err() {
                return;
            }
        }
    }

    async fn poll_now(&self, key: String) -> String {
        let (reply, answer) = oneshot::channel();
        let command = Command::PollNow(CallId(key), reply);
        if self.send(command).await.is_none() {
            return "the database is not there any more".to_owned();
        }
        answer
            .await
            .unwrap_or_else(|_| "it was not polled".to_owned())
    }

    async fn forget(&self, name: String) -> String {
        let (reply, answer) = oneshot::channel();
        let command = Command::ForgetFilter(name, reply);
        if self.send(command).await.is_none() {
            return "the database is not there any more".to_owned();
        }
        answer
            .await
            .unwrap_or_else(|_| "it was not forgotten".to_owned())
    }

    /// Waits for room in the engine's queue.
    async fn send(&self, mut command: Command) -> Option<()> {
        loop {
            match self.commands.try_send(command) {
                Ok(()) => return Some(()),
                Err(TrySendError::Disconnected(_)) => return None,
                Err(TrySendError::Full(back)) => {
                    command = back;
                    tokio::time::sleep(FULL).await;
                }
            }
        }
    }

    /// Calls the token of an address that was typed; what came of it, in words.
    async fn add(&self, text: &str) -> Result<String, String> {
        let Some(config) = &self.config else {
            return Err("this is a demo: its market is simulated".to_owned());
        };
        let asked = Asked::of(text)?;
        let listed = self.find(config, asked.address()).await;
        let (token, symbol) = asked.choose(listed)?;
        let tokens = std::slice::from_ref(&token);
        let quotes = add::quotes(config, tokens).await;
        let quotes = quotes.map_err(|e| words(&e.line))?;
        let quote = quotes.first();
        let now = self.clock.now();
        let call = add::call(&token, SOURCE, symbol, quote.map(|(_, q)| q), now);
        let name = crate::tracker::notice::subject(&call);
        let said = match quote.zip(call.stated_entry) {
            Some(((provider, _), price)) => format!(
                "added {name} on {} at {} USD ({provider})",
                token.chain(),
                price.usd()
            ),
            None => format!(
                "added {name} on {}: no price yet, the first one within 5 min is the entry",
                token.chain()
            ),
        };
        let sent = self.send(Command::Calls(vec![call])).await;
        sent.map(|()| said)
            .ok_or_else(|| "the database is not there any more".to_owned())
    }

    /// The tokens that an address may mean, by `DexScreener`, where it is among the feeds.
    async fn find(&self, config: &Config, address: &str) -> Result<Vec<Candidate>, FeedError> {
        let Providers { live, .. } = Providers::of(config)?;
        for feed in live {
            if let Provider::DexScreener(mut feed) = feed {
                let found = feed.find(address, self.clock.now());
                return tokio::time::timeout(PATIENCE, found)
                    .await
                    .unwrap_or(Ok(Vec::new()));
            }
        }
        Ok(Vec::new())
    }
}

/// What was typed.
#[derive(Debug, PartialEq)]
enum Asked {
    /// An address on a chain that was named.
    Token(TokenKey),
    /// An address alone.
    Address(String),
}

impl Asked {
    fn of(text: &str) -> Result<Self, String> {
        let text = clean(text);
        let parts: Vec<&str> = text.split_whitespace().collect();
        match parts.as_slice() {
            [] => Err("paste the address of a token, or write CHAIN ADDRESS".to_owned()),
            [address] => {
                let fits = |chain| {
                    TokenKey::new(Some(chain), address).is_some_and(|t| why_no_token(&t).is_none())
                };
                if fits("solana") || fits("ethereum") {
                    Ok(Self::Address((*address).to_owned()))
                } else {
                    Err("no address of Solana or an EVM chain: write CHAIN ADDRESS".to_owned())
                }
            }
            [chain, address] => {
                let tokens = add::tokens(chain, &[(*address).to_owned()]);
                let tokens = tokens.map_err(|e| words(&e.line))?;
                let token = tokens.into_iter().next();
                token
                    .map(Self::Token)
                    .ok_or_else(|| "an address is empty".to_owned())
            }
            _ => Err("more than CHAIN ADDRESS".to_owned()),
        }
    }

    fn address(&self) -> &str {
        match self {
            Self::Token(token) => token.address(),
            Self::Address(address) => address,
        }
    }

    /// The token that is meant, with its symbol where that is known.
    fn choose(
        self,
        listed: Result<Vec<Candidate>, FeedError>,
    ) -> Result<(TokenKey, Option<String>), String> {
        let address = match self {
            Self::Token(token) => {
                let listed = listed.unwrap_or_default();
                let own = listed.into_iter().find(|c| c.token == token);
                return Ok((token, own.and_then(|c| c.symbol)));
            }
            Self::Address(address) => address,
        };
        let failed = listed.as_ref().err().map(|e| clean(&e.to_string()));
        let mut listed = listed.unwrap_or_default();
        listed.retain(|c| why_no_token(&c.token).is_none());
        if listed.len() > 1 {
            let chains: Vec<&str> = listed.iter().map(|c| c.token.chain()).collect();
            return Err(format!(
                "listed on {}: write the chain before it, such as: {} ADDRESS",
                chains.join(", "),
                chains[0]
            ));
        }
        if let Some(one) = listed.pop() {
            return Ok((one.token, one.symbol));
        }
        // Nobody lists it yet: the form of a Solana address says its chain all the same.
        let solana = TokenKey::new(Some("solana"), &address);
        match (solana.filter(|t| why_no_token(t).is_none()), failed) {
            (Some(token), _) => Ok((token, None)),
            (None, Some(error)) => Err(format!("{error}; write CHAIN ADDRESS")),
            (None, None) => Err("no chain lists it: write CHAIN ADDRESS".to_owned()),
        }
    }
}

/// An error without the name of the command.
fn words(error: &str) -> String {
    clean(error.strip_prefix("add: ").unwrap_or(error))
}

#[cfg(test)]
mod tests {
    use super::*;

    const EVM: &str = "0x6982508145454Ce325dDbE47a25d4ec3d2311933";
    const SOL: &str = "DezXAZ8z7PnrnRJjz3wXBoRgixCa6xjnB7YaB1pPB263";

    fn candidate(chain: &str, address: &str) -> Candidate {
        Candidate {
            token: TokenKey::new(Some(chain), address).unwrap(),
            symbol: Some("X".to_owned()),
            name: None,
            price: None,
            liquidity_usd: None,
        }
    }

    fn chosen(text: &str, on: &[&str]) -> Result<String, String> {
        let asked = Asked::of(text)?;
        let address = asked.address().to_owned();
        let listed = on.iter().map(|chain| candidate(chain, &address)).collect();
        let (token, symbol) = asked.choose(Ok(listed))?;
        Ok(format!("{} {}", token.chain(), symbol.unwrap_or_default()))
    }

    #[test]
    fn the_chain_is_found_or_asked_for() {
        assert_eq!(chosen(EVM, &["base"]).unwrap(), "base X");
        assert_eq!(chosen(SOL, &["solana"]).unwrap(), "solana X");
        assert_eq!(chosen(SOL, &[]).unwrap(), "solana ");
        assert_eq!(chosen(&format!("  base   {EVM}\n"), &[]).unwrap(), "base ");
        assert_eq!(
            chosen(&format!("eth {EVM}"), &["ethereum", "base"]).unwrap(),
            "ethereum X"
        );
        let which = chosen(EVM, &["base", "ethereum"]).unwrap_err();
        assert!(which.starts_with("listed on base, ethereum"), "{which}");
        assert!(chosen(EVM, &[]).unwrap_err().contains("CHAIN ADDRESS"));
    }

    #[test]
    fn what_is_no_address_is_refused_before_anybody_is_asked() {
        for text in [
            "",
            "   ",
            "hello",
            "0x123",
            "a b c",
            "base hello",
            "no.chain/ x",
        ] {
            assert!(Asked::of(text).is_err(), "{text}");
        }
        let escaped = format!("\u{1b}[31m{EVM}");
        assert!(Asked::of(&escaped).is_err());
    }
}
