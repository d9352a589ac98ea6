//! What is left after `destroy`.

use serde_json::{Value, json};

use crate::aws::{Aws, texts};

impl Aws {
    /// Nothing is, in any of these regions, but what was there before.
    pub(crate) async fn check_that_nothing_is_left(&self, regions: &[&str]) {
        assert_eq!(texts(&self.get("s3", "us-east-1", "/").await, "Bucket"), [""; 0]);
        let roles = self.query("iam", "us-east-1", "Action=ListRoles&Version=2010-05-08").await;
        assert_eq!(texts(&roles, "RoleName"), [""; 0]);
        assert_eq!(self.records().await.len(), 0);
        assert_eq!(texts(&self.get("route53", "us-east-1", "/2013-04-01/healthcheck").await, "HealthCheck"), [""; 0]);
        for kind in ["distribution", "origin-access-control", "public-key", "key-group"] {
            let list = self.get("cloudfront", "us-east-1", &format!("/2020-05-31/{kind}")).await;
            assert_eq!(texts(&list, "Id"), [""; 0], "{kind}");
        }
        assert_eq!(texts(&self.get_of_account("/v20180820/mrap/instances").await, "Alias"), [""; 0]);
        for region in regions {
            self.check_that_nothing_is_left_in(region).await;
        }
    }

    async fn check_that_nothing_is_left_in(&self, region: &str) {
        let functions = self.get_json("lambda", region, "/2015-03-31/functions/").await;
        assert_eq!(functions["Functions"], json!([]), "{region}");
        for kind in ["apis", "domainnames"] {
            let list = self.get_json("apigateway", region, &format!("/v2/{kind}")).await;
            assert_eq!(list["items"], json!([]), "{region}: {kind}");
        }
        let empty = Value::Object(Default::default());
        let certificates = self.call("acm", region, "CertificateManager.ListCertificates", &empty).await;
        assert_eq!(certificates["CertificateSummaryList"], json!([]), "{region}");
        let groups = self.call("logs", region, "Logs_20140328.DescribeLogGroups", &empty).await;
        assert_eq!(groups["logGroups"], json!([]), "{region}");
        assert_eq!(self.alarms(region).await, [""; 0], "{region}");
    }

    /// The names of the alarms in this region.
    pub(crate) async fn alarms(&self, region: &str) -> Vec<String> {
        let alarms = self.query("monitoring", region, "Action=DescribeAlarms&Version=2010-08-01").await;
        crate::aws::sorted(texts(&alarms, "AlarmName"))
    }
}
