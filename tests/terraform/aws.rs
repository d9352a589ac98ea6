//! AWS's own calls, by which is read back what Terraform has made. moto looks at no signature, only at what it says it is for.

use nearput_tests::client::Request;
use nearput_tests::moto::Moto;
use percent_encoding::percent_decode_str;
use roxmltree::{Document, Node};
use serde_json::{Value, json};

pub(crate) struct Aws(pub(crate) Moto);

impl Aws {
    /// Of services that answer in XML, and of S3 for policies.
    pub(crate) async fn get(&self, service: &str, region: &str, path: &str) -> String {
        self.ask(service, region, "GET", path, &[], String::new()).await
    }

    pub(crate) async fn get_json(&self, service: &str, region: &str, path: &str) -> Value {
        serde_json::from_str(&self.get(service, region, path).await).expect("JSON")
    }

    /// By the query protocol: IAM and CloudWatch.
    pub(crate) async fn query(&self, service: &str, region: &str, form: &str) -> String {
        let headers = [("content-type", "application/x-www-form-urlencoded")];
        self.ask(service, region, "POST", "/", &headers, form.to_owned()).await
    }

    /// By the JSON protocol: ACM, CloudWatch Logs, SSM.
    pub(crate) async fn call(&self, service: &str, region: &str, target: &str, body: &Value) -> Value {
        let headers = [("x-amz-target", target), ("content-type", "application/x-amz-json-1.1")];
        let reply = self.ask(service, region, "POST", "/", &headers, body.to_string()).await;
        serde_json::from_str(&reply).expect("JSON")
    }

    /// S3's calls about accounts.
    pub(crate) async fn get_of_account(&self, path: &str) -> String {
        let host = ("host", "123456789012.s3-control.us-west-2.amazonaws.com");
        self.ask("s3", "us-west-2", "GET", path, &[host, ("x-amz-account-id", "123456789012")], String::new()).await
    }

    async fn ask(
        &self,
        service: &str,
        region: &str,
        method: &str,
        path: &str,
        headers: &[(&str, &str)],
        body: String,
    ) -> String {
        let scope = format!("any/20261125/{region}/{service}/aws4_request");
        let authorization = format!("AWS4-HMAC-SHA256 Credential={scope}, SignedHeaders=host, Signature=0");
        let usual = [("authorization", authorization.as_str())];
        let headers = usual.iter().chain(headers);
        let request = Request {
            method: method.to_owned(),
            url: format!("{}{path}", self.0.url),
            headers: headers.map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect(),
            body: body.into_bytes(),
        };
        let reply = request.send().await;
        assert!(reply.status.is_success(), "{service} {path}: {} {}", reply.status, reply.text());
        reply.text()
    }

    pub(crate) async fn keep_parameter(&self, region: &str, name: &str, value: &str) {
        let parameter = json!({ "Name": name, "Type": "SecureString", "Value": value });
        self.call("ssm", region, "AmazonSSM.PutParameter", &parameter).await;
    }

    /// The id of a new hosted zone.
    pub(crate) async fn create_zone(&self, name: &str) -> String {
        let body = format!(
            "<CreateHostedZoneRequest xmlns=\"https://route53.amazonaws.com/doc/2013-04-01/\"><Name>{name}</Name>\
             <CallerReference>the test</CallerReference></CreateHostedZoneRequest>"
        );
        let reply = self.ask("route53", "us-east-1", "POST", "/2013-04-01/hostedzone", &[], body).await;
        texts(&reply, "Id")[0].trim_start_matches("/hostedzone/").to_owned()
    }

    /// The policy that a role has of its own.
    pub(crate) async fn role_policy(&self, role: &str, policy: &str) -> Value {
        let form = format!("Action=GetRolePolicy&RoleName={role}&PolicyName={policy}&Version=2010-05-08");
        document(&texts(&self.query("iam", "us-east-1", &form).await, "PolicyDocument")[0])
    }

    /// Whom a role trusts.
    pub(crate) async fn trust(&self, role: &str) -> Value {
        let form = format!("Action=GetRole&RoleName={role}&Version=2010-05-08");
        document(&texts(&self.query("iam", "us-east-1", &form).await, "AssumeRolePolicyDocument")[0])
    }
}

/// A policy as IAM gives it back.
fn document(encoded: &str) -> Value {
    let text = percent_decode_str(encoded).decode_utf8().expect("text");
    serde_json::from_str(&text).expect("JSON")
}

/// The texts of all elements of this name.
pub(crate) fn texts(xml: &str, name: &str) -> Vec<String> {
    elements(xml, name, |element| element.text().unwrap_or_default().to_owned())
}

/// What `of` makes of each element of this name.
pub(crate) fn elements<T>(xml: &str, name: &str, of: impl Fn(Node<'_, '_>) -> T) -> Vec<T> {
    let document = Document::parse(xml).unwrap_or_else(|error| panic!("{error}: {xml}"));
    document.descendants().filter(|node| node.tag_name().name() == name).map(of).collect()
}

/// The text of the element of this name that is within another one, if there is one.
pub(crate) fn within(node: Node<'_, '_>, name: &str) -> Option<String> {
    let found = node.descendants().find(|node| node.tag_name().name() == name)?;
    Some(found.text().unwrap_or_default().to_owned())
}

/// In one order, whatever the other side made of it: Terraform keeps sets.
pub(crate) fn sorted(mut list: Vec<String>) -> Vec<String> {
    list.sort();
    list
}

/// Policies say the same in several ways: lists of one, and lists in any order.
pub(crate) fn statements(policy: &Value) -> Vec<Value> {
    let list = policy["Statement"].as_array().expect("statements");
    let same = |mut statement: Value| {
        for key in ["Action", "Resource"] {
            let values = match statement[key].as_array() {
                Some(values) => values.iter().map(|value| value.as_str().expect("text").to_owned()).collect(),
                None => vec![statement[key].as_str().expect("text").to_owned()],
            };
            statement[key] = json!(sorted(values));
        }
        statement.as_object_mut().expect("a statement").remove("Sid");
        statement
    };
    list.iter().cloned().map(same).collect()
}
