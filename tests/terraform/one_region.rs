//! The examples with one bucket.

use serde_json::json;

use crate::aws::{Aws, elements, texts, within};
use crate::roles::allow;
use crate::signers::Record;
use crate::world::{PRIVATE_KEY, PUBLIC_KEY, World};

const REGION: &str = "eu-central-1";
const BUCKET: &str = "example-uploads-frankfurt";

#[tokio::test]
async fn a_direct_bucket_is_as_the_signer_needs_it() {
    one_bucket("direct", false).await;
}

#[tokio::test]
async fn an_accelerated_bucket_is_the_same_with_transfer_acceleration() {
    one_bucket("accelerated", true).await;
}

async fn one_bucket(name: &str, is_accelerated: bool) {
    let world = World::new().await;
    let example = world.example(name);
    example.apply();
    let configuration = example.configuration();
    let aws = &world.aws;
    aws.check_bucket(REGION, BUCKET).await;
    assert_eq!(aws.further_statements(REGION, BUCKET).await, [json!(null); 0]);
    assert_eq!(aws.is_accelerated(REGION, BUCKET).await, is_accelerated);
    aws.check_signer_role(&[BUCKET], &[]).await;
    aws.check_signer("frankfurt", REGION, &configuration, &[]).await;
    let signer = example.output("signer");
    assert!(signer.as_str().is_some_and(|url| url.ends_with(".execute-api.eu-central-1.amazonaws.com")), "{signer}");
    example.destroy();
    aws.check_that_nothing_is_left(&[REGION]).await;
}

#[tokio::test]
async fn a_hybrid_bucket_is_read_by_its_own_distribution_and_with_signatures_only() {
    let world = World::new().await;
    let example = world.example("hybrid");
    example.apply();
    let configuration = example.configuration();
    let aws = &world.aws;
    aws.check_bucket(REGION, BUCKET).await;
    assert!(aws.is_accelerated(REGION, BUCKET).await);
    let browser = "arn:aws:iam::123456789012:role/example-uploads-browser".to_owned();
    aws.check_signer_role(&[BUCKET], &[allow(&["sts:AssumeRole"], &[browser])]).await;
    aws.check_browser_role(BUCKET).await;
    aws.check_signer("frankfurt", REGION, &configuration, &["sign.example.com"]).await;
    let functions = aws.get_json("lambda", REGION, "/2015-03-31/functions/").await;
    let variables = &functions["Functions"][0]["Environment"]["Variables"];
    assert_eq!(variables["NEARPUT_DOWNLOADS_PRIVATE_KEY"], PRIVATE_KEY);

    let records = aws.records().await;
    let [proof, name] = records.as_slice() else { panic!("{records:?}") };
    assert_eq!(proof.kind, "CNAME");
    assert_eq!(*name, Record::shared("sign.example.com", REGION, None));
    assert_eq!(example.output("signer"), "https://sign.example.com");

    let key = check_distribution(aws).await;
    assert!(configuration.contains(&format!("key_pair_id = \"{key}\"")), "{configuration}");
    let domain = example.output("downloads");
    assert!(configuration.contains(&format!("[downloads]\ndomain = {domain}")), "{configuration}");
    example.destroy();
    aws.check_that_nothing_is_left(&[REGION]).await;
}

/// The id of the key to which it holds addresses.
async fn check_distribution(aws: &Aws) -> String {
    let list = aws.get("cloudfront", "us-east-1", "/2020-05-31/distribution").await;
    let arn = texts(&list, "ARN").remove(0);
    let read = json!({
        "Effect": "Allow", "Principal": { "Service": "cloudfront.amazonaws.com" }, "Action": ["s3:GetObject"],
        "Resource": [format!("arn:aws:s3:::{BUCKET}/*")], "Condition": { "StringEquals": { "AWS:SourceArn": arn } },
    });
    assert_eq!(aws.further_statements(REGION, BUCKET).await, [read]);
    let origins = elements(&list, "Origin", |origin| {
        (within(origin, "DomainName").expect("a name"), within(origin, "OriginAccessControlId").expect("a control"))
    });
    let controls = aws.get("cloudfront", "us-east-1", "/2020-05-31/origin-access-control").await;
    assert_eq!([texts(&controls, "SigningBehavior"), texts(&controls, "SigningProtocol")], [["always"], ["sigv4"]]);
    let control = texts(&controls, "Id").remove(0);
    assert_eq!(origins, [("example-uploads-frankfurt.s3.eu-central-1.amazonaws.com".to_owned(), control)]);
    assert_eq!(texts(&list, "ViewerProtocolPolicy"), ["https-only"]);

    let groups = aws.get("cloudfront", "us-east-1", "/2020-05-31/key-group").await;
    assert_eq!(texts(&list, "KeyGroup"), texts(&groups, "Id"));
    let keys = aws.get("cloudfront", "us-east-1", "/2020-05-31/public-key").await;
    assert_eq!(texts(&keys, "EncodedKey"), [PUBLIC_KEY]);
    assert_eq!(texts(&groups, "PublicKey"), texts(&keys, "Id"));
    texts(&keys, "Id").remove(0)
}
