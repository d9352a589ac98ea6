//! How an upload is cut, held to what the storage takes.

use nearput_api::{ChecksumAlgorithm, Plan, Profile};

/// S3's own limit for a single request and for a part: <https://docs.aws.amazon.com/AmazonS3/latest/userguide/qfacts.html>.
const MAX_PART_BYTES: u64 = 5 << 30;

/// A plan that the site can take, for a file of a known size.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Cut {
    pub(crate) plan: Plan,
    /// Of the whole file, in bytes.
    pub(crate) size: u64,
    /// What each part and the whole file must carry.
    pub(crate) checksum: Option<ChecksumAlgorithm>,
}

/// Why the site cannot take a file cut in this way.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum InvalidPlan {
    #[error("the site takes no forms; use put")]
    NoForms,
    #[error("storage would put a file's name for `${{filename}}` in a form; use put")]
    Rewritten,
    #[error("a form could replace the object that has the key already; use put")]
    WouldReplace,
    #[error("one request carries at most {MAX_PART_BYTES} bytes; use multipart")]
    TooLargeForOne,
    #[error("an empty file has no parts; use form or put")]
    NoParts,
    #[error("a part has at most {MAX_PART_BYTES} bytes")]
    PartTooLarge,
    #[error("a part has at least {min} bytes where there are several")]
    PartTooSmall { min: u64 },
    #[error("there would be {count} parts, and {max} are allowed; make them larger")]
    TooManyParts { count: u64, max: u32 },
}

/// A part that the upload does not have.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error("there is no part {number}: the parts of this upload are numbered from 1 to {count}")]
pub(crate) struct InvalidPartNumber {
    number: u32,
    count: u64,
}

impl Cut {
    /// Holds what the client proposes to the site's profile.
    pub(crate) fn check(plan: Plan, size: u64, profile: &Profile) -> Result<Self, InvalidPlan> {
        let count = plan.part_count(size);
        match plan {
            Plan::Form if !profile.form => return Err(InvalidPlan::NoForms),
            Plan::Form | Plan::Put if size > MAX_PART_BYTES => return Err(InvalidPlan::TooLargeForOne),
            Plan::Form | Plan::Put => {}
            Plan::Multipart { .. } if size == 0 => return Err(InvalidPlan::NoParts),
            Plan::Multipart { part_size } if part_size > MAX_PART_BYTES => return Err(InvalidPlan::PartTooLarge),
            Plan::Multipart { part_size } if count > 1 && part_size < profile.min_part_size => {
                return Err(InvalidPlan::PartTooSmall { min: profile.min_part_size });
            }
            Plan::Multipart { .. } if count > u64::from(profile.max_parts) => {
                return Err(InvalidPlan::TooManyParts { count, max: profile.max_parts });
            }
            Plan::Multipart { .. } => {}
        }
        Ok(Self { plan, size, checksum: profile.checksum })
    }

    pub(crate) fn part_count(&self) -> u64 {
        self.plan.part_count(self.size)
    }

    /// The size of a part, in bytes.
    pub(crate) fn part_size(&self, number: u32) -> Result<u64, InvalidPartNumber> {
        self.plan
            .part_range(self.size, number)
            .map(|range| range.end - range.start)
            .ok_or(InvalidPartNumber { number, count: self.part_count() })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MIB: u64 = 1 << 20;
    const S3: Profile =
        Profile { max_parts: 10_000, min_part_size: 5 * MIB, checksum: None, form: true, second_copies: true };

    fn multipart(size: u64, part_size: u64) -> Result<Cut, InvalidPlan> {
        Cut::check(Plan::Multipart { part_size }, size, &S3)
    }

    #[test]
    fn one_request_carries_up_to_five_gib() {
        for plan in [Plan::Form, Plan::Put] {
            assert!(Cut::check(plan, 0, &S3).is_ok());
            assert!(Cut::check(plan, 5 << 30, &S3).is_ok());
            assert_eq!(Cut::check(plan, (5 << 30) + 1, &S3), Err(InvalidPlan::TooLargeForOne));
        }
    }

    #[test]
    fn a_form_is_only_for_sites_that_take_forms() {
        let without = Profile { form: false, ..S3 };
        assert_eq!(Cut::check(Plan::Form, 1, &without), Err(InvalidPlan::NoForms));
        assert!(Cut::check(Plan::Put, 1, &without).is_ok());
    }

    #[test]
    fn parts_keep_to_what_the_storage_takes() {
        assert!(multipart(20 * MIB, 5 * MIB).is_ok());
        assert!(multipart(1, 1).is_ok(), "a single part may be small");
        assert_eq!(multipart(0, 5 * MIB), Err(InvalidPlan::NoParts));
        assert_eq!(multipart(20 * MIB, 5 * MIB - 1), Err(InvalidPlan::PartTooSmall { min: 5 * MIB }));
        assert_eq!(multipart(2, 0), Err(InvalidPlan::PartTooSmall { min: 5 * MIB }));
        assert_eq!(multipart(1, (5 << 30) + 1), Err(InvalidPlan::PartTooLarge));
        assert!(multipart(50_000 * MIB, 5 * MIB).is_ok());
        let too_many = InvalidPlan::TooManyParts { count: 10_001, max: 10_000 };
        assert_eq!(multipart(50_000 * MIB + 1, 5 * MIB), Err(too_many));
        assert!(multipart(u64::MAX, 5 << 30).is_err());
    }

    #[test]
    fn only_the_parts_of_the_plan_have_a_size() {
        let cut = multipart(11 * MIB, 5 * MIB).expect("valid");
        assert_eq!([1, 2, 3].map(|number| cut.part_size(number)), [Ok(5 * MIB), Ok(5 * MIB), Ok(MIB)]);
        for number in [0, 4, 10_001, u32::MAX] {
            assert_eq!(cut.part_size(number), Err(InvalidPartNumber { number, count: 3 }));
        }
    }
}
