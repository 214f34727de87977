//! What is known of chains: the form of their addresses, what they are called elsewhere, and the
//! tokens that others are honestly priced in.
//!
//! Knows: names and addresses. Must never know: requests.
//!
//! Chains go by `DexScreener`'s names. A chain that is not in the table has no network at
//! `GeckoTerminal`: a wrong one would be a quiet 404 for ever, so none is guessed.

use crate::domain::TokenKey;
use crate::domain::token::UNKNOWN_CHAIN;

/// What an address of a chain looks like.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Form {
    /// `0x` and 40 hexadecimal digits, in any case.
    Evm,
    /// Base58 of 32 to 44 characters; case matters.
    Solana,
    /// Something else.
    Other,
}

struct Chain {
    name: &'static str,
    /// Other names that people write.
    aliases: &'static [&'static str],
    form: Form,
    /// The network id at `GeckoTerminal`.
    network: Option<&'static str>,
    /// Wrapped native coin, USDC, USDT: by address, since names are free to take.
    trusted: &'static [&'static str],
}

const fn evm(
    name: &'static str,
    network: &'static str,
    aliases: &'static [&'static str],
    trusted: &'static [&'static str],
) -> Chain {
    Chain {
        name,
        aliases,
        form: Form::Evm,
        network: Some(network),
        trusted,
    }
}

const fn other(
    name: &'static str,
    network: &'static str,
    form: Form,
    trusted: &'static [&'static str],
) -> Chain {
    Chain {
        name,
        aliases: &[],
        form,
        network: Some(network),
        trusted,
    }
}

/// The wrapped ether of chains built on the OP stack.
const OP_WETH: &str = "0x4200000000000000000000000000000000000006";

#[rustfmt::skip]
const CHAINS: &[Chain] = &[
    Chain {
        name: "solana",
        aliases: &["sol"],
        form: Form::Solana,
        network: Some("solana"),
        trusted: &[
            "So11111111111111111111111111111111111111112",
            "EPjFWdd5AufqSSqeM2qN1xzybapC8G4wEGGkZwyTDt1v",
            "Es9vMFrzaCERmJfrF4H2FYD4KCoNkY11McCe8BenwNYB",
        ],
    },
    evm("ethereum", "eth", &["eth"], &[
        "0xc02aaa39b223fe8d0a0e5c4f27ead9083c756cc2",
        "0xa0b86991c6218b36c1d19d4a2e9eb0ce3606eb48",
        "0xdac17f958d2ee523a2206206994597c13d831ec7",
    ]),
    evm("bsc", "bsc", &["bnb"], &[
        "0xbb4cdb9cbd36b01bd1cbaebf2de08d9173bc095c",
        "0x8ac76a51cc950d9822d68b83fe1ad97b32cd580d",
        "0x55d398326f99059ff775485246999027b3197955",
    ]),
    evm("base", "base", &[], &[
        OP_WETH,
        "0x833589fcd6edb6e08f4c7c32d4f71b54bda02913",
        "0xfde4c96c8593536e31f229ea8f37b2ada2699bb2",
    ]),
    evm("arbitrum", "arbitrum", &["arb"], &[
        "0x82af49447d8a07e3bd95bd0d56f35241523fbab1",
        "0xaf88d065e77c8cc2239327c5edb3a432268e5831",
        "0xff970a61a04b1ca14834a43f5de4533ebddb5cc8",
        "0xfd086bc7cd5c481dcc9c85ebe478a1c0b69fcbb9",
    ]),
    evm("polygon", "polygon_pos", &["matic", "polygon_pos"], &[
        "0x0d500b1d8e8ef31e21c99d1db9a6444d3adf1270",
        "0x3c499c542cef5e3811e1192ce70d8cc03d5c3359",
        "0x2791bca1f2de4661ed88a30c99a7a9449aa84174",
        "0xc2132d05d31c914a87c6611c10748aeb04b58e8f",
    ]),
    evm("optimism", "optimism", &["op"], &[
        OP_WETH,
        "0x0b2c639c533813f4aa9d7837caf62653d097ff85",
        "0x7f5c764cbc14f9669b88837ca1490cca17c31607",
        "0x94b008aa00579c1307b0ef2c499ad98a8ce58e58",
    ]),
    evm("avalanche", "avax", &["avax"], &[
        "0xb31f66aa3c1e785363f0875a1b74e27b85fd66c7",
        "0xb97ef9ef8734c71904d8002f8b6bc66dd9c48a6e",
        "0x9702230a8ea53601f5cd2dc00fdbc13d4df4a8c7",
    ]),
    evm("fantom", "ftm", &["ftm"], &["0x21be370d5312f44cb42ce377bc9b8a0cef1a4c83"]),
    evm("cronos", "cro", &["cro"], &["0x5c7f8a570d578ed84e63fdfa7b1ee72deae1ae23"]),
    evm("sei", "sei-evm", &[], &[]),
    evm("gnosischain", "xdai", &["gnosis", "xdai"], &["0xe91d153e0b41518a2ce8dd3d7944fa863463a97d"]),
    evm("worldchain", "world-chain", &[], &[OP_WETH]),
    evm("blast", "blast", &[], &["0x4300000000000000000000000000000000000004"]),
    evm("linea", "linea", &[], &["0xe5d7c2a44ffddf6b295a15c148167daaaf5cf34f"]),
    evm("scroll", "scroll", &[], &["0x5300000000000000000000000000000000000004"]),
    evm("zksync", "zksync", &[], &["0x5aea5775959fbc2557cc8789bc1bf90a239d9a91"]),
    evm("mantle", "mantle", &[], &["0x78c1b0c915c4faa5fffa6cabf0219da63d7f4cb8"]),
    evm("celo", "celo", &[], &["0x471ece3750da237f93b8e339c536989b8978a438"]),
    evm("pulsechain", "pulsechain", &[], &["0xa1077a294dde1b09bb078844df40758a5d0f9a27"]),
    evm("abstract", "abstract", &[], &["0x3439153eb7af838ad19d56e1571fbd09333c2809"]),
    evm("berachain", "berachain", &[], &["0x6969696969696969696969696969696969696969"]),
    evm("sonic", "sonic", &[], &["0x039e2fb66102314ce7b64ce5ce3e5183bc94ad38"]),
    evm("unichain", "unichain", &[], &[OP_WETH]),
    evm("ink", "ink", &[], &[OP_WETH]),
    evm("monad", "monad", &[], &[]),
    evm("plasma", "plasma", &[], &[]),
    evm("hyperevm", "hyperevm", &[], &["0x5555555555555555555555555555555555555555"]),
    evm("robinhood", "robinhood", &[], &[]),
    other("sui", "sui-network", Form::Other, &["0x2::sui::SUI"]),
    other("ton", "ton", Form::Other, &[]),
    other("tron", "tron", Form::Other, &[
        "TNUC9Qb1rRpS5CbWLmNMxXBjyFoydXjWFR",
        "TR7NHqjeKQxGTCi8q8ZY4pL8otSzgjLj6t",
    ]),
    other("aptos", "aptos", Form::Other, &["0x1::aptos_coin::AptosCoin"]),
    other("near", "near", Form::Other, &["wrap.near"]),
    other("starknet", "starknet-alpha", Form::Other, &[]),
];

