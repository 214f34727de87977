//! The generated world as files, as a user would import them.

use std::fs::File;
use std::io::{self, BufWriter, Write};
use std::path::Path;

use super::{NOW, Random, trade};

/// Trades of some models over some days.
pub fn trades(path: &Path, n: usize, models: usize, days: i64) -> io::Result<()> {
    let mut out = BufWriter::new(File::create(path)?);
    let mut random = Random(7);
    writeln!(
        out,
        "id,model,symbol,side,quantity,entry_price,exit_price,opened_at,closed_at,realized_pnl,\
         fee,cost,confidence,currency"
    )?;
    for i in 0..n {
        let t = trade(i, n, models, days, &mut random);
        let number = |value: Option<f64>| value.map_or_else(String::new, |v| v.to_string());
        let time = |at: Option<callboard::domain::Timestamp>| {
            at.map_or_else(String::new, |t| t.millis().to_string())
        };
        writeln!(
            out,
            "{},{},{},{},{},{},{:.4},{},{},{},{},{},{},{}",
            t.id,
            t.model,
            t.symbol.as_deref().unwrap_or(""),
            t.side.map_or("", callboard::domain::Side::name),
            number(t.quantity),
            number(t.entry_price),
            t.exit_price.unwrap_or(f64::NAN),
            time(t.opened_at),
            time(t.closed_at),
            number(t.realized_pnl),
            number(t.fee),
            number(t.cost),
            number(t.confidence.map(callboard::domain::Confidence::fraction)),
            t.currency()
        )?;
    }
    out.flush()
}

/// The address of a generated token.
fn address(token: usize) -> String {
    const DIGITS: &[u8; 58] = b"123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz";
    let mut random = Random(token as u64);
    (0..43)
        .map(|_| char::from(DIGITS[(random.bits() % 58) as usize]))
        .collect()
}

/// Samples of some tokens, a minute apart, all tokens of a minute together.
pub fn prices(path: &Path, n: usize, tokens: usize) -> io::Result<()> {
    let mut out = BufWriter::new(File::create(path)?);
    let mut random = Random(11);
    let addresses: Vec<String> = (0..tokens).map(address).collect();
    let minutes = (n / tokens) as i64;
    writeln!(
        out,
        "chain,address,at,price_usd,liquidity_usd,market_cap_usd"
    )?;
    for i in 0..n {
        let minute = (i / tokens) as i64;
        let price = 0.0001 * (0.5 + random.unit());
        writeln!(
            out,
            "solana,{},{},{price:.8},{:.1},{:.1}",
            addresses[i % tokens],
            NOW.millis() / 1000 - (minutes - minute) * 60,
            20_000.0 * random.unit(),
            price * 1e9
        )?;
    }
    out.flush()
}

/// Calls of those tokens by 200 sources, with eight features.
pub fn calls(path: &Path, n: usize, tokens: usize) -> io::Result<()> {
    let mut out = BufWriter::new(File::create(path)?);
    let mut random = Random(13);
    let addresses: Vec<String> = (0..tokens).map(address).collect();
    writeln!(
        out,
        "id,source,chain,address,symbol,called_at,entry_price,score,smart_money,lp_locked,\
         mint_revoked,top10_pct,age_minutes,dex,conviction"
    )?;
    for i in 0..n {
        let minute = (random.bits() % 2_000) as i64;
        let mut flag = || random.bits().is_multiple_of(2);
        let flags = [flag(), flag(), flag()];
        writeln!(
            out,
            "c{i:07},source {},solana,{},T{},{},0.0001,{},{},{},{},{:.1},{:.0},{},{}",
            i % 200,
            addresses[i % tokens],
            i % tokens,
            NOW.millis() / 1000 - minute * 60,
            random.bits() % 10,
            flags[0],
            flags[1],
            flags[2],
            random.unit() * 60.0,
            random.unit() * 1e4,
            ["raydium", "pumpswap", "orca"][i % 3],
            ["high", "low"][i % 2]
        )?;
    }
    out.flush()
}
