//! A local stand-in of the three providers over one scripted truth, for tests of whoever asks
//! them: `mod standin;` in a test file, then
//!
//! ```ignore
//! let standin = StandIn::start().await;          // a server on 127.0.0.1
//! let mint = standin::mint(1);                    // addresses that look like real ones
//! standin.add(Token::solana(&mint).priced(|at| Some(1.0 + hours(at))));
//! standin.set_now(now);                           // the truth is a function of this instant
//! let config = standin.config(&[]);               // urls, quick budgets, a short timeout
//! let mut providers = Providers::of(&config).unwrap();
//! // ... poll ...
//! standin.fault("dexscreener", Fault::TooMany(Some("30".into())));  // switched at run time
//! standin.change(&mint, |token| token.lone_wick = Some(100.0));
//! assert_eq!(standin.requests("dexscreener"), 3);
//! ```
//!
//! Budgets are of 60,000 requests a minute: questions that are asked at one and the same "now" still
//! need 2 ms between them, else they are `RateLimited` (or ask `ready_at`).
//!
//! - The **truth** of a token is a function from an instant to a price; `None` is "not listed yet"
//!   or "gone". `standin.truth(&mint, at)` gives it to the test. Candles are made of the same
//!   function, a minute being sampled every 15 s.
//! - **Pools**: a token has one pool unless `pool(...)` adds more; each has a factor on the price
//!   (a poison pool: 80.0), liquidity, volume, a life (`from`, `until`) and whether it is a bonding
//!   curve. `Token::migrating(at)` makes a curve that ends and an exchange that begins.
//! - **Faults of a provider** ([`Fault`]) hit every request of it until they are lifted; `fault_next`
//!   only the next `n` requests, `fault_at` only those under a path. **Faults of a token** are fields of [`Token`].
//! - `requests(provider)` counts, `paths(provider)` lists what was asked, and `headers(provider)`
//!   has the headers of the last request.
#![allow(dead_code, reason = "each test file uses its part")]

mod answers;

use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use callboard::config::Config;
use callboard::domain::{Timestamp, TokenKey};
use wiremock::{MockServer, Request, Respond, ResponseTemplate};

/// Wrapped SOL: the usual other side.
pub const SOL: &str = "So11111111111111111111111111111111111111112";

/// What a provider does instead of answering.
#[derive(Debug, Clone, PartialEq)]
pub enum Fault {
    /// 429, with this `Retry-After`.
    TooMany(Option<String>),
    /// 403 with a page of the front.
    Forbidden,
    /// 200 with a page.
    Page,
    /// No answer for as long.
    Slow(Duration),
    /// The first half of the answer.
    Truncated,
    /// 503 with a page.
    Down,
    /// Any other status, with a body.
    Status(u16, String),
}

/// One pool of a token.
#[derive(Debug, Clone)]
pub struct PoolOf {
    pub address: String,
    pub dex: String,
    /// The other token.
    pub quote: String,
    /// Its price is the truth times this.
    pub factor: f64,
    pub liquidity: Option<f64>,
    pub volume_h24: f64,
    pub from: Option<Timestamp>,
    pub until: Option<Timestamp>,
}

impl PoolOf {
    /// A pool on an exchange.
    pub fn new(address: &str) -> Self {
        Self {
            address: address.to_owned(),
            dex: "raydium".to_owned(),
            quote: SOL.to_owned(),
            factor: 1.0,
            liquidity: Some(50_000.0),
            volume_h24: 20_000.0,
            from: None,
            until: None,
        }
    }

    fn lives(&self, at: Timestamp) -> bool {
        self.from.is_none_or(|from| from <= at) && self.until.is_none_or(|until| at < until)
    }
}

type Truth = Arc<dyn Fn(Timestamp) -> Option<f64> + Send + Sync>;

/// One token with its truth.
#[derive(Clone)]
pub struct Token {
    pub chain: String,
    pub address: String,
    pub symbol: String,
    pub pools: Vec<PoolOf>,
    /// No provider lists it.
    pub missing: bool,
    /// Listed without a price.
    pub null_price: bool,
    /// The next price, and only that one, is this many times the truth.
    pub lone_wick: Option<f64>,
    /// Every price is this many times the truth.
    pub factor: f64,
    truth: Truth,
}

impl Token {
    pub fn new(chain: &str, address: &str) -> Self {
        Self {
            chain: chain.to_owned(),
            address: address.to_owned(),
            symbol: "TKN".to_owned(),
            pools: vec![PoolOf::new(&pool_of(address))],
            missing: false,
            null_price: false,
            lone_wick: None,
            factor: 1.0,
            truth: Arc::new(|_| Some(1.0)),
        }
    }

    pub fn solana(address: &str) -> Self {
        Self::new("solana", address)
    }

    /// USD at each instant; `None` while it is not listed.
    pub fn priced(
        mut self,
        truth: impl Fn(Timestamp) -> Option<f64> + Send + Sync + 'static,
    ) -> Self {
        self.truth = Arc::new(truth);
        self
    }

