//! What a plan refuses, and how it says so.

use std::fmt::Write as _;

use crate::world::World;

const NAME: &str = "name = \"example-uploads\"";
const ORIGINS: &str = "allowed_origins = [\"https://www.example.com\"]";
const ONE: &str = "sites = [{ id = \"a\", region = \"eu-west-1\", bucket = \"uploads-a\" }]";
const SITE: &str = "id = \"a\", region = \"eu-west-1\", bucket = \"uploads-a\"";
const KEYS: &str = "ticket_keys = var.ticket_keys";
const PROVIDERS: &str = "provider \"aws\" {\n  region = \"eu-west-1\"\n}\n\
                         provider \"aws\" {\n  alias = \"tokyo\"\n  region = \"ap-northeast-1\"\n}\n\
                         variable \"zip\" {}\nvariable \"ticket_keys\" {}\n";
const TWO: &str = "sites = [{ id = \"a\", region = \"eu-west-1\", bucket = \"uploads-a\" }, \
                   { id = \"b\", region = \"us-east-1\", bucket = \"uploads-b\" }]";
const NAMED: &str = "domain = \"sign.example.com\"\nzone_id = \"Z1\"";

/// Each plan has several of them: each is a module of its own with one fault.
#[tokio::test]
async fn every_mistake_in_a_variable_is_refused_by_a_message_that_says_what_to_write() {
    let direct = format!("{NAME}\n{ORIGINS}\ntopology = \"direct\"");
    let site = |keys: &str| format!("{direct}\nsites = [{{ {keys} }}]");
    let bad_name = format!("name = \"Uploads\"\n{ORIGINS}\ntopology = \"direct\"\n{ONE}");
    let bad_origin = format!("{NAME}\ntopology = \"direct\"\nallowed_origins = [\"https://www.example.com/\"]\n{ONE}");
    let bad_downloads = "downloads = { public_key = \"any\", domain = \"files.example.com\" }";
    let mut text = PROVIDERS.to_owned();
    let mut messages = Vec::new();
    for (variables, message) in [
        (of("custom", ONE), "as `topology`. `custom` needs nothing of AWS"),
        (bad_name, "as `name`"),
        (bad_origin, "in `allowed_origins`"),
        (format!("{direct}\nsites = []"), "Name one site at least"),
        (site("id = \"A\", region = \"eu-west-1\", bucket = \"uploads\""), "as the `id` of each site"),
        (site("id = \"a\", region = \"Ireland\", bucket = \"uploads\""), "Write a region such as"),
        (site("id = \"a\", region = \"eu-west-1\", bucket = \"Uploads\""), "as the `bucket` of each site"),
        (site(&format!("{SITE}, replicate_to = [\"b\"]")), "ids of other sites in `replicate_to`"),
        (site(&format!("{SITE}, kms_key_arn = \"alias/uploads\"")), "as `kms_key_arn`"),
        (of("direct", &format!("{ONE}\ndomain = \"https://sign.example.com\"\nzone_id = \"Z1\"")), "as `domain`"),
        (of("direct", &format!("{ONE}\nrouting = \"nearest\"")), "as `routing`"),
        (of("hybrid", &format!("{ONE}\n{bad_downloads}")), "both `domain` and `certificate_arn`"),
    ] {
        write!(text, "module \"m{}\" {{\nsource = \"../..\"\n{variables}\n}}\n", messages.len()).expect("a text");
        messages.push(message);
    }
    text.push_str(&shared("nearput", "direct", ONE));
    for (variables, message) in [
        ("ticket_keys = \"too short\"", "as `ticket_keys`"),
        (&format!("{KEYS}\narchitecture = \"arm\""), "as `architecture`"),
        (&format!("{KEYS}\nabort_multipart_days = 0"), "as `abort_multipart_days`"),
        (&format!("{KEYS}\nmemory_mb = 64"), "as `memory_mb`"),
        (&format!("{KEYS}\nlog_retention_days = 8"), "as `log_retention_days`"),
        (&format!("{KEYS}\nnoncurrent_days = 0"), "as `noncurrent_days`"),
        (&format!("{KEYS}\nthrottle = {{ rate = 0 }}"), "as `rate` and `burst`"),
        (&format!("{KEYS}\nreserved_concurrency = 0"), "as `reserved_concurrency`"),
    ] {
        text.push_str(&region(messages.len(), "nearput", variables));
        messages.push(message);
    }
    check(&World::new().await.own_example(&text).errors(), &messages);
}

