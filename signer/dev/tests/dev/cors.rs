//! Which pages may ask.

use anyhow::Result;

use crate::bucket::{Bucket, PAGE};
use crate::raw::{Reply, Request, send};

async fn preflight(bucket: &Bucket, origin: &str, asked: &str) -> Result<Reply> {
    let headers =
        [("origin", origin), ("access-control-request-method", "PUT"), ("access-control-request-headers", asked)];
    let headers = headers.map(|(name, value)| (name.to_owned(), value.to_owned())).to_vec();
    send(bucket.server.addr(), Request { method: "OPTIONS", path: "/uploads/key?partNumber=1", headers, body: b"" })
        .await
}

#[tokio::test]
async fn the_page_may_upload_and_see_what_it_needs() -> Result<()> {
    let bucket = Bucket::start().await?;
    let reply = preflight(&bucket, PAGE, "content-type,x-amz-checksum-crc64nvme,x-amz-meta-name").await?;
    assert_eq!(reply.status, 200);
    assert_eq!(reply.header("access-control-allow-origin"), PAGE);
    assert!(reply.header("access-control-allow-methods").contains("PUT"));
    let allowed = reply.header("access-control-allow-headers");
    assert_eq!(allowed, "content-type,x-amz-checksum-crc64nvme,x-amz-meta-name");
    assert!(!reply.header("access-control-max-age").is_empty());

    let headers = vec![("origin".to_owned(), PAGE.to_owned())];
    let get = Request { method: "GET", path: "/uploads/key", headers, body: b"" };
    let refused = send(bucket.server.addr(), get).await?;
    assert_eq!((refused.status, refused.header("access-control-allow-origin")), (403, PAGE));
    let exposed = refused.header("access-control-expose-headers");
    assert_eq!(exposed, "etag,x-amz-checksum-crc64nvme,x-amz-version-id,x-amz-request-id");
    assert!(!refused.header("x-amz-request-id").is_empty());
    Ok(())
}

#[tokio::test]
async fn no_other_origin_may_upload() -> Result<()> {
    let bucket = Bucket::start().await?;
    for origin in ["http://127.0.0.1:4401", "http://127.0.0.1:44000", "https://127.0.0.1:4400", "null"] {
        let reply = preflight(&bucket, origin, "content-type").await?;
        assert_eq!(reply.header("access-control-allow-origin"), "", "{origin}");
    }
    Ok(())
}

#[tokio::test]
async fn headers_that_no_rule_names_are_not_allowed() -> Result<()> {
    let bucket = Bucket::start().await?;
    let reply = preflight(&bucket, PAGE, "authorization, x-custom, Content-Type").await?;
    assert_eq!(reply.header("access-control-allow-headers"), "Content-Type");
    Ok(())
}
