//! What a configuration must keep besides its shape.

use std::collections::HashSet;
use std::time::Duration;

use nearput_api::ChecksumAlgorithm;

use super::{Config, ConfigError, Service, Site, Tickets, issuers, residency, rules, signers, topology, webhooks};
use crate::partition::Partition;

const DAY: Duration = Duration::from_hours(24);

/// Looks at every table, and gives the first problem of each.
pub(super) fn check(config: &Config) -> Result<(), ConfigError> {
    let tables = [
        check_sites(config).and_then(|()| topology::check(config)),
        signers::check(config),
        issuers::check(&config.issuers),
        check_limits(config),
        webhooks::check(config),
        rules::check(config),
        residency::check(config),
        check_tickets(&config.tickets),
        // Longer ones are refused: https://docs.aws.amazon.com/AmazonS3/latest/userguide/using-presigned-url.html
        check_lifetime("signing.expires", config.signing.expires),
        config.server.check(),
        config.credentials.as_ref().map_or(Ok(()), |credentials| credentials.check(&config.sites)),
        config.downloads.as_ref().map_or(Ok(()), |downloads| downloads.check(&config.sites)),
    ];
    ConfigError::of(tables.into_iter().filter_map(Result::err).collect())
}

fn check_tickets(tickets: &Tickets) -> Result<(), ConfigError> {
    check_lifetime("tickets.lifetime", tickets.lifetime)?;
    if (tickets.lifetime..=90 * DAY).contains(&tickets.max_lifetime) {
        Ok(())
    } else {
        Err(ConfigError::key("tickets.max_lifetime", "write a duration from `tickets.lifetime` to `90d`"))
    }
}

fn check_sites(config: &Config) -> Result<(), ConfigError> {
    if config.sites.is_empty() {
        return Err(ConfigError::key("sites", "there is none; add a [[sites]] table with id, region and bucket"));
    }
    let mut ids = HashSet::new();
    for (index, site) in config.sites.iter().enumerate() {
        check_site(site, &|key| format!("sites[{index}].{key}"))?;
        if !ids.insert(&site.id) {
            let problem = format!("`{}` names two sites; give each its own id", site.id);
            return Err(ConfigError::key(format!("sites[{index}].id"), problem));
        }
    }
    match &config.home {
        Some(home) if !ids.contains(home) => {
            Err(ConfigError::key("home", format!("there is no site `{home}`; name the id of one under [[sites]]")))
        }
        Some(_) | None => Ok(()),
    }
}

fn check_site(site: &Site, key: &dyn Fn(&str) -> String) -> Result<(), ConfigError> {
    let profile = site.profile();
    if !is_made_of(&site.id, 64, "-") {
        return Err(ConfigError::key(key("id"), "write 1 to 64 lower-case letters, digits and hyphens"));
    }
    if !is_made_of(&site.region, 64, "-") {
        return Err(ConfigError::key(key("region"), "write a region's label, such as `eu-central-1`"));
    }
    if !is_made_of(&site.bucket, 63, "-.") || site.bucket.len() < 3 || site.bucket.contains("..") {
        let problem = "write a bucket's name: 3 to 63 lower-case letters, digits, hyphens and single dots";
        return Err(ConfigError::key(key("bucket"), problem));
    }
    check_paths(site, key)?;
    if !(1..=10_000).contains(&profile.max_parts) {
        return Err(ConfigError::key(key("profile.max_parts"), "write a number from 1 to 10000"));
    }
    if !(1..=5 << 30).contains(&profile.min_part_size) {
        return Err(ConfigError::key(key("profile.min_part_size"), "write a number of bytes from 1 to 5 GiB"));
    }
    if profile.form && profile.checksum == Some(ChecksumAlgorithm::Crc32c) {
        let problem = "storage computes no CRC32C of a form by itself, so it could not be compared; write false";
        return Err(ConfigError::key(key("profile.form"), problem));
    }
    Ok(())
}

