//! What an operator says, and whether it makes sense.

use clap::Args;
use serde::Deserialize;

use super::places::Group;
use super::prices::Prices;
use super::round_trips::RoundTrips;
use super::size::Size;
use super::wishes::Wishes;

/// What an operator says, in flags or in a TOML file whose keys are the flags' names.
#[derive(Debug, Clone, Default, PartialEq, Args, Deserialize)]
#[serde(deny_unknown_fields, default, rename_all = "kebab-case")]
pub struct Answers {
    /// How much is uploaded in a month.
    #[arg(long, value_name = "GB")]
    pub volume: Option<f64>,
    /// How large the files are: `200MB`, or several sizes and how many percent of the files have them: `1MB:70,200MB:30`.
    #[arg(long, value_name = "SIZES")]
    pub files: Option<String>,
    /// Where the users are, in percent of what is uploaded: `asia:40,europe:35,north-america:25`.
    #[arg(long, value_name = "SHARES")]
    pub users: Option<String>,
    /// The longest round trip to the bucket that the farthest users should have, in milliseconds.
    #[arg(long, value_name = "MS")]
    pub round_trip: Option<f64>,
    /// How long the farthest users' upload of a typical file may take, in seconds.
    #[arg(long, value_name = "SECONDS")]
    pub upload_time: Option<f64>,
    /// The regions and continents that data must stay in: `eu-central-1,eu-west-1` or `europe`.
    #[arg(long, value_name = "PLACES")]
    pub residency: Option<String>,
    /// The most that a month may cost, in US dollars, with the storage of the first copy.
    #[arg(long, value_name = "USD")]
    pub budget: Option<f64>,
    /// For how many months files are kept; 1 without it.
    #[arg(long, value_name = "MONTHS")]
    pub kept: Option<f64>,
    /// How much is downloaded in a month; nothing without it.
    #[arg(long, value_name = "GB")]
    pub downloads: Option<f64>,
    /// What a user's line sends, in Mbit/s; 100 without it.
    #[arg(long, value_name = "MBIT")]
    pub line: Option<f64>,
    /// Replicates within 15 minutes, by S3 Replication Time Control.
    #[arg(long)]
    pub rtc: bool,
}

