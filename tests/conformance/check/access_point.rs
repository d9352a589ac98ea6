//! What stands for a Multi-Region Access Point: it takes each request to one bucket. It does not verify signatures, which are SigV4A.

use aws_sdk_s3::Client;
use aws_sdk_s3::config::{BehaviorVersion, Config, Credentials, Region, RequestChecksumCalculation};
use aws_sdk_s3::primitives::ByteStream;
use aws_sdk_s3::types::{ChecksumAlgorithm, ChecksumType};
use http::{HeaderMap, Method, Response, StatusCode};
use http_body_util::Full;
use hyper::body::Bytes;

use super::front::plain;
use super::setup::AccessPoint;

pub(crate) const ALIAS: &str = "mfzwi23gnjvgw.mrap";
pub(crate) const HOST: &str = "mfzwi23gnjvgw.mrap.accesspoint.s3-global.amazonaws.com";

pub(crate) struct Gate {
    client: Client,
}

/// A request. `path` begins with a slash, and is escaped as keys of the check need not be.
pub(crate) struct Asked<'a> {
    pub(crate) method: &'a Method,
    pub(crate) path: &'a str,
    pub(crate) query: &'a str,
    pub(crate) headers: &'a HeaderMap,
    pub(crate) body: Bytes,
}

impl Gate {
    pub(crate) fn before(s3: std::net::SocketAddr, keys: (&str, &str)) -> Self {
        let config = Config::builder()
            .behavior_version(BehaviorVersion::latest())
            .region(Region::new("eu-west-1"))
            .endpoint_url(format!("http://{s3}"))
            .force_path_style(true)
            .request_checksum_calculation(RequestChecksumCalculation::WhenRequired)
            .credentials_provider(Credentials::new(keys.0, keys.1, None, None, "test"))
            .http_client(aws_smithy_http_client::Builder::new().build_http());
        Self { client: Client::from_conf(config.build()) }
    }

    pub(crate) async fn answer(&self, setup: &AccessPoint, asked: Asked<'_>) -> Response<Full<Bytes>> {
        let Asked { method, path, query, headers, body } = asked;
        let bucket = setup.leads_to;
        let key = path.trim_start_matches('/');
        let header = |name: &str| headers.get(name).and_then(|value| value.to_str().ok()).map(str::to_owned);
        let parameter = |name: &str| query.split('&').find_map(|pair| pair.strip_prefix(name)).map(str::to_owned);
        let checksum = header("x-amz-checksum-crc64nvme");
        let done = match (method.as_str(), parameter("uploadId=")) {
            ("POST", None) if !setup.creates => {
                return plain(StatusCode::NOT_IMPLEMENTED, "<Error><Code>NotImplemented</Code></Error>");
            }
            ("POST", None) => {
                let create = self.client.create_multipart_upload().bucket(bucket).key(key);
                let create = create.checksum_algorithm(ChecksumAlgorithm::Crc64Nvme);
                let created = create.checksum_type(ChecksumType::FullObject).send().await;
                created.map(|created| created.upload_id.unwrap_or_default()).map_err(|error| error.to_string())
            }
            ("PUT", Some(_)) if !setup.takes_parts => Err("it takes no parts".to_owned()),
            ("PUT", Some(id)) => {
                let part = self.client.upload_part().bucket(bucket).key(key).upload_id(id).part_number(1);
                let part = part.set_checksum_crc64_nvme(checksum).body(ByteStream::from(body));
                part.send().await.map(|_| String::new()).map_err(|error| error.to_string())
            }
            ("PUT", None) => {
                let put = self.client.put_object().bucket(bucket).key(key);
                let put = put.set_checksum_crc64_nvme(checksum).body(ByteStream::from(body));
                put.send().await.map(|_| String::new()).map_err(|error| error.to_string())
            }
            (_, _) => Err("it takes uploads only".to_owned()),
        };
        match done {
            Ok(id) => {
                let answer =
                    format!("<InitiateMultipartUploadResult><UploadId>{id}</UploadId></InitiateMultipartUploadResult>");
                plain(StatusCode::OK, &answer)
            }
            Err(_) => plain(StatusCode::FORBIDDEN, "<Error><Code>AccessDenied</Code></Error>"),
        }
    }
}
