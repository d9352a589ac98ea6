//! The cases by which AWS tests that its own clients find a bucket: same address, region and scheme of signing, or an error where they
//! have one.
//!
//! See <https://github.com/boto/botocore>, `tests/functional/endpoint-rules/s3/endpoint-tests-1.json`.

use std::collections::BTreeMap;
use std::net::Ipv4Addr;

use nearput_api::Plan;
use nearput_tests::program::installed;
use serde_json::Value;

use crate::signer::{Signer, file};

/// How many cases came out how. A change in any of these numbers is a change to look at.
const COUNTS: [(&str, usize); 15] = [
    ("the same", 31),
    ("an error, as there", 18),
    (NO_SUCH_NAME, 21),
    ("FIPS endpoints are not offered", 108),
    ("S3 Express", 70),
    ("S3 on Outposts", 34),
    ("S3 Object Lambda", 31),
    ("access points of one region", 29),
    ("calls for no bucket", 19),
    ("aws-global is no bucket's region", 15),
    ("an endpoint's buckets are addressed by path", 9),
    ("of accelerated names only the one is offered", 3),
    ("us-east-1 has a host name like every region", 3),
    ("an alias is configured, and no ARN of another partition", 1),
    ("an endpoint is an origin without a path", 1),
];

const NO_SUCH_NAME: &str = "an error here: S3 gives no bucket such a name";

/// What a case is about.
struct Case<'a>(&'a Value);

/// What a case says, or what the signer makes of it.
#[derive(Debug, PartialEq, Eq)]
enum Answer {
    Request {
        address: String,
        /// The algorithm, and the region or set of regions, and the service that it names.
        signing: String,
    },
    Error,
}

impl Case<'_> {
    fn text(&self, parameter: &str) -> Option<&str> {
        self.0["params"][parameter].as_str()
    }

    fn is(&self, parameter: &str) -> bool {
        self.0["params"][parameter].as_bool().unwrap_or(false)
    }

    /// Why the signer has nothing that compares, if that is so.
    fn reason_to_leave_out(&self) -> Option<&'static str> {
        let bucket = self.text("Bucket").unwrap_or_default();
        let has_endpoint = self.text("Endpoint").is_some();
        let is_custom = has_endpoint && !self.is("UseDualStack") && !self.is("Accelerate");
        let reasons = [
            ("FIPS endpoints are not offered", self.is("UseFIPS")),
            ("S3 Object Lambda", self.is("UseObjectLambdaEndpoint") || bucket.contains("object-lambda")),
            (
                "S3 Express",
                self.is("UseS3ExpressControlEndpoint") || bucket.contains("--x-s3") || bucket.contains("--xa-s3"),
            ),
            ("calls for no bucket", bucket.is_empty()),
            ("S3 on Outposts", bucket.contains("outpost") || bucket.contains("--op-s3")),
            ("access points of one region", bucket.starts_with("arn:") && !bucket.contains(".mrap")),
            ("an alias is configured, and no ARN of another partition", bucket.starts_with("arn:aws-cn:")),
            ("aws-global is no bucket's region", self.text("Region") == Some("aws-global")),
            (
                "us-east-1 has a host name like every region",
                self.is("UseGlobalEndpoint")
                    && self.text("Region") == Some("us-east-1")
                    && !has_endpoint
                    && !self.is("UseDualStack")
                    && !self.is("Accelerate"),
            ),
            ("of accelerated names only the one is offered", self.is("Accelerate") && self.is("UseDualStack")),
            (
                "an endpoint is an origin without a path",
                self.text("Endpoint").is_some_and(|text| text.ends_with("/foo")),
            ),
            (
                "an endpoint's buckets are addressed by path",
                is_custom && !self.is("ForcePathStyle") && is_label(bucket) && !self.is_at_an_address(),
            ),
        ];
        reasons.into_iter().find(|(_, applies)| *applies).map(|(reason, _)| reason)
    }

    /// Whether the endpoint is an address and no name, before which nothing can stand.
    fn is_at_an_address(&self) -> bool {
        let host = self.text("Endpoint").and_then(|text| text.split("//").nth(1)?.split([':', '/']).next());
        host.is_some_and(|host| host.parse::<Ipv4Addr>().is_ok())
    }

    /// The site as an operator would configure it.
    fn site(&self) -> String {
        let bucket = self.text("Bucket").unwrap_or_default();
        let alias = bucket.rsplit_once(':').map(|(_, alias)| alias).filter(|_| bucket.starts_with("arn:"));
        let mut site = format!("bucket = '{}'\n", if alias.is_some() { "behind-it" } else { bucket });
        for (key, value) in [("region", self.text("Region")), ("endpoint", self.text("Endpoint")), ("mrap", alias)] {
            if let Some(value) = value.filter(|_| key != "mrap" || !self.is("DisableMultiRegionAccessPoints")) {
                site += &format!("{key} = '{value}'\n");
            }
        }
        if self.is("Accelerate") {
            site += "accelerate = true\n";
        }
        site
    }

    /// The id of the path that the case asks for. There is none that is two things at once.
    fn path(&self) -> Option<&'static str> {
        let bucket = self.text("Bucket").unwrap_or_default();
        let by_path = self.is("ForcePathStyle") || bucket.contains('.');
        let dual = self.is("UseDualStack");
        if bucket.starts_with("arn:") {
            return (!dual && !self.is("Accelerate") && !self.is("ForcePathStyle")).then_some("mrap");
        }
        match (self.text("Endpoint").is_some(), self.is("Accelerate"), by_path, dual) {
            (true, false, _, false) => Some("custom"),
            (true, _, _, _) | (false, true, true, _) => None,
            (false, true, false, _) => Some("accelerate"),
            (false, false, false, false) => Some("regional"),
            (false, false, false, true) => Some("dualstack"),
            (false, false, true, false) => Some("path-style"),
            (false, false, true, true) => Some("path-style-dualstack"),
        }
    }

    fn expected(&self) -> Answer {
        let endpoint = &self.0["expect"]["endpoint"];
        let Some(url) = endpoint["url"].as_str() else { return Answer::Error };
        let scheme = &endpoint["properties"]["authSchemes"][0];
        let name = scheme["signingName"].as_str().expect("a service");
        let signing = match scheme["name"].as_str() {
            Some("sigv4") => format!("AWS4-HMAC-SHA256 {} {name}", scheme["signingRegion"].as_str().expect("a region")),
            Some("sigv4a") => {
                format!("AWS4-ECDSA-P256-SHA256 {} {name}", scheme["signingRegionSet"][0].as_str().expect("a region"))
            }
            other => panic!("a scheme that is not known: {other:?}"),
        };
        Answer::Request { address: url.to_owned(), signing }
    }

    async fn answer(&self) -> Answer {
        let Ok(signer) = Signer::of("", &self.site()).await else { return Answer::Error };
        let opened = signer.open(file(b"x", Plan::Put)).await;
        let url = self.path().and_then(|path| opened.parts[0].urls.get(path));
        url.map_or(Answer::Error, |url| read(url))
    }
}