fn find(chain: &str) -> Option<&'static Chain> {
    CHAINS
        .iter()
        .find(|c| c.name == chain || c.aliases.contains(&chain))
}

/// The chain's name at `DexScreener`; `None` for what cannot be one.
pub(super) fn dexscreener_id(chain: &str) -> Option<&str> {
    if let Some(known) = find(chain) {
        return Some(known.name);
    }
    let plain = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || matches!(b, b'-' | b'_');
    let named = !chain.is_empty() && chain.len() <= 40 && chain.bytes().all(plain);
    (named && chain != UNKNOWN_CHAIN).then_some(chain)
}

/// The chain's network id at `GeckoTerminal`.
pub(super) fn geckoterminal_id(chain: &str) -> Option<&'static str> {
    find(chain)?.network
}

/// Whether it is Solana, under any of its names.
pub(super) fn is_solana(chain: &str) -> bool {
    find(chain).is_some_and(|c| c.form == Form::Solana)
}

/// Whether an address can be a token's on its chain, and stand in a URL as it is. What a
/// provider would refuse, and with it the whole batch, is not asked for.
pub(super) fn is_plausible(token: &TokenKey) -> bool {
    let address = token.address();
    match find(token.chain()).map_or(Form::Other, |c| c.form) {
        Form::Evm => is_evm(address),
        Form::Solana => is_base58_mint(address),
        Form::Other => is_plain(address),
    }
}

/// The same for an address of a chain that nobody knows yet.
pub(super) fn is_plain(address: &str) -> bool {
    let plain = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b':' | b'-' | b'_' | b'.');
    (2..=200).contains(&address.len())
        && address.bytes().all(plain)
        && address.bytes().any(|b| b.is_ascii_alphanumeric())
}

fn is_evm(address: &str) -> bool {
    address
        .strip_prefix("0x")
        .is_some_and(|hex| hex.len() == 40 && hex.bytes().all(|b| b.is_ascii_hexdigit()))
}

fn is_base58_mint(address: &str) -> bool {
    let base58 = |b: u8| b.is_ascii_alphanumeric() && !matches!(b, b'0' | b'O' | b'I' | b'l');
    (32..=44).contains(&address.len()) && address.bytes().all(base58)
}

/// Whether two spellings are one address. Hexadecimal digits have no case (providers echo
/// checksummed ones); everything else does.
pub(super) fn same_address(one: &str, other: &str) -> bool {
    if one == other {
        return true;
    }
    let split = |address: &str| {
        let hex = address
            .strip_prefix("0x")
            .or_else(|| address.strip_prefix("0X"))?;
        let end = hex
            .bytes()
            .position(|b| !b.is_ascii_hexdigit())
            .unwrap_or(hex.len());
        Some((hex[..end].to_ascii_lowercase(), hex[end..].to_owned()))
    };
    matches!((split(one), split(other)), (Some(a), Some(b)) if a == b)
}