fn check_paths(site: &Site, key: &dyn Fn(&str) -> String) -> Result<(), ConfigError> {
    if site.service != Service::S3 && site.endpoint.is_none() {
        return Err(ConfigError::key(key("endpoint"), "say where the service is, such as `https://s3.example.com`"));
    }
    if site.virtual_host && (site.endpoint.is_none() || site.bucket.contains('.')) {
        let problem = "it is for buckets of a service with an endpoint, and without a dot in their names, which no \
                       certificate would cover; leave it out";
        return Err(ConfigError::key(key("virtual_host"), problem));
    }
    if site.accelerate && site.endpoint.is_some() {
        let problem = "only AWS has Transfer Acceleration; leave it out where there is an endpoint";
        return Err(ConfigError::key(key("accelerate"), problem));
    }
    // https://docs.aws.amazon.com/AmazonS3/latest/userguide/transfer-acceleration.html
    if site.accelerate && (site.bucket.contains('.') || !Partition::of(&site.region).is_commercial()) {
        let problem = "there is no Transfer Acceleration for a bucket with a dot in its name, nor in regions of a \
                       partition of its own, such as China; leave it out";
        return Err(ConfigError::key(key("accelerate"), problem));
    }
    if let Some(alias) = &site.mrap {
        let is_alias = alias.strip_suffix(".mrap").is_some_and(|label| is_made_of(label, 63, ""));
        if !is_alias || site.endpoint.is_some() {
            let problem =
                "write the alias of a Multi-Region Access Point, such as `mfzwi23gnjvgw.mrap`, and no endpoint";
            return Err(ConfigError::key(key("mrap"), problem));
        }
    }
    if site.endpoint.is_none() && !site.further_endpoints.is_empty() {
        return Err(ConfigError::key(key("further_endpoints"), "name the first one as `endpoint`"));
    }
    let mut seen: HashSet<_> = site.endpoint.iter().map(ToString::to_string).collect();
    match site.further_endpoints.iter().find(|endpoint| !seen.insert(endpoint.to_string())) {
        Some(twice) => Err(ConfigError::key(key("further_endpoints"), format!("`{twice}` is there twice"))),
        None => Ok(()),
    }
}

pub(super) fn is_made_of(text: &str, longest: usize, punctuation: &str) -> bool {
    (1..=longest).contains(&text.len())
        && text.starts_with(|c: char| c.is_ascii_alphanumeric())
        && text.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || punctuation.contains(c))
}

fn check_limits(config: &Config) -> Result<(), ConfigError> {
    let limits = &config.limits;
    if limits.max_file_size == 0 {
        return Err(ConfigError::key("limits.max_file_size", "write a number of bytes above 0"));
    }
    if limits.types.is_empty() {
        return Err(ConfigError::key("limits.types", "no type may be uploaded; allow all with [\"*/*\"]"));
    }
    if !(1..=1000).contains(&limits.max_files_per_call) {
        return Err(ConfigError::key("limits.max_files_per_call", "write a number from 1 to 1000"));
    }
    if !(1..=10_000).contains(&limits.max_parts_per_call) {
        return Err(ConfigError::key("limits.max_parts_per_call", "write a number from 1 to 10000"));
    }
    limits.redis.as_ref().map_or(Ok(()), |redis| redis.check())
}

