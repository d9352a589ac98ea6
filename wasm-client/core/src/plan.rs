//! How a file is cut.

use nearput_api::{Plan, Profile};

const MIB: u64 = 1 << 20;

/// Files up to this size go as one request.
pub const SINGLE_REQUEST_BYTES: u64 = 8 * MIB;

/// Files up to this size go as a form where the site takes one. A browser tells nothing of a form's progress, so what takes long on
/// a slow line is worth a preflight: <https://xhr.spec.whatwg.org/#the-send()-method>.
pub const FORM_BYTES: u64 = MIB;

/// Parts are not smaller than this: each costs a CORS preflight.
pub const MIN_PART_BYTES: u64 = 8 * MIB;

/// Larger parts cost less a byte: on a long line a preflight takes as long as a mebibyte or more, and browsers read large slices
/// faster. Beyond this size they gain little, and a lost one loses more.
const LARGE_PART_BYTES: u64 = 16 * MIB;

/// On a short line parts grow when there would be so many.
const MANY_PARTS: u64 = 64;

/// More connections than this are used on a long line only.
const SHORT_LINE_CONNECTIONS: u64 = 12;

/// Beyond this many parts they grow instead: each costs a signature, and a line in the call that completes the upload.
const COMFORTABLE_PARTS: u64 = 1_000;

/// The storage takes no part larger than this: <https://docs.aws.amazon.com/AmazonS3/latest/userguide/qfacts.html>.
const MAX_PART_BYTES: u64 = 5 << 30;

/// The file is larger than the site can take.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TooLarge {
    /// The largest file that the site can take, in bytes.
    pub limit: u64,
}

/// Cuts a file of `size` bytes for a site, to be sent over so many connections, in parts of `wish` bytes if that is given and the
/// site can take them.
pub fn plan(size: u64, wish: Option<u64>, connections: usize, profile: &Profile) -> Result<Plan, TooLarge> {
    let limit = u64::from(profile.max_parts).saturating_mul(MAX_PART_BYTES);
    if size > limit {
        return Err(TooLarge { limit });
    }
    if size <= SINGLE_REQUEST_BYTES {
        return Ok(if profile.form && size <= FORM_BYTES { Plan::Form } else { Plan::Put });
    }
    let smallest = size.div_ceil(u64::from(profile.max_parts.max(1))).max(profile.min_part_size);
    let part_size = wish.unwrap_or_else(|| comfortable(size, connections as u64));
    Ok(Plan::Multipart { part_size: part_size.max(smallest).min(MAX_PART_BYTES) })
}

fn comfortable(size: u64, connections: u64) -> u64 {
    let many = || size.div_ceil(MANY_PARTS).next_multiple_of(MIB).min(LARGE_PART_BYTES);
    let wished = if connections > SHORT_LINE_CONNECTIONS { even(size, connections) } else { many() };
    let few = size.div_ceil(COMFORTABLE_PARTS).next_multiple_of(MIB);
    wished.max(few).max(MIN_PART_BYTES)
}

/// As many parts as fill every connection equally often, so that none is idle while the last parts are sent.
fn even(size: u64, connections: u64) -> u64 {
    let rounds = (size / connections).div_ceil(LARGE_PART_BYTES).max(1);
    size.div_ceil(rounds * connections)
}

#[cfg(test)]
mod tests {
    use nearput_api::ChecksumAlgorithm;
    use proptest::prelude::*;

    use super::*;

    fn profile(max_parts: u32) -> Profile {
        let checksum = Some(ChecksumAlgorithm::Crc64nvme);
        Profile { max_parts, min_part_size: 5 * MIB, checksum, form: true, second_copies: true }
    }

    #[test]
    fn a_file_of_up_to_8_mib_is_one_request_and_a_small_one_a_form_where_the_site_takes_one() {
        for size in [0, 1, MIB] {
            assert_eq!(plan(size, None, 6, &profile(10_000)), Ok(Plan::Form));
            assert_eq!(plan(size, None, 6, &Profile { form: false, ..profile(10_000) }), Ok(Plan::Put));
        }
        for size in [MIB + 1, 8 * MIB] {
            assert_eq!(plan(size, None, 6, &profile(10_000)), Ok(Plan::Put));
        }
        assert_eq!(plan(8 * MIB + 1, None, 6, &profile(10_000)), Ok(Plan::Multipart { part_size: 8 * MIB }));
    }

    #[test]
    fn on_a_short_line_the_parts_of_a_large_file_are_larger() {
        for (size, part_size) in [(256 * MIB, 8 * MIB), (1024 * MIB, 16 * MIB), (10_240 * MIB, 16 * MIB)] {
            assert_eq!(plan(size, None, 6, &profile(10_000)), Ok(Plan::Multipart { part_size }));
        }
    }

    #[test]
    fn on_a_long_line_every_connection_has_equally_many_larger_parts() {
        for (size, count) in [(100 * MIB, 13), (256 * MIB, 24), (1024 * MIB, 72), (8 * MIB + 1, 2)] {
            let plan = plan(size, None, 24, &profile(10_000)).expect("it can be taken");
            assert_eq!(plan.part_count(size), count, "{size}");
        }
    }

    #[test]
    fn a_wish_that_the_site_cannot_take_is_raised_to_what_it_can() {
        assert_eq!(plan(100 * MIB, Some(1), 6, &profile(10_000)), Ok(Plan::Multipart { part_size: 5 * MIB }));
        assert_eq!(plan(100 * MIB, Some(1), 6, &profile(10)), Ok(Plan::Multipart { part_size: 10 * MIB }));
    }

    #[test]
    fn a_file_larger_than_the_site_can_take_is_refused() {
        assert_eq!(plan(11 << 30, None, 6, &profile(2)), Err(TooLarge { limit: 10 << 30 }));
    }

    proptest! {
        #[test]
        fn every_plan_is_within_the_sites_profile(
            size in 0..=50_000 * (1u64 << 30),
            wish in proptest::option::of(0..=u64::MAX),
            connections in 1..=30usize,
            max_parts in 1_000..=10_000u32,
        ) {
            let profile = profile(max_parts);
            match plan(size, wish, connections, &profile) {
                Ok(Plan::Form | Plan::Put) => prop_assert!(size <= SINGLE_REQUEST_BYTES),
                Ok(Plan::Multipart { part_size }) => {
                    prop_assert!(part_size >= profile.min_part_size && part_size <= MAX_PART_BYTES);
                    prop_assert!(size.div_ceil(part_size) <= u64::from(max_parts));
                }
                Err(TooLarge { limit }) => prop_assert!(size > limit),
            }
        }
    }
}
