//! AWS's partitions: groups of regions with names and certificates of their own.
//!
//! See <https://docs.aws.amazon.com/whitepapers/latest/aws-fault-isolation-boundaries/partitions.html>.

/// A group of regions.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Partition {
    /// As ARNs have it.
    pub(crate) name: &'static str,
    /// What its services' host names end with.
    pub(crate) dns_suffix: &'static str,
}

/// Where most of the world is.
const COMMERCIAL: Partition = Partition { name: "aws", dns_suffix: "amazonaws.com" };

/// The others, by what their regions' labels begin with.
const OTHERS: [(&str, Partition); 7] = [
    ("cn-", Partition { name: "aws-cn", dns_suffix: "amazonaws.com.cn" }),
    ("us-gov-", Partition { name: "aws-us-gov", dns_suffix: "amazonaws.com" }),
    ("eusc-", Partition { name: "aws-eusc", dns_suffix: "amazonaws.eu" }),
    ("us-iso-", Partition { name: "aws-iso", dns_suffix: "c2s.ic.gov" }),
    ("us-isob-", Partition { name: "aws-iso-b", dns_suffix: "sc2s.sgov.gov" }),
    ("eu-isoe-", Partition { name: "aws-iso-e", dns_suffix: "cloud.adc-e.uk" }),
    ("us-isof-", Partition { name: "aws-iso-f", dns_suffix: "csp.hci.ic.gov" }),
];

impl Partition {
    pub(crate) fn of(region: &str) -> Self {
        OTHERS.into_iter().find(|(prefix, _)| region.starts_with(prefix)).map_or(COMMERCIAL, |(_, partition)| partition)
    }

    pub(crate) fn is_commercial(self) -> bool {
        self == COMMERCIAL
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_region_is_in_one_partition() {
        for (region, name, dns_suffix) in [
            ("us-east-1", "aws", "amazonaws.com"),
            ("eu-west-1", "aws", "amazonaws.com"),
            ("cn-northwest-1", "aws-cn", "amazonaws.com.cn"),
            ("us-gov-west-1", "aws-us-gov", "amazonaws.com"),
            ("eusc-de-east-1", "aws-eusc", "amazonaws.eu"),
            ("us-iso-east-1", "aws-iso", "c2s.ic.gov"),
            ("us-isob-east-1", "aws-iso-b", "sc2s.sgov.gov"),
            ("eu-isoe-west-1", "aws-iso-e", "cloud.adc-e.uk"),
            ("us-isof-south-1", "aws-iso-f", "csp.hci.ic.gov"),
        ] {
            assert_eq!(Partition::of(region), Partition { name, dns_suffix }, "{region}");
        }
    }
}