/// Whether a token is one that others are honestly priced in; `None` where no such is known.
pub(super) fn is_trusted(chain: &str, address: &str) -> Option<bool> {
    let trusted = find(chain)?.trusted;
    (!trusted.is_empty()).then(|| trusted.iter().any(|t| same_address(t, address)))
}

/// The page of a token for people: <https://dexscreener.com>; `None` when there can be none.
#[must_use]
pub fn page_of(token: &TokenKey) -> Option<String> {
    let chain = dexscreener_id(token.chain()).filter(|_| is_plausible(token))?;
    Some(format!(
        "https://dexscreener.com/{chain}/{}",
        token.address()
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn token(chain: &str, address: &str) -> TokenKey {
        TokenKey::new(Some(chain), address).unwrap()
    }

    #[test]
    fn networks_are_those_of_the_table_and_none_is_guessed() {
        for (chain, want) in [
            ("solana", Some("solana")),
            ("ethereum", Some("eth")),
            ("eth", Some("eth")),
            ("polygon", Some("polygon_pos")),
            ("avalanche", Some("avax")),
            ("sui", Some("sui-network")),
            ("sei", Some("sei-evm")),
            ("starknet", Some("starknet-alpha")),
            ("lukso", None),
            ("unknown", None),
            ("", None),
        ] {
            assert_eq!(geckoterminal_id(chain), want, "{chain}");
        }
        assert_eq!(dexscreener_id("eth"), Some("ethereum"));
        assert_eq!(dexscreener_id("newchain2"), Some("newchain2"));
        for chain in ["unknown", "", "a/b", "a b", "../x"] {
            assert_eq!(dexscreener_id(chain), None, "{chain}");
        }
    }

    #[test]
    fn addresses_are_checked_by_their_chain() {
        let evm = "0xAbCdEf0123456789aBcDeF0123456789abcdef01";
        let pool = format!("0x{}", "a".repeat(64));
        for (chain, address, want) in [
            ("ethereum", evm, true),
            ("ethereum", &pool, false),
            (
                "ethereum",
                "So11111111111111111111111111111111111111112",
                false,
            ),
            (
                "solana",
                "So11111111111111111111111111111111111111112",
                true,
            ),
            (
                "solana",
                "So1111111111111111111111111111111111111111O",
                false,
            ),
            ("solana", evm, false),
            ("sui", "0x2::sui::SUI", true),
            (
                "ton",
                "EQCxE6mUtQJKFnGfaROTKOt1lZbDiiX1kCixRv7Nw2Id_sDs",
                true,
            ),
            ("newchain", &pool, true),
            ("newchain", "a/b", false),
            ("newchain", "a,b", false),
            ("newchain", "a?b", false),
            ("newchain", "..", false),
            ("newchain", "é", false),
        ] {
            assert_eq!(
                is_plausible(&token(chain, address)),
                want,
                "{chain} {address}"
            );
        }
    }

    #[test]
    fn hexadecimal_digits_have_no_case_and_all_else_has() {
        for (one, two, want) in [
            ("0xAB", "0xab", true),
            ("0XAB", "0xab", true),
            ("0xAB::coin::SUI", "0xab::coin::SUI", true),
            ("0xab::coin::sui", "0xab::coin::SUI", false),
            ("MintAa", "Mintaa", false),
            ("MintAa", "MintAa", true),
            ("0xab", "0xabc", false),
        ] {
            assert_eq!(same_address(one, two), want, "{one} {two}");
        }
    }

    #[test]
    fn a_name_makes_no_token_trusted() {
        let usdc = "0xA0b86991c6218b36c1d19D4a2e9Eb0cE3606eB48";
        assert_eq!(is_trusted("ethereum", usdc), Some(true));
        assert_eq!(is_trusted("base", usdc), Some(false));
        assert_eq!(is_trusted("monad", usdc), None);
        assert_eq!(is_trusted("nowhere", usdc), None);
        for chain in CHAINS.iter().filter(|c| c.form != Form::Other) {
            for address in chain.trusted {
                assert!(is_plausible(&token(chain.name, address)), "{address}");
            }
        }
    }

    #[test]
    fn a_page_has_the_address_in_its_letters() {
        let mint = "FXQgp6CXaXMpchMQp9e9NjW6V4M227Ay5KtPGsu1FdHU";
        assert_eq!(
            page_of(&token("solana", mint)),
            Some(format!("https://dexscreener.com/solana/{mint}"))
        );
        assert_eq!(page_of(&token("unknown", "BTC")), None);
        assert_eq!(page_of(&token("solana", "x\u{1b}]8;;")), None);
    }
}