    /// One more pool.
    pub fn pool(mut self, pool: PoolOf) -> Self {
        self.pools.push(pool);
        self
    }

    /// A bonding curve until an instant, an exchange from then on.
    pub fn migrating(mut self, at: Timestamp) -> Self {
        let curve = PoolOf {
            dex: "pumpfun".to_owned(),
            liquidity: None,
            until: Some(at),
            ..PoolOf::new(&curve_of(&self.address))
        };
        let exchange = PoolOf {
            dex: "pumpswap".to_owned(),
            from: Some(at),
            ..PoolOf::new(&pool_of(&self.address))
        };
        self.pools = vec![curve, exchange];
        self
    }
}

/// An address of base58 letters, different for each number.
pub fn mint(number: u64) -> String {
    base58("Mint", number)
}

/// The first pool of a token.
pub fn pool_of(address: &str) -> String {
    base58("PooL", hash(address))
}

/// The bonding curve of a migrating token.
pub fn curve_of(address: &str) -> String {
    base58("Curve", hash(address))
}

fn hash(text: &str) -> u64 {
    text.bytes().fold(0xcbf2_9ce4_8422_2325, |h, b| {
        (h ^ u64::from(b)).wrapping_mul(0x0100_0000_01b3)
    })
}

fn base58(start: &str, mut number: u64) -> String {
    const LETTERS: &[u8] = b"123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz";
    let mut text = start.to_owned();
    while text.len() < 43 {
        text.push(char::from(LETTERS[(number % 58) as usize]));
        number /= 58;
    }
    text
}

/// A fault, where it hits, and how often still.
struct Switched {
    fault: Fault,
    at: String,
    left: u32,
}

struct World {
    now: Timestamp,
    tokens: Vec<Token>,
    /// Where each token stands in `tokens`, in lower case.
    index: HashMap<String, Vec<usize>>,
    faults: HashMap<String, Switched>,
    asked: BTreeMap<String, Vec<String>>,
    headers: HashMap<String, HashMap<String, String>>,
}

impl World {
    fn named(&self, address: &str) -> impl Iterator<Item = &Token> {
        let at = self.index.get(&address.to_lowercase());
        at.into_iter().flatten().map(|i| &self.tokens[*i])
    }

    fn token(&self, chain: &str, address: &str) -> Option<&Token> {
        self.named(address)
            .find(|t| t.chain == chain && same(&t.address, address))
    }
}

fn same(a: &str, b: &str) -> bool {
    a == b || (a.starts_with("0x") && a.eq_ignore_ascii_case(b))
}

/// The server.
pub struct StandIn {
    server: MockServer,
    world: Arc<Mutex<World>>,
}

struct Answering(Arc<Mutex<World>>);

fn lock(world: &Mutex<World>) -> MutexGuard<'_, World> {
    world.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Respond for Answering {
    fn respond(&self, request: &Request) -> ResponseTemplate {
        let mut world = lock(&self.0);
        let path = request.url.path().trim_start_matches('/').to_owned();
        let (provider, rest) = path.split_once('/').unwrap_or((&path, ""));
        let asked = match request.url.query() {
            Some(query) => format!("{rest}?{query}"),
            None => rest.to_owned(),
        };
        world
            .asked
            .entry(provider.to_owned())
            .or_default()
            .push(asked);
        let headers = request.headers.iter().map(|(name, value)| {
            let value = value.to_str().unwrap_or("").to_owned();
            (name.as_str().to_owned(), value)
        });
        world.headers.insert(provider.to_owned(), headers.collect());
        let fault = world.faults.get_mut(provider).and_then(|switched| {
            (switched.left > 0 && rest.starts_with(&switched.at)).then(|| {
                switched.left -= 1;
                switched.fault.clone()
            })
        });
        let segments: Vec<&str> = rest.split('/').collect();
        let query: HashMap<String, String> = request.url.query_pairs().into_owned().collect();
        let (status, body) = answers::answer(&mut world, provider, &segments, &query);
        drop(world);
        faulty(fault, status, &body)
    }
}

const HTML: &str = "<!DOCTYPE html><html><title>Attention Required! | Cloudflare</title></html>";

fn faulty(fault: Option<Fault>, status: u16, body: &str) -> ResponseTemplate {
    let page = |status| ResponseTemplate::new(status).set_body_raw(HTML, "text/html");
    let json = |status, body: &str| {
        ResponseTemplate::new(status).set_body_raw(body.to_owned(), "application/json")
    };
    match fault {
        None => json(status, body),
        Some(Fault::TooMany(after)) => {
            let answer = json(
                429,
                r#"{"status":{"error_code":429,"error_message":"limit"}}"#,
            );
            match after {
                Some(after) => answer.insert_header("retry-after", after.as_str()),
                None => answer,
            }
        }
        Some(Fault::Forbidden) => page(403),
        Some(Fault::Page) => page(200),
        Some(Fault::Slow(delay)) => json(status, body).set_delay(delay),
        Some(Fault::Truncated) => {
            let half = (0..=body.len() / 2)
                .rev()
                .find(|i| body.is_char_boundary(*i));
            json(status, &body[..half.unwrap_or(0)])
        }
        Some(Fault::Down) => page(503),
        Some(Fault::Status(status, body)) => json(status, &body),
    }
}

