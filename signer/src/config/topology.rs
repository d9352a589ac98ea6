//! `topology`: what the sites are together, as the operator means it.
//!
//! It is a claim, to which the sites are held, and changes nothing but one thing: only with `mrap` may an access point
//! choose the bucket of an upload.

use std::collections::HashSet;

use serde::Deserialize;

use super::{Config, ConfigError, Site};

/// The arrangements that are known.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Topology {
    /// One bucket of AWS.
    Direct,
    /// One bucket of AWS with Transfer Acceleration.
    Accelerated,
    /// The same, and CloudFront for downloads.
    Hybrid,
    /// Buckets of AWS in several regions, which copy to each other.
    MultiRegion,
    /// The same, behind one Multi-Region Access Point.
    Mrap,
    /// S3-compatible services.
    Custom,
}

pub(super) fn check(config: &Config) -> Result<(), ConfigError> {
    let Some(topology) = config.topology else { return Ok(()) };
    let sites = &config.sites;
    match topology {
        Topology::Direct => check_single(sites, "direct", false),
        Topology::Accelerated => check_single(sites, "accelerated", true),
        Topology::Hybrid => {
            check_single(sites, "hybrid", true)?;
            match config.downloads {
                Some(_) => Ok(()),
                None => wrong("`hybrid` reads through CloudFront; add a [downloads] table, or write `accelerated`"),
            }
        }
        Topology::MultiRegion => check_several(sites, "multi-region"),
        Topology::Mrap => {
            check_several(sites, "mrap")?;
            let alias = sites[0].mrap.as_ref();
            match sites.iter().position(|site| site.mrap.is_none() || site.mrap.as_ref() != alias) {
                Some(index) => of_site(
                    index,
                    "mrap",
                    "with topology = \"mrap\" every site has the alias of the one access point; write the same one here",
                ),
                None => Ok(()),
            }
        }
        Topology::Custom => match sites.iter().position(|site| site.endpoint.is_none()) {
            Some(index) => of_site(index, "endpoint", "with topology = \"custom\" every site has one; say where it is"),
            None => Ok(()),
        },
    }
}

fn check_single(sites: &[Site], topology: &str, accelerate: bool) -> Result<(), ConfigError> {
    if sites.len() > 1 {
        let problem = format!("`{topology}` has one site, and there are {}; write `multi-region`", sites.len());
        return wrong(&problem);
    }
    check_aws(sites, topology)?;
    match (sites[0].accelerate, accelerate) {
        (true, false) => wrong("`direct` has no Transfer Acceleration, and the site has; write `accelerated`"),
        (false, true) => of_site(
            0,
            "accelerate",
            &format!(
                "with topology = \"{topology}\" the bucket has Transfer Acceleration; write true, or topology = \"direct\""
            ),
        ),
        (true, true) | (false, false) => Ok(()),
    }
}

fn check_several(sites: &[Site], topology: &str) -> Result<(), ConfigError> {
    if sites.len() < 2 {
        return wrong(&format!("`{topology}` has two sites or more; add one, or write `direct`"));
    }
    check_aws(sites, topology)?;
    let mut regions = HashSet::new();
    match sites.iter().position(|site| !regions.insert(&site.region)) {
        Some(index) => {
            let problem = format!("with topology = \"{topology}\" each site is in a region of its own; name another");
            of_site(index, "region", &problem)
        }
        None => Ok(()),
    }
}

fn check_aws(sites: &[Site], topology: &str) -> Result<(), ConfigError> {
    match sites.iter().position(|site| !site.is_on_aws()) {
        Some(index) => {
            let problem = format!(
                "with topology = \"{topology}\" every site is on AWS; leave endpoint and service out, or write topology = \
                 \"custom\""
            );
            of_site(index, "endpoint", &problem)
        }
        None => Ok(()),
    }
}

fn wrong(problem: &str) -> Result<(), ConfigError> {
    Err(ConfigError::key("topology", problem))
}

fn of_site(index: usize, key: &str, problem: &str) -> Result<(), ConfigError> {
    Err(ConfigError::key(format!("sites[{index}].{key}"), problem))
}

#[cfg(test)]
mod tests {
    use crate::config::Config;

    const ACCELERATED: &str = "accelerate = true\n";
    const MRAP: &str = "mrap = 'mfzwi23gnjvgw.mrap'\n";
    const ENDPOINT: &str = "endpoint = 'https://s3.example'\n";
    const DOWNLOADS: &str = "[downloads]\ndomain = 'd111111abcdef8.cloudfront.net'\n";

    fn site(region: &str, keys: &str) -> String {
        format!("[[sites]]\nid = '{region}'\nregion = '{region}'\nbucket = 'uploads'\n{keys}")
    }

    #[test]
    fn the_sites_are_held_to_what_the_topology_says() {
        let (one, two) = (site("eu-west-1", ""), site("us-east-1", ""));
        let accelerated = site("eu-west-1", ACCELERATED);
        let both = format!("{one}{two}");
        let behind = format!("{}{}", site("eu-west-1", MRAP), site("us-east-1", MRAP));
        let elsewhere = site("eu-west-1", ENDPOINT);
        let of_minio = site("eu-west-1", &format!("{ENDPOINT}service = 'minio'\n"));
        let twice = format!("{one}{}", one.replace("id = 'eu", "id = 'us"));
        let other_alias = behind.replacen("mfzwi", "other", 1);
        for (topology, rest, problem) in [
            ("direct", one.clone(), None),
            ("direct", accelerated.clone(), Some("topology:")),
            ("direct", both.clone(), Some("topology:")),
            ("direct", elsewhere.clone(), Some("sites[0].endpoint:")),
            ("accelerated", accelerated.clone(), None),
            ("accelerated", one.clone(), Some("sites[0].accelerate:")),
            ("accelerated", of_minio, Some("sites[0].endpoint:")),
            ("hybrid", format!("{DOWNLOADS}{accelerated}"), None),
            ("hybrid", accelerated, Some("topology:")),
            ("hybrid", format!("{DOWNLOADS}{one}"), Some("sites[0].accelerate:")),
            ("multi-region", both.clone(), None),
            ("multi-region", one, Some("topology:")),
            ("multi-region", twice, Some("sites[1].region:")),
            ("multi-region", format!("{both}{}", site("x", ENDPOINT)), Some("sites[2].endpoint:")),
            ("mrap", behind, None),
            ("mrap", both.clone(), Some("sites[0].mrap:")),
            ("mrap", other_alias, Some("sites[1].mrap:")),
            ("custom", elsewhere.clone(), None),
            ("custom", format!("{elsewhere}{two}"), Some("sites[1].endpoint:")),
            ("both", both, Some("topology")),
        ] {
            let result = Config::parse(&format!("topology = '{topology}'\n{rest}"));
            match (result, problem) {
                (Ok(_), None) => {}
                (Err(error), Some(key)) if error.to_string().contains(key) => {}
                (result, problem) => panic!("{topology}\n{rest}\n{:?} instead of {problem:?}", result.err()),
            }
        }
    }
}
