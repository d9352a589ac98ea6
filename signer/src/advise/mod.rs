//! `signer advise`: what each topology would cost and how long uploads would take, and which of them fits best.
//!
//! Pure: prices and round trips are data with a date and sources, and the day is an argument.
//!
//! 1. `answers` is what the operator says, and becomes `wishes`; `prices` and `round_trips` are the data.
//! 2. `topology` has every topology with the regions that suit the users, and `legs` say who of them sends where.
//! 3. `cost` and `speed` look at a topology, `choice` holds it to the wishes.
//! 4. `report` writes all of it down, as a table or as JSON.

mod answers;
mod choice;
mod cost;
mod date;
mod legs;
mod places;
mod prices;
mod report;
mod round_trips;
mod size;
mod speed;
mod table;
mod topology;
mod wishes;

pub use answers::{Answers, WishError};
pub use date::Date;
pub use prices::{Prices, PricesError};
pub use report::Advice;
pub use round_trips::{RoundTrips, RoundTripsError};
pub use wishes::Wishes;

/// Looks at every topology. `today` says how old the prices are.
pub fn advise(wishes: &Wishes, prices: &Prices, round_trips: &RoundTrips, today: Date) -> Advice {
    let (options, left_out) = topology::options(wishes, prices, round_trips);
    let assessed = options
        .into_iter()
        .map(|option| {
            let cost = cost::of(&option, wishes, prices);
            let speed = speed::of(&option, wishes, &round_trips.model);
            choice::Assessed::new(option, cost, speed, wishes)
        })
        .collect();
    Advice::new(choice::choose(assessed, left_out), wishes, prices, round_trips, today)
}

#[cfg(test)]
mod tests;