impl StandIn {
    /// A server without tokens, at the Unix epoch.
    pub async fn start() -> Self {
        let world = Arc::new(Mutex::new(World {
            now: Timestamp::from_millis(0),
            tokens: Vec::new(),
            index: HashMap::new(),
            faults: HashMap::new(),
            asked: BTreeMap::new(),
            headers: HashMap::new(),
        }));
        // The server's own record of requests would grow without bound.
        let server = MockServer::builder()
            .disable_request_recording()
            .start()
            .await;
        wiremock::Mock::given(wiremock::matchers::any())
            .respond_with(Answering(Arc::clone(&world)))
            .mount(&server)
            .await;
        Self { server, world }
    }

    /// The base URL of one provider.
    pub fn url(&self, provider: &str) -> String {
        format!("{}/{provider}", self.server.uri())
    }

    /// Settings that lead here: budgets that never wait, a timeout of 2 s, and what `more` sets
    /// (`("feeds.timeout", "1s")`).
    pub fn config(&self, more: &[(&str, &str)]) -> Config {
        let mut set: HashMap<String, String> = HashMap::new();
        for provider in ["dexscreener", "jupiter", "geckoterminal"] {
            set.insert(format!("feeds.{provider}_url"), self.url(provider));
            set.insert(format!("feeds.{provider}_rpm"), "60000".to_owned());
        }
        set.insert("feeds.timeout".to_owned(), "2s".to_owned());
        for (name, value) in more {
            set.insert((*name).to_owned(), (*value).to_owned());
        }
        let env: HashMap<String, String> = set
            .into_iter()
            .map(|(name, value)| {
                let name = name.replace('.', "_").to_uppercase();
                (format!("CALLBOARD_{name}"), value)
            })
            .collect();
        Config::load(None, None, &|name| env.get(name).cloned()).unwrap()
    }

    /// The instant that answers are for.
    pub fn set_now(&self, now: Timestamp) {
        lock(&self.world).now = now;
    }

    pub fn add(&self, token: Token) {
        let mut world = lock(&self.world);
        let at = world.tokens.len();
        let index = world.index.entry(token.address.to_lowercase()).or_default();
        index.push(at);
        world.tokens.push(token);
    }

    /// Changes a token from now on.
    pub fn change(&self, address: &str, how: impl FnOnce(&mut Token)) {
        let mut world = lock(&self.world);
        let token = world.tokens.iter_mut().find(|t| t.address == address);
        how(token.unwrap_or_else(|| panic!("there is no {address}")));
    }

    /// USD of a token at an instant, as the stand-in has it, without any fault.
    pub fn truth(&self, address: &str, at: Timestamp) -> Option<f64> {
        let truth = lock(&self.world)
            .named(address)
            .next()
            .map(|token| Arc::clone(&token.truth));
        truth.and_then(|truth| truth(at))
    }

    /// Every request of a provider goes wrong from now on.
    pub fn fault(&self, provider: &str, fault: Fault) {
        self.fault_next(provider, fault, u32::MAX);
    }

    /// The next requests of a provider go wrong.
    pub fn fault_next(&self, provider: &str, fault: Fault, requests: u32) {
        self.fault_at(provider, "", fault, requests);
    }

    /// The next requests of a provider under a path (`"token-pairs/"`) go wrong.
    pub fn fault_at(&self, provider: &str, path: &str, fault: Fault, requests: u32) {
        let switched = Switched {
            fault,
            at: path.to_owned(),
            left: requests,
        };
        let mut world = lock(&self.world);
        world.faults.insert(provider.to_owned(), switched);
    }

    /// A provider is well again.
    pub fn heal(&self, provider: &str) {
        lock(&self.world).faults.remove(provider);
    }

    /// Requests that a provider got.
    pub fn requests(&self, provider: &str) -> usize {
        lock(&self.world).asked.get(provider).map_or(0, Vec::len)
    }

    /// What a provider was asked, in order: path and query under its base.
    pub fn paths(&self, provider: &str) -> Vec<String> {
        lock(&self.world)
            .asked
            .get(provider)
            .cloned()
            .unwrap_or_default()
    }

    /// The headers of a provider's last request, names in lower case.
    pub fn headers(&self, provider: &str) -> HashMap<String, String> {
        lock(&self.world)
            .headers
            .get(provider)
            .cloned()
            .unwrap_or_default()
    }
}

/// The key of a token on Solana.
pub fn key(address: &str) -> TokenKey {
    TokenKey::new(Some("solana"), address).unwrap()
}
