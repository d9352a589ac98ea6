//! The examples with several buckets.

use crate::aws::{Aws, statements, texts};
use crate::bucket::Copies;
use crate::roles::allow;
use crate::signers::Record;
use crate::world::World;

const TOKYO: (&str, &str) = ("tokyo", "ap-northeast-1");
const VIRGINIA: (&str, &str) = ("virginia", "us-east-1");
const IRELAND: (&str, &str) = ("ireland", "eu-west-1");

fn bucket(site: &str) -> String {
    format!("example-uploads-{site}")
}

#[tokio::test]
async fn three_regions_copy_to_each_other_and_share_one_name() {
    let world = World::new().await;
    let example = world.example("multi-region");
    example.apply();
    let configuration = example.configuration();
    let sites = [TOKYO, VIRGINIA, IRELAND];
    check_mesh(&world.aws, &sites, &configuration, Some("15")).await;
    world.aws.check_signer_role(&sites.map(|(site, _)| bucket(site)).each_ref().map(String::as_str), &[]).await;
    for (site, region) in sites {
        let others = || sites.into_iter().map(|(other, _)| other).filter(move |other| *other != site);
        let lag = others().map(|other| format!("example-uploads-replication-lag-{other}-to-{site}"));
        let failed = others().map(|other| format!("example-uploads-replication-failed-{site}-to-{other}"));
        let expected = crate::aws::sorted(lag.chain(failed).collect());
        assert_eq!(world.aws.alarms(region).await, expected, "{region}");
    }
    example.destroy();
    world.aws.check_that_nothing_is_left(&sites.map(|(_, region)| region)).await;
}

#[tokio::test]
async fn two_regions_are_behind_one_access_point() {
    let world = World::new().await;
    let example = world.example("mrap");
    example.apply();
    let configuration = example.configuration();
    let sites = [VIRGINIA, IRELAND];
    check_mesh(&world.aws, &sites, &configuration, None).await;

    let points = world.aws.get_of_account("/v20180820/mrap/instances").await;
    assert_eq!(crate::aws::sorted(texts(&points, "Bucket")), ["example-uploads-ireland", "example-uploads-virginia"]);
    let alias = texts(&points, "Alias").remove(0);
    assert_eq!(configuration.matches(&format!("mrap = \"{alias}\"")).count(), 2, "{configuration}");
    let arn = format!("arn:aws:s3::123456789012:accesspoint/{alias}");
    assert_eq!(example.output("access_point"), arn);
    let actions =
        ["s3:AbortMultipartUpload", "s3:GetObject", "s3:ListBucket", "s3:ListMultipartUploadParts", "s3:PutObject"];
    let access = allow(&actions, &[arn.clone(), format!("{arn}/object/*")]);
    let buckets = sites.map(|(site, _)| bucket(site));
    world.aws.check_signer_role(&buckets.each_ref().map(String::as_str), std::slice::from_ref(&access)).await;
    let policy = world.aws.get_of_account("/v20180820/mrap/instances/example-uploads/policy").await;
    let policy = serde_json::from_str(&texts(&policy, "Policy")[1]).expect("JSON");
    let [mut statement] = <[_; 1]>::try_from(statements(&policy)).expect("one statement");
    let principal = statement.as_object_mut().expect("a statement").remove("Principal");
    assert_eq!(principal.expect("somebody")["AWS"], "arn:aws:iam::123456789012:role/example-uploads-signer");
    assert_eq!(statement, access);
    example.destroy();
    world.aws.check_that_nothing_is_left(&sites.map(|(_, region)| region)).await;
}

/// N·(N−1) rules, a signer in each region, and the names.
async fn check_mesh(aws: &Aws, sites: &[(&str, &str)], configuration: &str, within_minutes: Option<&str>) {
    let shared = "sign.example.com";
    let mut records = Vec::new();
    for (site, region) in sites {
        aws.check_bucket(region, &bucket(site)).await;
        let others = sites.iter().map(|(other, _)| *other).filter(|other| other != site);
        let others = crate::aws::sorted(others.map(bucket).collect());
        let role = format!("example-uploads-replication-{site}");
        let copies = others.iter().map(|other| Copies {
            to: other.clone(),
            within_minutes: within_minutes.map(str::to_owned),
            measured: within_minutes.is_some(),
        });
        assert_eq!(aws.copies(region, &bucket(site), &role).await, copies.collect::<Vec<_>>());
        let mut destinations: Vec<_> =
            sites.iter().filter(|(other, _)| other != site).map(|(other, _)| bucket(other)).collect();
        destinations.sort();
        let destinations: Vec<_> = destinations.iter().map(String::as_str).collect();
        aws.check_replication_role(&role, &bucket(site), &destinations).await;
        let own = format!("{site}.{shared}");
        aws.check_signer(site, region, configuration, &[shared, own.as_str()]).await;
        let check = format!("HTTPS {own}/readyz");
        records.extend([Record::shared(shared, region, Some(&check)), Record::own(&own, region)]);
    }
    records.sort();
    let mut found = aws.records().await;
    let proofs = found.extract_if(.., |record| record.kind == "CNAME").count();
    assert_eq!(proofs, 1);
    assert_eq!(found, records);
    let signers = sites.iter().map(|(site, _)| format!("\"https://{site}.{shared}\"")).collect::<Vec<_>>().join(",");
    assert!(configuration.contains(&format!("signers = [\"https://{shared}\",{signers}]")), "{configuration}");
}
