//! `signer advise`: reads files and the clock, for advice that does neither.

use std::error::Error;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use clap::Args;
use nearput_signer::{Answers, Date, Prices, RoundTrips, advise};

#[derive(Args)]
pub(crate) struct Advise {
    #[command(flatten)]
    answers: Answers,
    /// A TOML file with the same answers, such as `volume = 1000`; flags come before it.
    #[arg(long, value_name = "FILE")]
    from: Option<PathBuf>,
    /// Other prices than those of signer/prices.toml.
    #[arg(long, value_name = "FILE")]
    prices: Option<PathBuf>,
    /// Other round trips than those of signer/round-trips.toml.
    #[arg(long, value_name = "FILE")]
    round_trips: Option<PathBuf>,
    /// Writes JSON.
    #[arg(long)]
    json: bool,
}

impl Advise {
    pub(crate) fn run(self) -> Result<(), Box<dyn Error>> {
        let Self { answers, from, prices, round_trips, json } = self;
        let answers = match from {
            Some(path) => answers.or(within(&path, Answers::parse)?),
            None => answers,
        };
        let prices = prices.map_or_else(|| Ok(Prices::built_in()), |path| within(&path, Prices::parse))?;
        let round_trips =
            round_trips.map_or_else(|| Ok(RoundTrips::built_in()), |path| within(&path, RoundTrips::parse))?;
        let wishes = answers.wishes(&prices, &round_trips)?;
        let advice = advise(&wishes, &prices, &round_trips, Date::of(SystemTime::now()));
        let text = if json { advice.to_json() + "\n" } else { advice.to_string() };
        std::io::stdout().write_all(text.as_bytes())?;
        Ok(())
    }
}

/// What is in a file; what is wrong with it is said with its path.
fn within<T, E: Error>(path: &Path, parse: impl Fn(&str) -> Result<T, E>) -> Result<T, String> {
    parse(&crate::read(path)?).map_err(|problem| format!("{}: {problem}", path.display()))
}
