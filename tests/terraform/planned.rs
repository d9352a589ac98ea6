//! What no example has: sites that are left out of the others, and keys of KMS. It is planned, and not applied.

use serde_json::{Value, json};

use crate::world::World;

const KEY_A: &str = "arn:aws:kms:eu-west-1:123456789012:key/a";
const KEY_B: &str = "arn:aws:kms:us-east-1:123456789012:key/b";

/// The module with these sites; each region is a provider's that is named like its site.
fn mesh(sites: &str) -> String {
    format!(
        "provider \"aws\" {{\n  region = \"eu-west-1\"\n}}\nvariable \"zip\" {{}}\nvariable \"ticket_keys\" {{}}\n\
         module \"nearput\" {{\nsource = \"../..\"\nname = \"example-uploads\"\ntopology = \"multi-region\"\n\
         allowed_origins = [\"https://www.example.com\"]\ndomain = \"sign.example.com\"\nzone_id = \"Z1\"\nsites = [{sites}]\n}}\n"
    )
}

#[tokio::test]
async fn a_site_with_a_list_of_its_own_gets_no_copies_but_by_name() {
    let sites = "{ id = \"a\", region = \"eu-west-1\", bucket = \"uploads-a\" }, \
                 { id = \"b\", region = \"us-east-1\", bucket = \"uploads-b\" }, \
                 { id = \"kept\", region = \"eu-central-1\", bucket = \"uploads-kept\", replicate_to = [] }, \
                 { id = \"safe\", region = \"eu-west-3\", bucket = \"uploads-safe\", replicate_to = [\"kept\"] }";
    let text = mesh(sites)
        + "output \"copies\" {\n  value = { for id, site in module.nearput.shared.sites : id => site.replicate_to }\n}\n";
    let planned = World::new().await.own_example(&text).planned();
    let expected = json!({ "a": ["b"], "b": ["a"], "kept": [], "safe": ["kept"] });
    assert_eq!(planned["outputs"]["copies"]["value"], expected);
}

#[tokio::test]
async fn what_a_key_has_encrypted_is_copied_by_the_keys_of_both_sites() {
    let sites = format!(
        "{{ id = \"a\", region = \"eu-west-1\", bucket = \"uploads-a\", kms_key_arn = \"{KEY_A}\" }}, \
         {{ id = \"b\", region = \"us-east-1\", bucket = \"uploads-b\", kms_key_arn = \"{KEY_B}\" }}"
    );
    let text = mesh(&sites)
        + "module \"a\" {\nsource = \"../../region\"\nsite = \"a\"\nnearput = module.nearput.shared\nconfiguration = \"\"\n\
           zip = var.zip\nticket_keys = var.ticket_keys\nbuckets = { b = { name = \"uploads-b\", arn = \"arn:aws:s3:::uploads-b\" } }\n}\n";
    let planned = World::new().await.own_example(&text).planned();
    let modules = planned["root_module"]["child_modules"].as_array().expect("modules");
    let of = |module: &str, kind: &str, name: &str| -> Value {
        let module = modules.iter().find(|one| one["address"] == format!("module.{module}")).expect("the module");
        let resources = module["resources"].as_array().expect("resources");
        let found = resources.iter().find(|one| one["type"] == kind && one["name"] == name).expect("the resource");
        found["values"].clone()
    };
    let encryption = of("a", "aws_s3_bucket_server_side_encryption_configuration", "this");
    assert_eq!(encryption["rule"][0]["apply_server_side_encryption_by_default"][0]["kms_master_key_id"], KEY_A);
    let rule = &of("a", "aws_s3_bucket_replication_configuration", "this")["rule"][0];
    assert_eq!(rule["source_selection_criteria"][0]["sse_kms_encrypted_objects"][0]["status"], "Enabled");
    assert_eq!(rule["destination"][0]["encryption_configuration"][0]["replica_kms_key_id"], KEY_B);
    let policy = of("a", "aws_iam_role_policy", "replication")["policy"].as_str().expect("text").to_owned();
    let policy: Value = serde_json::from_str(&policy).expect("JSON");
    let keys = policy["Statement"]
        .as_array()
        .expect("statements")
        .iter()
        .filter(|statement| statement["Action"].as_str().is_some_and(|action| action.starts_with("kms:")));
    let keys: Vec<_> = keys.map(|statement| (statement["Action"].clone(), statement["Resource"].clone())).collect();
    assert_eq!(keys, [(json!("kms:Decrypt"), json!(KEY_A)), (json!("kms:Encrypt"), json!(KEY_B))]);
    let signer = of("nearput", "aws_iam_role_policy", "signer")["policy"].as_str().expect("text").to_owned();
    assert!(signer.contains(KEY_A) && signer.contains(KEY_B), "{signer}");
}
