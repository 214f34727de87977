//! Invented tickers and names of tokens. Labels only; equal ones occur, as they do in life.

use super::draw::Draws;

const FIRST: [&str; 28] = [
    "Turbo", "Giga", "Soggy", "Laser", "Baby", "Based", "Sleepy", "Cosmic", "Tiny", "Angry",
    "Waffle", "Velvet", "Neon", "Fuzzy", "Salty", "Chrome", "Lucky", "Moody", "Pixel", "Rusty",
    "Spicy", "Wobbly", "Grand", "Hyper", "Cheesy", "Quiet", "Double", "Lost",
];
const SECOND: [&str; 28] = [
    "Newt", "Pond", "Goose", "Yak", "Otter", "Noodle", "Pickle", "Badger", "Moth", "Walrus",
    "Snail", "Toast", "Ferret", "Beaver", "Turnip", "Lemur", "Gecko", "Llama", "Donut", "Crab",
    "Heron", "Mole", "Squid", "Bison", "Taco", "Possum", "Wizard", "Raccoon",
];
/// Tickers that a screen has to cope with: wide characters, emoji, a joined and a modified one.
const ODD: [(&str, &str); 14] = [
    ("月亮猫", "月亮猫"),
    ("龙虾", "龙虾币"),
    ("熊猫快跑", "熊猫快跑"),
    ("発射", "発射コイン"),
    ("🦆", "Just A Duck"),
    ("🚀PIG", "Rocket Pig"),
    ("FOX🦊", "Fox With Fox"),
    ("👩‍🚀", "Astronaut"),
    ("☕️", "Morning Coffee"),
    ("404", "Not Found"),
    ("ÑANDÚ", "Ñandú"),
    ("тапок", "Тапок"),
    ("A", "A"),
    ("SUPERCALIFRAGILISTIC", "Something Quite Precocious Indeed"),
];

/// Ticker and name.
pub(super) fn invent(d: &mut Draws) -> (String, String) {
    if d.chance(0.06) {
        let (symbol, name) = d.pick(&ODD);
        return (symbol.to_owned(), name.to_owned());
    }
    let (first, second) = (d.pick(&FIRST), d.pick(&SECOND));
    let name = format!("{first} {second}");
    let symbol = match d.below(4) {
        0 => second.to_uppercase(),
        1 => format!("{}{}", &first[..1], second).to_uppercase(),
        2 => format!("{first}{second}").to_uppercase(),
        _ => first.to_uppercase(),
    };
    (symbol, name)
}