/// A signed address, as the cases put it.
fn read(url: &str) -> Answer {
    let (address, rest) = url.split_once("/private/").expect("the key");
    let parameter = |name: &str| {
        let value = rest.split(['?', '&']).find_map(|parameter| parameter.strip_prefix(name)?.strip_prefix('='));
        value.unwrap_or_default()
    };
    let algorithm = parameter("X-Amz-Algorithm");
    let scope: Vec<_> = parameter("X-Amz-Credential").split("%2F").skip(2).collect();
    let (region, service) = match scope[..] {
        [region, service, "aws4_request"] => (region, service),
        [service, "aws4_request"] if parameter("X-Amz-Region-Set") == "%2A" => ("*", service),
        _ => panic!("a scope that is not known: {url}"),
    };
    Answer::Request { address: address.to_owned(), signing: format!("{algorithm} {region} {service}") }
}

/// Whether a bucket's name can stand before a host name.
fn is_label(bucket: &str) -> bool {
    bucket.len() >= 3 && bucket.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || "-.".contains(c))
}

#[tokio::test]
async fn a_bucket_is_where_the_clients_of_aws_find_it() {
    let cases = std::fs::read(installed("NEARPUT_ENDPOINT_CASES")).expect("the cases");
    let cases: Value = serde_json::from_slice(&cases).expect("JSON");
    let cases = cases["testCases"].as_array().expect("cases");
    let (mut counts, mut faults) = (BTreeMap::<_, usize>::new(), Vec::new());
    for case in cases.iter().map(Case) {
        let outcome = match case.reason_to_leave_out() {
            Some(reason) => reason,
            None => match (case.answer().await, case.expected()) {
                (Answer::Error, Answer::Error) => "an error, as there",
                (Answer::Error, _) if !is_label(case.text("Bucket").unwrap_or_default()) => NO_SUCH_NAME,
                (answer, expected) if answer == expected => "the same",
                (answer, expected) => {
                    faults.push(format!("{}\n{expected:?}\n{answer:?}", case.0));
                    "another"
                }
            },
        };
        *counts.entry(outcome).or_default() += 1;
    }
    println!("\nAWS's {} cases of where a bucket is", cases.len());
    counts.iter().for_each(|(outcome, count)| println!("  {count:>4}  {outcome}"));
    assert!(faults.is_empty(), "{}", faults.join("\n\n"));
    assert_eq!(counts, BTreeMap::from(COUNTS));
}