/// These are found once no variable is wrong by itself.
#[tokio::test]
async fn variables_that_do_not_go_together_are_refused_by_a_message_that_says_what_does() {
    let mut text = PROVIDERS.to_owned();
    let mut messages = Vec::new();
    let key = "kms_key_arn = \"arn:aws:kms:eu-west-1:123456789012:key/1\"";
    for (variables, message) in [
        (
            of("accelerated", "sites = [{ id = \"a\", region = \"eu-west-1\", bucket = \"uploads.example\" }]"),
            "no Transfer Acceleration for a bucket with a dot",
        ),
        (of("multi-region", &format!("{ONE}\n{NAMED}")), "`multi-region` needs two sites at least"),
        (of("direct", TWO), "`direct` has one site"),
        (
            of(
                "multi-region",
                &format!("sites = [{{ {SITE} }}, {{ id = \"b\", region = \"eu-west-1\", bucket = \"b-b\" }}]\n{NAMED}"),
            ),
            "a region of its own",
        ),
        (of("multi-region", TWO), "`multi-region` needs `domain` and `zone_id`"),
        (of("direct", &format!("{ONE}\nzone_id = \"Z1\"")), "Give both `domain` and `zone_id`"),
        (of("hybrid", ONE), "`hybrid` needs `downloads`"),
        (of("direct", &format!("{ONE}\ndownloads = {{ public_key = \"any\" }}")), "Only the topology `hybrid`"),
        (
            of("direct", &format!("sites = [{{ {SITE}, {key} }}]\ntemporary_credentials = true")),
            "Temporary credentials could not use the key",
        ),
        (of("mrap", &format!("{TWO}\n{NAMED}")), "With `mrap`, give the output `bucket`"),
    ] {
        write!(text, "module \"m{}\" {{\nsource = \"../..\"\n{variables}\n}}\n", messages.len()).expect("a text");
        messages.push(message);
    }
    text.push_str(&shared("nearput", "direct", ONE));
    text.push_str(&shared("mesh", "multi-region", &format!("{TWO}\n{NAMED}")));
    let mixed = TWO.replacen(" }", &format!(", {key} }}"), 1);
    text.push_str(&shared("mixed", "multi-region", &format!("{mixed}\n{NAMED}")));
    let without = mixed.replacen(&format!(", {key}"), "", 1).replacen(
        " }]",
        &format!(", {} }}]", key.replace("eu-west-1", "us-east-1")),
        1,
    );
    text.push_str(&shared("mixed_there", "multi-region", &format!("{without}\n{NAMED}")));
    let buckets = "buckets = { b = { name = \"b-b\", arn = \"arn:aws:s3:::b-b\" } }";
    let long = "secrets = { LONG = join(\"\", [for i in range(1000) : \"12345\"]) }";
    for (module, variables, message) in [
        ("nearput", format!("{KEYS}\nproviders = {{ aws = aws.tokyo }}"), "is of ap-northeast-1, not of eu-west-1"),
        ("mesh", KEYS.to_owned(), "The site `a` replicates to b: give the output `bucket`"),
        ("mixed", format!("{KEYS}\n{buckets}"), "`a` has a key, and one"),
        ("mixed_there", format!("{KEYS}\n{buckets}"), "`a` has no key, and one"),
        ("nearput", format!("{KEYS}\n{long}"), "more than the 4 KB"),
    ] {
        text.push_str(&region(messages.len(), module, &variables));
        messages.push(message);
    }
    check(&World::new().await.own_example(&text).errors(), &messages);
}

fn of(topology: &str, rest: &str) -> String {
    format!("{NAME}\n{ORIGINS}\ntopology = \"{topology}\"\n{rest}")
}

/// A sound module, for regions to refer to.
fn shared(name: &str, topology: &str, rest: &str) -> String {
    format!("module \"{name}\" {{\nsource = \"../..\"\n{}\n}}\n", of(topology, rest))
}

/// The module of the region of the site `a`.
fn region(index: usize, shared: &str, variables: &str) -> String {
    format!(
        "module \"m{index}\" {{\nsource = \"../../region\"\nsite = \"a\"\nnearput = module.{shared}.shared\n\
         configuration = \"\"\nzip = var.zip\n{variables}\n}}\n"
    )
}

/// Each of them is there, and nothing else.
fn check(errors: &[String], messages: &[&str]) {
    for message in messages {
        let found = errors.iter().filter(|error| error.contains(message)).count();
        assert_eq!(found, 1, "`{message}` in {errors:#?}");
    }
    assert_eq!(errors.len(), messages.len(), "{errors:#?}");
}