fn check_lifetime(key: &str, lifetime: Duration) -> Result<(), ConfigError> {
    if (Duration::from_secs(1)..=7 * DAY).contains(&lifetime) {
        Ok(())
    } else {
        Err(ConfigError::key(key, "write a duration from `1s` to `7d`"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HEAD: &str = "listen = '127.0.0.1:0'";
    const R2: &str = "endpoint = 'https://acc0.r2.cloudflarestorage.com'\n";
    const SITE: &str = "[[sites]]\nid = 'local'\nregion = 'us-east-1'\nbucket = 'uploads'\n";

    #[test]
    fn the_smallest_configuration_is_a_site() {
        let config = Config::parse(SITE).expect("valid");
        assert_eq!(config.home(), "local");
        assert_eq!(config.tickets.lifetime, DAY);
    }

    const ISSUER: &str = "[[issuers]]\nissuer = 'https://a.example'\naudience = ['b']\n";

    #[test]
    fn every_error_names_its_key() {
        let rule = |keys: &str| format!("{SITE}[[rules]]\naccess = 'a'\nkey = '{{uuid}}/{{name}}'\n{keys}\n");
        let pinned = |keys: &str| format!("{SITE}[[residency]]\n{keys}\n");
        let fixed = |keys: &str| rule(keys).replace("{uuid}/", "");
        let guest = |keys: &str| rule(keys).replace("'a'", "'guest'");
        let wrong: &[(&str, &str, &str)] = &[
            ("rules[0].access", HEAD, &rule("").replace("'a'", "'A'")),
            ("rules[1].access", HEAD, &(rule("groups = ['b', 'c']") + &rule("groups = ['c']").replace(SITE, ""))),
            ("key", HEAD, &rule("").replace("{uuid}", "{id}")),
            ("key", HEAD, &rule("").replace("{uuid}", "..")),
            ("rules[0].callers", HEAD, &rule("callers = 'everyone'")),
            ("callers", HEAD, &rule("callers = 'all'")),
            ("rules[0].callers", HEAD, &guest("callers = 'anonymous'")),
            ("rules[0].groups", HEAD, &guest("callers = 'everyone'\ngroups = ['a']")),
            ("rules[0].groups", HEAD, &rule("groups = []")),
            ("rules[0].tenants", HEAD, &rule("tenants = ['a/b']")),
            ("rules[0].subjects", HEAD, &rule("subjects = ['']")),
            ("rules[0].sites", HEAD, &rule("sites = ['elsewhere']")),
            ("rules[0].sites", HEAD, &rule("sites = []")),
            ("rules[0].key", HEAD, &guest("callers = 'everyone'").replace("{uuid}", "{sub}")),
            ("rules[0].tags", HEAD, &guest("callers = 'everyone'\ntags = { a = '{tenant}' }")),
            ("tags", HEAD, &rule("tags = { a = '{name}' }")),
            ("rules[0].overwrite", HEAD, &fixed("")),
            (
                "rules[0].overwrite",
                HEAD,
                &fixed("overwrite = false").replace("bucket", "profile.conditional_writes = false\nbucket"),
            ),
            (
                "rules[0].overwrite",
                HEAD,
                &fixed("overwrite = false").replace("bucket", "profile.checksum = 'none'\nbucket"),
            ),
            ("rules[0].max_file_size", HEAD, &rule("max_file_size = 0")),
            ("rules[0].max_files_per_call", HEAD, &rule("max_files_per_call = 1001")),
            ("rules[0].types", HEAD, &rule("types = []")),
            ("rules[0].metadata", HEAD, &rule("metadata = ['Album']")),
            ("disposition", HEAD, &rule("disposition = 'download'")),
            ("rules[0].cache_control", HEAD, &rule("cache_control = 'a${filename}'")),
            ("rules[0].storage_class", HEAD, &rule("storage_class = 'cold'")),
            ("encryption", HEAD, &rule("encryption = 'aes'")),
            ("rules[0].kms_key_id", HEAD, &rule("encryption = 'sse-kms'")),
            ("rules[0].kms_key_id", HEAD, &rule("encryption = 'sse-s3'\nkms_key_id = 'alias/a'")),
            ("rules[0].kms_key_id", HEAD, &rule("encryption = 'sse-kms'\nkms_key_id = 'a b'")),
            ("tickets.max_lifetime", HEAD, &format!("[tickets]\nmax_lifetime = '23h'\n{SITE}")),
            ("listen", "listen = 'nowhere'", SITE),
            ("lisden", "lisden = 1\nlisten = '127.0.0.1:0'", SITE),
            ("allowed_origins", "listen = '127.0.0.1:0'\nallowed_origins = ['*']", SITE),
            ("sites", HEAD, ""),
            ("sites", "listen = '127.0.0.1:0'\nsites = []", ""),
            ("home", "listen = '127.0.0.1:0'\nhome = 'elsewhere'", SITE),
            ("sites[1].id", HEAD, &format!("{SITE}{SITE}")),
            ("sites[0].id", HEAD, &SITE.replace("local", "Lo cal")),
            ("sites[0].region", HEAD, &SITE.replace("us-east-1", "evil.example")),
            ("sites[0].bucket", HEAD, &SITE.replace("uploads", "up/loads")),
            ("endpoint", HEAD, &format!("{SITE}endpoint = 'localhost'\n")),
            ("credentials", HEAD, &format!("{SITE}credentials = 'inline'\n")),
            ("secret_access_key", HEAD, &format!("{SITE}secret_access_key = 'x'\n")),
            ("sites[0].accelerate", HEAD, &format!("{SITE}accelerate = true\nendpoint = 'http://a:1'\n")),
            ("sites[0].accelerate", HEAD, &format!("{SITE}accelerate = true\n").replace("uploads", "up.loads")),
            ("sites[0].accelerate", HEAD, &format!("{SITE}accelerate = true\n").replace("us-east", "cn-north")),
            ("sites[0].mrap", HEAD, &format!("{SITE}mrap = 'arn:aws:s3::1:accesspoint/a.mrap'\n")),
            ("sites[0].mrap", HEAD, &format!("{SITE}mrap = 'a.mrap'\nendpoint = 'http://a:1'\n")),
            ("sites[0].further_endpoints", HEAD, &format!("{SITE}further_endpoints = ['http://a:1']\n")),
            (
                "sites[0].further_endpoints",
                HEAD,
                &format!("{SITE}endpoint = 'http://a:1'\nfurther_endpoints = ['http://a:1']\n"),
            ),
            ("sites[0].region", HEAD, &SITE.replace("region = 'us-east-1'\n", "")),
            ("service", HEAD, &format!("{SITE}service = 'swift'\n")),
            ("sites[0].endpoint", HEAD, &format!("{SITE}service = 'minio'\n")),
            ("sites[0].virtual_host", HEAD, &format!("{SITE}virtual_host = true\n")),
            (
                "sites[0].virtual_host",
                HEAD,
                &format!("{SITE}virtual_host = true\nendpoint = 'http://a:1'\n").replace("uploads", "up.loads"),
            ),
            ("topology", "listen = '127.0.0.1:0'\ntopology = 'mesh'", SITE),
            ("topology", "listen = '127.0.0.1:0'\ntopology = 'mrap'", SITE),
            ("routing", "listen = '127.0.0.1:0'\nrouting = 'nearest'", SITE),
            ("routing", "routing = 'fixed'", &format!("{SITE}{}", SITE.replace("local", "other"))),
            ("signers", "signers = ['https://a.example/v1']", SITE),
            ("signers[0]", "signers = ['http://a.example']", SITE),
            ("signers[1]", "signers = ['https://a.example', 'https://a.example']", SITE),
            ("downloads.domain", HEAD, &format!("[downloads]\ndomain = 'https://a.example'\n{SITE}")),
            ("downloads.key_pair_id", HEAD, &format!("[downloads]\ndomain = 'a.example'\nkey_pair_id = 'a-b'\n{SITE}")),
            ("downloads.sites", HEAD, &format!("[downloads]\ndomain = 'a.example'\nsites = []\n{SITE}")),
            ("downloads.sites", HEAD, &format!("[downloads]\ndomain = 'a.example'\nsites = ['b']\n{SITE}")),
            (
                "downloads.sites",
                HEAD,
                &format!("[downloads]\ndomain = 'a.example'\n{SITE}{}", SITE.replace("local", "other")),
            ),
            ("rules[0].claims", HEAD, &guest("callers = 'everyone'\nclaims = { a = ['b'] }")),
            ("rules[0].claims", HEAD, &rule("claims = { a = [] }")),
            ("residency[0].sites", HEAD, &pinned("sites = []")),
            ("residency[0].sites", HEAD, &pinned("sites = ['elsewhere']")),
            ("residency[0].signers", HEAD, &pinned("sites = ['local']\nsigners = ['https://a.example']")),
            ("residency[0].callers", HEAD, &pinned("sites = ['local']\ncallers = 'anonymous'")),
            ("residency[0].groups", HEAD, &pinned("sites = ['local']\ngroups = []")),
            (
                "residency[0].groups",
                "allow_anonymous = true",
                &pinned("sites = ['local']\ncallers = 'anonymous'\ngroups = ['a']"),
            ),
            ("residency[0].tenants", HEAD, &pinned("sites = ['local']\ntenants = ['a/b']")),
            ("residency[0].claims", HEAD, &pinned("sites = ['local']\nclaims = { '' = ['a'] }")),
            ("residency[0].claims", HEAD, &pinned("sites = ['local']\nclaims = { a = [] }")),
            (
                "residency[1].callers",
                HEAD,
                &(pinned("sites = ['local']") + &pinned("sites = ['local']").replace(SITE, "")),
            ),
            ("internal_endpoint", HEAD, &format!("{SITE}internal_endpoint = 'nowhere'\n")),
            ("sites[0].profile.form", HEAD, &format!("{SITE}profile = {{ checksum = 'crc32c' }}\n")),
            ("checksum", HEAD, &format!("{SITE}profile = {{ checksum = 'md5' }}\n")),
            ("profile.max_parts", HEAD, &format!("{SITE}profile = {{ max_parts = 0 }}\n")),
            ("limits.max_file_size", HEAD, &format!("[limits]\nmax_file_size = 0\n{SITE}")),
            ("limits.types", HEAD, &format!("[limits]\ntypes = []\n{SITE}")),
            ("types", HEAD, &format!("[limits]\ntypes = ['image']\n{SITE}")),
            ("limits.max_files_per_call", HEAD, &format!("[limits]\nmax_files_per_call=0\n{SITE}")),
            ("limits.max_parts_per_call", HEAD, &format!("[limits]\nmax_parts_per_call=0\n{SITE}")),
            ("allow_anonymous", "listen = '127.0.0.1:0'\nallow_anonymous = 'yes'", SITE),
            ("issuer", HEAD, &format!("[[issuers]]\naudience = ['b']\n{SITE}")),
            ("audience", HEAD, &format!("[[issuers]]\nissuer = 'https://a.example'\n{SITE}")),
            ("issuers[0].issuer", HEAD, &format!("{ISSUER}{SITE}").replace("https", "http")),
            ("issuers[0].issuer", HEAD, &format!("{ISSUER}{SITE}").replace("a.example", "a.example?x")),
            ("issuers[1].issuer", HEAD, &format!("{ISSUER}name = 'a'\n{ISSUER}name = 'b'\n{SITE}")),
            ("issuers[0].audience", HEAD, &format!("{ISSUER}{SITE}").replace("'b'", "")),
            ("issuers[0].audience", HEAD, &format!("{ISSUER}{SITE}").replace("'b'", "''")),
            ("issuers[0].jwks_url", HEAD, &format!("{ISSUER}jwks_url = 'http://a.example/keys'\n{SITE}")),
            ("issuers[0].name", HEAD, &format!("{ISSUER}name = 'a:b'\n{SITE}")),
            ("issuers[0].name", HEAD, &format!("{ISSUER}{}{SITE}", ISSUER.replace("a.ex", "b.ex"))),
            (
                "issuers[1].name",
                HEAD,
                &format!("{ISSUER}name = 'a'\n{}name = 'a'\n{SITE}", ISSUER.replace("a.ex", "b.ex")),
            ),
            ("issuers[0].algorithms", HEAD, &format!("{ISSUER}algorithms = []\n{SITE}")),
            ("issuers[0].algorithms", HEAD, &format!("{ISSUER}algorithms = ['RS256', 'HS256']\n{SITE}")),
            ("algorithms", HEAD, &format!("{ISSUER}algorithms = ['none']\n{SITE}")),
            ("issuers[0].leeway", HEAD, &format!("{ISSUER}leeway = '301s'\n{SITE}")),
            ("issuers[0].keys_refresh", HEAD, &format!("{ISSUER}keys_refresh = '59s'\n{SITE}")),
            ("lifetime", HEAD, &format!("[tickets]\nlifetime = 'long'\n{SITE}")),
            ("tickets.lifetime", HEAD, &format!("[tickets]\nlifetime = '8d'\n{SITE}")),
            ("signing.expires", HEAD, &format!("[signing]\nexpires = '0s'\n{SITE}")),
            ("credentials.role_arn", HEAD, &format!("[credentials]\n{SITE}")),
            ("kind", HEAD, &format!("[credentials]\nkind = 'none'\n{SITE}")),
            ("credentials.kind", HEAD, &format!("[credentials]\nkind = 'r2'\n{SITE}")),
            ("credentials.kind", HEAD, &format!("[credentials]\nkind = 'r2'\nrole_arn = 'me'\n{SITE}{R2}")),
            ("credentials.duration", HEAD, &format!("[credentials]\nkind = 'r2'\nduration = '8d'\n{SITE}{R2}")),
            ("credentials.role_arn", HEAD, &format!("[credentials]\nrole_arn = 'me'\n{SITE}")),
            ("webhooks[0].url", HEAD, &format!("{SITE}[[webhooks]]\nurl = 'receiver'\n")),
            ("webhooks[0].url", HEAD, &format!("{SITE}[[webhooks]]\nurl = 'http://receiver.example'\n")),
            ("webhooks[0].url", HEAD, &format!("{SITE}[[webhooks]]\nurl = 'https://me:too@receiver.example'\n")),
            ("log", HEAD, &format!("[telemetry]\nlog = 'loud'\n{SITE}")),
            ("format", HEAD, &format!("[telemetry]\nformat = 'xml'\n{SITE}")),
            ("traces", HEAD, &format!("[telemetry]\ntraces = 'http://a:4318/v1/traces'\n{SITE}")),
            (
                "credentials.duration",
                HEAD,
                &format!("[credentials]\nrole_arn = 'arn:aws:iam::1:role/r'\nduration = '1m'\n{SITE}"),
            ),
            ("per_caller", HEAD, &format!("[limits.rate]\nper_caller = '20'\n{SITE}")),
            ("per_address", HEAD, &format!("[limits.rate]\nper_address = '0/s'\n{SITE}")),
            ("burst", HEAD, &format!("[limits.rate]\nburst = 0\n{SITE}")),
            ("bytes", HEAD, &format!("[limits.daily]\nbytes = -1\n{SITE}")),
            ("limits.redis.url", HEAD, &format!("[limits.redis]\nurl = 'http://a'\n{SITE}")),
            ("limits.redis.url", HEAD, &format!("[limits.redis]\nurl = 'redis://:secret@a'\n{SITE}")),
            ("on_failure", HEAD, &format!("[limits.redis]\nurl = 'redis://a'\non_failure = 'ajar'\n{SITE}")),
            ("server.header_timeout", HEAD, &format!("[server]\nheader_timeout = '0s'\n{SITE}")),
            ("server.body_timeout", HEAD, &format!("[server]\nbody_timeout = '2h'\n{SITE}")),
            ("server.request_timeout", HEAD, &format!("[server]\nrequest_timeout = '0s'\n{SITE}")),
            ("server.idle_timeout", HEAD, &format!("[server]\nidle_timeout = '0s'\n{SITE}")),
            ("server.shutdown_grace", HEAD, &format!("[server]\nshutdown_grace = '1d'\n{SITE}")),
            ("server.max_connections", HEAD, &format!("[server]\nmax_connections = 0\n{SITE}")),
            ("server.max_concurrency", HEAD, &format!("[server]\nmax_concurrency = 0\n{SITE}")),
            ("server.trusted_hops", HEAD, &format!("[server]\ntrusted_hops = 0\n{SITE}")),
            ("client_address_header", HEAD, &format!("[server]\nclient_address_header = 'a b'\n{SITE}")),
            ("certificate", HEAD, &format!("[server.tls]\nkey = 'key.pem'\n{SITE}")),
        ];
        for (key, head, rest) in wrong {
            let error = Config::parse(&format!("{head}\n{rest}")).expect_err(key).to_string();
            assert!(error.contains(*key), "{key} is not named in: {error}");
        }
    }

    #[test]
    fn the_issuers_of_the_readme_are_accepted() {
        let readme = include_str!("../../README.md");
        let blocks = readme.split("```toml\n").skip(1).filter_map(|rest| rest.split("```").next());
        let tables: Vec<_> = blocks.filter(|block| block.starts_with("[[issuers]]")).collect();
        assert_eq!(tables.len(), 5);
        for table in tables {
            let text = format!("{HEAD}\n{table}\n{SITE}");
            assert!(Config::parse(&text).is_ok_and(|config| !config.issuers.is_empty()), "{table}");
        }
    }

    #[test]
    fn each_table_says_what_is_wrong_with_it() {
        let wrong = format!(
            "{HEAD}\n[limits]\nmax_file_size = 0\n[tickets]\nlifetime = '8d'\n{}",
            SITE.replace("uploads", "U")
        );
        let error = Config::parse(&wrong).expect_err("three are wrong").to_string();
        let keys = ["sites[0].bucket", "limits.max_file_size", "tickets.lifetime"];
        assert!(keys.iter().all(|key| error.lines().any(|line| line.contains(key))), "{error}");
    }

    #[test]
    fn the_example_is_accepted() {
        Config::parse(include_str!("../../signer.example.toml")).expect("the example");
    }
}
