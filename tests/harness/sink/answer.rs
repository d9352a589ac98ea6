//! What the sink answers to each call.

use std::collections::BTreeMap;

use http::header::{CONTENT_LENGTH, CONTENT_TYPE, ETAG};
use http::{HeaderMap, HeaderName, HeaderValue, Request, Response, StatusCode};
use http_body_util::{BodyExt as _, Full};
use hyper::body::{Bytes, Incoming};

use super::call::{Call, Verb};
use super::cors;
use super::form::Form;
use super::store::{Part, Store};

const CRC64NVME: HeaderName = HeaderName::from_static("x-amz-checksum-crc64nvme");
const CHECKSUM_TYPE: HeaderName = HeaderName::from_static("x-amz-checksum-type");

/// S3's own: <https://docs.aws.amazon.com/AmazonS3/latest/API/API_ListParts.html>
const PAGE_OF_PARTS: usize = 1000;

type Answer = Response<Full<Bytes>>;

/// Fails only where the request is cut off.
pub(super) async fn answer(store: &Store, request: Request<Incoming>) -> Result<Answer, hyper::Error> {
    let (asked, body) = request.into_parts();
    let call = Call::read(&asked.method, &asked.uri, &asked.headers);
    let mut answer = obey(store, call, &asked.headers, body).await?;
    cors::allow(&asked.headers, answer.headers_mut());
    Ok(answer)
}

async fn obey(store: &Store, call: Call, asked: &HeaderMap, body: Incoming) -> Result<Answer, hyper::Error> {
    let Call { bucket, key, verb } = call;
    Ok(match verb {
        Verb::Preflight => {
            let mut answer = empty(StatusCode::OK);
            cors::allow_request(asked, answer.headers_mut());
            answer
        }
        Verb::CreateUpload => {
            let id = store.open();
            xml("InitiateMultipartUploadResult", &format!("<UploadId>{id}</UploadId>"))
        }
        Verb::UploadPart { upload_id, number } => {
            let size = drain(body).await?;
            match store.put_part(&upload_id, number, size, text(asked, &CRC64NVME)) {
                Some(part) => stored(&part.etag, part.checksum.as_deref()),
                None => no_such_upload(),
            }
        }
        Verb::CompleteUpload { upload_id } => {
            drain(body).await?;
            match store.complete(&upload_id, (bucket, key), text(asked, &CRC64NVME)) {
                Some(object) => xml("CompleteMultipartUploadResult", &format!("<ETag>{}</ETag>", object.etag)),
                None => no_such_upload(),
            }
        }
        Verb::AbortUpload { upload_id } => {
            if store.abort(&upload_id) {
                empty(StatusCode::NO_CONTENT)
            } else {
                no_such_upload()
            }
        }
        Verb::ListParts { upload_id, after } => {
            store.parts(&upload_id).map_or_else(no_such_upload, |parts| list(&parts, after))
        }
        Verb::PutObject => {
            let size = drain(body).await?;
            let object = store.put_object((bucket, key), size, text(asked, &CRC64NVME));
            stored(&object.etag, object.checksum.as_deref())
        }
        Verb::PostForm => {
            let body = body.collect().await?.to_bytes();
            match Form::read(&text(asked, &CONTENT_TYPE).unwrap_or_default(), &body) {
                Some(form) => {
                    let object = store.put_object((bucket, form.key), form.size, Some(form.checksum));
                    let mut answer = stored(&object.etag, object.checksum.as_deref());
                    *answer.status_mut() = StatusCode::NO_CONTENT;
                    answer
                }
                None => error(StatusCode::BAD_REQUEST, "MalformedPOSTRequest"),
            }
        }
        Verb::HeadObject => match store.object(&bucket, &key) {
            Some(object) => {
                let mut answer = stored(&object.etag, object.checksum.as_deref());
                answer.headers_mut().insert(CONTENT_LENGTH, object.size.into());
                answer
            }
            None => empty(StatusCode::NOT_FOUND),
        },
        Verb::GetObject => error(StatusCode::FORBIDDEN, "AccessDenied"),
        Verb::Unknown => error(StatusCode::NOT_IMPLEMENTED, "NotImplemented"),
    })
}

/// Lets the bytes go, and gives their number.
async fn drain(mut body: Incoming) -> Result<u64, hyper::Error> {
    let mut size = 0;
    while let Some(frame) = body.frame().await {
        size += frame?.data_ref().map_or(0, Bytes::len) as u64;
    }
    Ok(size)
}

fn stored(etag: &str, checksum: Option<&str>) -> Answer {
    let mut answer = empty(StatusCode::OK);
    put(answer.headers_mut(), ETAG, etag);
    if let Some(checksum) = checksum {
        put(answer.headers_mut(), CRC64NVME, checksum);
        put(answer.headers_mut(), CHECKSUM_TYPE, "FULL_OBJECT");
    }
    answer
}

fn list(parts: &BTreeMap<u32, Part>, after: u32) -> Answer {
    let mut page = parts.range(after + 1..);
    let (mut listed, mut last) = (String::new(), after);
    for (number, Part { size, etag, checksum }) in page.by_ref().take(PAGE_OF_PARTS) {
        let checksum = checksum.as_deref().unwrap_or_default();
        listed += &format!(
            "<Part><PartNumber>{number}</PartNumber><Size>{size}</Size><ETag>{etag}</ETag>\
             <ChecksumCRC64NVME>{checksum}</ChecksumCRC64NVME></Part>"
        );
        last = *number;
    }
    let is_truncated = page.next().is_some();
    xml(
        "ListPartsResult",
        &format!(
            "<IsTruncated>{is_truncated}</IsTruncated><NextPartNumberMarker>{last}</NextPartNumberMarker>{listed}"
        ),
    )
}

fn no_such_upload() -> Answer {
    error(StatusCode::NOT_FOUND, "NoSuchUpload")
}

fn error(status: StatusCode, code: &str) -> Answer {
    let mut answer = xml("Error", &format!("<Code>{code}</Code><Message>{code}</Message>"));
    *answer.status_mut() = status;
    answer
}

fn xml(root: &str, content: &str) -> Answer {
    let text = format!("<?xml version=\"1.0\" encoding=\"UTF-8\"?><{root}>{content}</{root}>");
    let mut answer = Response::new(Full::from(text));
    put(answer.headers_mut(), CONTENT_TYPE, "application/xml");
    answer
}

fn empty(status: StatusCode) -> Answer {
    let mut answer = Response::new(Full::default());
    *answer.status_mut() = status;
    answer
}

fn put(headers: &mut HeaderMap, name: HeaderName, value: &str) {
    // What the sink makes or was given in a header can stand in one.
    if let Ok(value) = HeaderValue::from_str(value) {
        headers.insert(name, value);
    }
}

fn text(headers: &HeaderMap, name: &HeaderName) -> Option<String> {
    headers.get(name)?.to_str().ok().map(str::to_owned)
}
