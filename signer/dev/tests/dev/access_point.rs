//! A file in parts by an access point: the browser creates the upload, the access point chooses the bucket, and the signer finds it.

use std::net::SocketAddr;

use anyhow::{Context, Result};
use aws_sdk_s3::types::{ChecksumAlgorithm, ChecksumType};
use nearput_signer::{Config, Secrets, SiteCredentials, TicketKey, build};
use serde_json::{Value, json};
use tokio::task::JoinHandle;

use crate::bucket::{BUCKET, Bucket, MIN_PART_SIZE, crc64nvme, noise};
use crate::raw::{Request, send, send_by_name};

const TOKEN: &str = "let me in";
const ALIAS: &str = "mfzwi23gnjvgw.mrap";

/// Two buckets of AWS in two regions, behind one access point, and a signer that prefers the first.
struct Scene {
    buckets: [Bucket; 2],
    signer: SocketAddr,
    server: JoinHandle<()>,
}

impl Scene {
    async fn start() -> Result<Self> {
        let buckets = [Bucket::start().await?, Bucket::start().await?];
        let site = |(id, region): (&str, &str), bucket: &Bucket| {
            format!(
                "[[sites]]\nid = '{id}'\nregion = '{region}'\nbucket = '{BUCKET}'\nmrap = '{ALIAS}'\n\
                 internal_endpoint = 'http://{}'\ncredentials = 'environment'\n",
                bucket.server.addr()
            )
        };
        let sites = site(("ireland", "eu-west-1"), &buckets[0]) + &site(("virginia", "us-east-1"), &buckets[1]);
        let config = Config::parse(&format!("listen = '127.0.0.1:0'\ntopology = 'mrap'\n{sites}"))?;
        let credentials = SiteCredentials {
            access_key_id: "test-key".to_owned(),
            secret_access_key: "test-secret".to_owned(),
            session_token: None,
        };
        let secrets = Secrets {
            ticket_keys: vec![TicketKey { id: "1".to_owned(), secret: vec![7; 32] }],
            development_token: Some(TOKEN.to_owned()),
            site_credentials: ["ireland", "virginia"].map(|id| (id.to_owned(), credentials.clone())).into(),
            ..Secrets::default()
        };
        let server = build(config, secrets).await?;
        let signer = server.local_addr();
        let server = tokio::spawn(async { server.run(std::future::pending()).await.expect("it serves") });
        Ok(Self { buckets, signer, server })
    }

    async fn call(&self, path: &str, body: Value) -> Result<Value> {
        let headers = vec![("authorization".to_owned(), format!("Bearer {TOKEN}"))];
        let body = body.to_string();
        let request = Request { method: "POST", path, headers, body: body.as_bytes() };
        let reply = send(self.signer, request).await?;
        serde_json::from_str(&reply.body).with_context(|| format!("{path} answered {}: {}", reply.status, reply.body))
    }
}

impl Drop for Scene {
    fn drop(&mut self) {
        self.server.abort();
    }
}

/// Does what an access point does with Create whose sender is nearest to this bucket. Its signature is looked at in the signer's own
/// tests.
async fn create(nearest: &Bucket, create: &Value) -> Result<String> {
    let url = create["urls"]["mrap"].as_str().context("an address")?;
    let resource = url.strip_prefix(&format!("https://{ALIAS}.accesspoint.s3-global.amazonaws.com/"));
    let (key, query) = resource.and_then(|rest| rest.split_once('?')).context("a key")?;
    assert!(query.starts_with("uploads&"), "{query}");
    let header = |name: &str| create["headers"][name].as_str().unwrap_or_default();
    assert_eq!((header("x-amz-checksum-algorithm"), header("x-amz-checksum-type")), ("CRC64NVME", "FULL_OBJECT"));
    let create = nearest.client.create_multipart_upload().bucket(BUCKET).key(key);
    let create = create.content_type(header("content-type")).content_disposition(header("content-disposition"));
    let create = create.checksum_algorithm(ChecksumAlgorithm::Crc64Nvme).checksum_type(ChecksumType::FullObject);
    create.send().await?.upload_id.context("an id")
}

#[tokio::test]
async fn a_file_goes_to_the_bucket_that_the_access_point_chooses() -> Result<()> {
    let content = noise(MIN_PART_SIZE + 9, 1);
    let chunks: Vec<&[u8]> = content.chunks(MIN_PART_SIZE).collect();
    let scene = Scene::start().await?;
    for (nearest, (site, region)) in [("ireland", "eu-west-1"), ("virginia", "us-east-1")].into_iter().enumerate() {
        let bucket = &scene.buckets[nearest];
        let plan = json!({ "kind": "multipart", "part_size": MIN_PART_SIZE });
        let file = json!({ "name": "a.png", "size": content.len(), "type": "image/png", "plan": plan });
        let asked = json!({ "site": "ireland", "by_access_point": true, "files": [file] });
        let opened = scene.call("/v1/uploads", asked).await?["uploads"][0].clone();
        let id = create(bucket, &opened["create"]).await?;

        let parts = (1..).zip(&chunks).map(|(number, chunk)| json!({ "number": number, "checksum": crc64nvme(chunk) }));
        let parts: Vec<Value> = parts.collect();
        let asked = json!({ "ticket": opened["ticket"], "upload_id": id, "parts": parts });
        let created = scene.call("/v1/uploads/created", asked).await?["uploads"][0].clone();
        assert_eq!(created["site"], site, "{created}");

        for (part, chunk) in created["parts"].as_array().context("parts")?.iter().zip(&chunks) {
            assert!(part["urls"]["mrap"].as_str().is_some_and(|url| url.contains("X-Amz-Region-Set=%2A")), "{part}");
            let url = part["urls"]["regional"].as_str().context("an address")?;
            let (host, resource) =
                url.strip_prefix("https://").and_then(|url| url.split_once('/')).context("a host")?;
            assert!(host.contains(region), "{host}");
            let headers = part["headers"].as_object().into_iter().flatten();
            let headers = headers.map(|(name, value)| (name.clone(), value.as_str().unwrap_or_default().to_owned()));
            let path = format!("/{resource}");
            let request = Request { method: "PUT", path: &path, headers: headers.collect(), body: chunk };
            let reply = send_by_name(bucket.server.addr(), host, request).await?;
            assert_eq!((reply.status, reply.code()), (200, "nothing went wrong"));
        }
        let whole = json!({ "ticket": created["ticket"], "parts": parts, "checksum": crc64nvme(&content) });
        let completed = scene.call("/v1/uploads/complete", json!({ "uploads": [whole] })).await?["uploads"][0].clone();
        assert_eq!(completed["site"], site, "{completed}");
        let key = completed["key"].as_str().context("a key")?;
        let stored = bucket.server.object(BUCKET, key).context("it is in the nearest bucket")?;
        assert_eq!(std::fs::read(stored)?, content);
        assert_eq!(scene.buckets[1 - nearest].server.object(BUCKET, key), None, "and in no other");
    }
    Ok(())
}