/// Why there is no advice.
#[derive(Debug, thiserror::Error)]
pub enum WishError {
    #[error("these are no wishes: {0}")]
    Toml(String),
    #[error("say {what} with --{flag} {example}")]
    Missing { flag: &'static str, what: &'static str, example: &'static str },
    #[error("--{flag} wants a number {range}, not {given}")]
    Number { flag: &'static str, range: &'static str, given: f64 },
    #[error("--files: `{0}` is no size; write a number and one of B, KB, MB, GB, KiB, MiB, GiB, up to S3's 48.8 TiB")]
    Size(String),
    #[error("--users: `{given}` is none of {known}")]
    Group { given: String, known: String },
    #[error("--{flag}: `{given}` has no share; write it in percent, as in `{example}`")]
    Share { flag: &'static str, given: String, example: &'static str },
    #[error("--{flag}: the shares add up to {sum} and not to 100")]
    Sum { flag: &'static str, sum: f64 },
    #[error("--{flag}: `{given}` is there twice")]
    Twice { flag: &'static str, given: String },
    #[error("--residency: `{given}` is none of {known}")]
    Place { given: String, known: String },
    #[error("the prices have nothing under `{table}` for the region {region}, which the round trips name")]
    Unpriced { table: &'static str, region: String },
}

impl Answers {
    /// Reads answers from TOML text.
    pub fn parse(text: &str) -> Result<Self, WishError> {
        toml::from_str(text).map_err(|error| WishError::Toml(error.to_string().trim_end().to_owned()))
    }

    /// These answers, and the others' where there are none.
    pub fn or(self, others: Self) -> Self {
        Self {
            volume: self.volume.or(others.volume),
            files: self.files.or(others.files),
            users: self.users.or(others.users),
            round_trip: self.round_trip.or(others.round_trip),
            upload_time: self.upload_time.or(others.upload_time),
            residency: self.residency.or(others.residency),
            budget: self.budget.or(others.budget),
            kept: self.kept.or(others.kept),
            downloads: self.downloads.or(others.downloads),
            line: self.line.or(others.line),
            rtc: self.rtc || others.rtc,
        }
    }

    /// What the answers ask for, within the places that the data know.
    pub fn wishes(&self, prices: &Prices, round_trips: &RoundTrips) -> Result<Wishes, WishError> {
        let missing = |flag, what, example| WishError::Missing { flag, what, example };
        let volume = self.volume.ok_or(missing("volume", "how much is uploaded in a month, in GB,", "1000"))?;
        let files = self.files.as_ref().ok_or(missing("files", "how large the files are", "200MB"))?;
        let users = self.users.as_ref().ok_or(missing("users", "where the users are", "asia:40,europe:60"))?;
        for region in round_trips.regions.keys() {
            for (table, each) in
                [("s3.to_other_regions", &prices.s3.to_other_regions), ("s3.to_internet", &prices.s3.to_internet)]
            {
                each.of(region.as_str(), 0.0).ok_or(WishError::Unpriced { table, region: region.clone() })?;
            }
        }
        Ok(Wishes {
            volume_gb: above_zero("volume", volume)?,
            files: sizes(files)?,
            users: groups(users)?,
            round_trip_ms: self.round_trip.map(|ms| above_zero("round-trip", ms)).transpose()?,
            upload_seconds: self.upload_time.map(|seconds| above_zero("upload-time", seconds)).transpose()?,
            allowed: allowed(self.residency.as_deref(), round_trips)?,
            has_residency: self.residency.is_some(),
            budget_usd: self.budget.map(|usd| from_zero("budget", usd)).transpose()?,
            kept_months: from_zero("kept", self.kept.unwrap_or(1.0))?,
            downloads_gb: from_zero("downloads", self.downloads.unwrap_or(0.0))?,
            line_bytes_per_second: above_zero("line", self.line.unwrap_or(100.0))? * 1e6 / 8.0,
            replication_time_control: self.rtc,
        })
    }
}

fn sizes(text: &str) -> Result<Vec<(Size, f64)>, WishError> {
    let size = |text: &str| Size::parse(text).ok_or_else(|| WishError::Size(text.to_owned()));
    if !text.contains([':', ',']) {
        return Ok(vec![(size(text)?, 1.0)]);
    }
    let mut sizes = Vec::new();
    for (name, share) in shares("files", "1MB:70,200MB:30", text)? {
        sizes.push((size(&name)?, share));
    }
    sizes.sort_by(|(one, _), (other, _)| one.bytes.total_cmp(&other.bytes));
    Ok(sizes)
}

fn groups(text: &str) -> Result<Vec<(Group, f64)>, WishError> {
    let mut groups = Vec::new();
    for (name, share) in shares("users", "asia:40,europe:60", text)? {
        let known = || Group::ALL.map(Group::name).join(", ");
        let group = Group::ALL.into_iter().find(|group| group.name() == name);
        let group = group.ok_or_else(|| WishError::Group { given: name.clone(), known: known() })?;
        if groups.iter().any(|(other, _)| *other == group) {
            return Err(WishError::Twice { flag: "users", given: name });
        }
        groups.push((group, share));
    }
    Ok(groups)
}

/// Names and their shares of 1.
fn shares(flag: &'static str, example: &'static str, text: &str) -> Result<Vec<(String, f64)>, WishError> {
    let mut shares = Vec::new();
    for item in text.split(',') {
        let share = || {
            let (name, share) = item.split_once(':')?;
            let share = share.trim().trim_end_matches('%').trim().parse().ok()?;
            (share > 0.0 && share <= 100.0).then(|| (name.trim().to_owned(), share))
        };
        shares.push(share().ok_or_else(|| WishError::Share { flag, given: item.trim().to_owned(), example })?);
    }
    let sum: f64 = shares.iter().map(|(_, share)| share).sum();
    if (sum - 100.0).abs() > 0.5 {
        return Err(WishError::Sum { flag, sum });
    }
    Ok(shares.into_iter().map(|(name, share)| (name, share / sum)).collect())
}

fn allowed(residency: Option<&str>, round_trips: &RoundTrips) -> Result<Vec<String>, WishError> {
    let regions = &round_trips.regions;
    let Some(residency) = residency else { return Ok(regions.keys().cloned().collect()) };
    let mut allowed: Vec<String> = Vec::new();
    for given in residency.split(',').map(str::trim) {
        let found = regions.iter().filter(|(region, continent)| *region == given || continent.name() == given);
        let before = allowed.len();
        allowed.extend(found.map(|(region, _)| region.clone()));
        if allowed.len() == before {
            let mut known: Vec<_> = regions.values().map(|continent| continent.name()).collect();
            known.sort_unstable();
            known.dedup();
            known.extend(regions.keys().map(String::as_str));
            return Err(WishError::Place { given: given.to_owned(), known: known.join(", ") });
        }
    }
    allowed.sort_unstable();
    allowed.dedup();
    Ok(allowed)
}

fn above_zero(flag: &'static str, given: f64) -> Result<f64, WishError> {
    if given.is_finite() && given > 0.0 { Ok(given) } else { Err(WishError::Number { flag, range: "above 0", given }) }
}

fn from_zero(flag: &'static str, given: f64) -> Result<f64, WishError> {
    if given.is_finite() && given >= 0.0 {
        Ok(given)
    } else {
        Err(WishError::Number { flag, range: "from 0 on", given })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answers() -> Answers {
        Answers::parse("volume = 1000\nfiles = '1MB:70,200MB:30'\nusers = 'asia:40,europe:35,north-america:25'")
            .expect("answers")
    }

    fn read(answers: &Answers) -> Result<Wishes, WishError> {
        answers.wishes(&Prices::built_in(), &RoundTrips::built_in())
    }

    #[test]
    fn answers_are_read_with_their_defaults() {
        let wishes = read(&answers()).expect("wishes");
        assert_eq!(wishes.users, [(Group::Asia, 0.4), (Group::Europe, 0.35), (Group::NorthAmerica, 0.25)]);
        assert_eq!(wishes.typical().to_string(), "1 MB");
        assert_eq!(wishes.file_count().round(), (1e12 / 60.7e6_f64).round());
        assert_eq!((wishes.kept_months, wishes.downloads_gb, wishes.line_bytes_per_second), (1.0, 0.0, 12.5e6));
        assert_eq!(wishes.allowed.len(), 14);
    }

    #[test]
    fn flags_come_before_the_file() {
        let flags = Answers { volume: Some(5.0), rtc: true, ..Answers::default() };
        let both = flags.or(answers());
        assert_eq!((both.volume, both.rtc, both.files), (Some(5.0), true, answers().files));
    }

    #[test]
    fn residency_is_of_regions_and_continents() {
        let of = |residency: &str| {
            read(&Answers { residency: Some(residency.to_owned()), ..answers() }).expect("wishes").allowed
        };
        assert_eq!(of("europe"), ["eu-central-1", "eu-north-1", "eu-west-1"]);
        assert_eq!(of("eu-west-1, eu-west-1"), ["eu-west-1"]);
        assert_eq!(of("eu-west-1,south-america"), ["eu-west-1", "sa-east-1"]);
    }

    #[test]
    fn every_error_names_its_flag_and_what_to_write() {
        let with = |change: &dyn Fn(&mut Answers)| {
            let mut changed = answers();
            change(&mut changed);
            changed
        };
        let text = |text: &str| Some(text.to_owned());
        let wrong: Vec<(&str, Answers)> = vec![
            ("--volume 1000", with(&|a| a.volume = None)),
            ("--files 200MB", with(&|a| a.files = None)),
            ("--users asia", with(&|a| a.users = None)),
            ("--volume", with(&|a| a.volume = Some(0.0))),
            ("--volume", with(&|a| a.volume = Some(f64::NAN))),
            ("--round-trip", with(&|a| a.round_trip = Some(0.0))),
            ("--upload-time", with(&|a| a.upload_time = Some(-1.0))),
            ("--budget", with(&|a| a.budget = Some(-1.0))),
            ("--kept", with(&|a| a.kept = Some(f64::INFINITY))),
            ("--downloads", with(&|a| a.downloads = Some(-1.0))),
            ("--line", with(&|a| a.line = Some(0.0))),
            ("`8` is no size", with(&|a| a.files = text("8"))),
            ("`1XB` is no size", with(&|a| a.files = text("1XB:100"))),
            ("`1MB` has no share", with(&|a| a.files = text("1MB,2MB"))),
            ("add up to 90", with(&|a| a.files = text("1MB:70,2MB:20"))),
            ("`atlantis` is none of north-america", with(&|a| a.users = text("atlantis:100"))),
            ("`asia` has no share", with(&|a| a.users = text("asia"))),
            ("`asia:-1` has no share", with(&|a| a.users = text("asia:-1,europe:101"))),
            ("add up to 110", with(&|a| a.users = text("asia:50,europe:60"))),
            ("`asia` is there twice", with(&|a| a.users = text("asia:50,asia:50"))),
            ("`mars` is none of africa, asia-pacific", with(&|a| a.residency = text("mars"))),
            ("--residency", with(&|a| a.residency = text(""))),
        ];
        for (named, answers) in wrong {
            let error = read(&answers).expect_err(named).to_string();
            assert!(error.contains(named), "{named} is not named in: {error}");
        }
        assert!(Answers::parse("volum = 1").expect_err("no such key").to_string().contains("volum"));
    }

    #[test]
    fn a_region_without_a_price_is_named() {
        let prices = include_str!("../../prices.toml").replacen("sa-east-1 = 0.138, ", "", 1);
        let prices = Prices::parse(&prices).expect("prices");
        let error = answers().wishes(&prices, &RoundTrips::built_in()).expect_err("no price").to_string();
        assert!(error.contains("sa-east-1") && error.contains("s3.to_other_regions"), "{error}");
    }
}
