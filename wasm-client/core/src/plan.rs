//! How a file is cut.

use nearput_api::{Plan, Profile};

const MIB: u64 = 1 << 20;

/// Files up to this size go as one request.
pub const SINGLE_REQUEST_BYTES: u64 = 8 * MIB;

/// Parts are not smaller than this: each costs a CORS preflight.
pub const MIN_PART_BYTES: u64 = 8 * MIB;

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

/// Cuts a file of `size` bytes for a site, in parts of `part_size` bytes if that is given and the site can take them.
pub fn plan(size: u64, part_size: Option<u64>, profile: &Profile) -> Result<Plan, TooLarge> {
    let limit = u64::from(profile.max_parts).saturating_mul(MAX_PART_BYTES);
    if size > limit {
        return Err(TooLarge { limit });
    }
    let smallest = size.div_ceil(u64::from(profile.max_parts.max(1))).max(profile.min_part_size);
    let comfortable = || size.div_ceil(COMFORTABLE_PARTS).next_multiple_of(MIB).max(MIN_PART_BYTES);
    let part_size = part_size.unwrap_or_else(comfortable).max(smallest).min(MAX_PART_BYTES);
    if size <= SINGLE_REQUEST_BYTES.min(part_size) { Ok(Plan::Put) } else { Ok(Plan::Multipart { part_size }) }
}

#[cfg(test)]
mod tests {
    use nearput_api::ChecksumAlgorithm;
    use proptest::prelude::*;

    use super::*;

    fn profile(max_parts: u32) -> Profile {
        Profile { max_parts, min_part_size: 5 * MIB, checksum: Some(ChecksumAlgorithm::Crc64nvme) }
    }

    #[test]
    fn a_file_of_up_to_8_mib_is_one_request() {
        for size in [0, 1, 5 * MIB, 8 * MIB] {
            assert_eq!(plan(size, None, &profile(10_000)), Ok(Plan::Put));
        }
        assert_eq!(plan(8 * MIB + 1, None, &profile(10_000)), Ok(Plan::Multipart { part_size: 8 * MIB }));
    }

    #[test]
    fn a_wish_that_the_site_cannot_take_is_raised_to_what_it_can() {
        assert_eq!(plan(100 * MIB, Some(1), &profile(10_000)), Ok(Plan::Multipart { part_size: 5 * MIB }));
        assert_eq!(plan(100 * MIB, Some(1), &profile(10)), Ok(Plan::Multipart { part_size: 10 * MIB }));
    }

    #[test]
    fn a_file_larger_than_the_site_can_take_is_refused() {
        assert_eq!(plan(11 << 30, None, &profile(2)), Err(TooLarge { limit: 10 << 30 }));
    }

    proptest! {
        #[test]
        fn every_plan_is_within_the_sites_profile(size in 0..=50_000 * (1u64 << 30), wish in proptest::option::of(0..=u64::MAX), max_parts in 1_000..=10_000u32) {
            let profile = profile(max_parts);
            match plan(size, wish, &profile) {
                Ok(Plan::Put) => prop_assert!(size <= SINGLE_REQUEST_BYTES),
                Ok(Plan::Multipart { part_size }) => {
                    prop_assert!(part_size >= profile.min_part_size && part_size <= MAX_PART_BYTES);
                    prop_assert!(size.div_ceil(part_size) <= u64::from(max_parts));
                }
                Err(TooLarge { limit }) => prop_assert!(size > limit),
            }
        }
    }
}
