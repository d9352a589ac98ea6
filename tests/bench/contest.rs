//! Contestants that take turns, so that whatever else the machine does falls on all of them.

use anyhow::Result;

use crate::scene::Scene;

/// Rounds that count.
const ROUNDS: usize = 5;

/// A name, and the call of the page's function that measures it.
pub(crate) struct Contestant {
    pub(crate) name: &'static str,
    pub(crate) call: String,
}

/// What a contestant took in each round, in seconds.
pub(crate) struct Times(Vec<f64>);

/// Runs all contestants in turn, in one round that does not count and five that do.
pub(crate) async fn contest<const N: usize>(scene: &Scene, contestants: [Contestant; N]) -> Result<[Times; N]> {
    let mut times = [const { Times(Vec::new()) }; N];
    for round in 0..=ROUNDS {
        for (Contestant { name, call }, Times(times)) in contestants.iter().zip(&mut times) {
            let seconds = scene.measure(call).await?;
            println!("  {round}: {name:<36} {seconds:.3} s");
            if round > 0 {
                times.push(seconds);
            }
        }
    }
    Ok(times)
}

impl Times {
    pub(crate) fn median(&self) -> f64 {
        median(self.0.clone())
    }

    /// How many times as long this took as `other`: the median over the rounds.
    pub(crate) fn ratio_to(&self, other: &Self) -> f64 {
        median(self.0.iter().zip(&other.0).map(|(own, other)| own / other).collect())
    }
}

fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values.get(values.len() / 2).copied().unwrap_or(f64::NAN)
}
