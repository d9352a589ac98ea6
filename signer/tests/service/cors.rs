//! Which pages may call, and what every reply carries.

use nearput_api::path;

use crate::client::{Reply, send};
use crate::world::{ORIGIN, Signer, start};

async fn preflight(signer: &Signer, origin: &str) -> Reply {
    let headers = [
        ("origin", origin),
        ("access-control-request-method", "POST"),
        ("access-control-request-headers", "authorization,content-type"),
    ];
    send("OPTIONS", &signer.url(path::OPEN), &headers, "").await
}

#[tokio::test]
async fn a_page_of_an_allowed_origin_may_call() {
    let (_storage, signer) = start().await;
    let reply = preflight(&signer, ORIGIN).await;
    assert_eq!(reply.status, 200);
    assert_eq!(reply.headers["access-control-allow-origin"], ORIGIN);
    assert_eq!(reply.headers["access-control-allow-methods"], "GET,POST");
    assert_eq!(reply.headers["access-control-allow-headers"], "authorization,content-type");
    assert!(!reply.headers.contains_key("access-control-allow-credentials"));
}

#[tokio::test]
async fn a_page_of_another_origin_may_not_read_a_reply() {
    let (_storage, signer) = start().await;
    for origin in [
        "http://page.example",
        "http://page.example:44000",
        "http://page.example:4400/",
        "https://page.example:4400",
        "HTTP://page.example:4400",
        "http://Page.example:4400",
        "http://page.example:4400.evil.example",
        "http://page.example.evil.example:4400",
        "http://evilpage.example:4400",
        "http://sub.page.example:4400",
        "http://page.example:4400, http://evil.example",
        "http://me@page.example:4400",
        "http://evil.example",
        "null",
        "*",
        "",
    ] {
        let reply = preflight(&signer, origin).await;
        assert!(!reply.headers.contains_key("access-control-allow-origin"), "preflight from {origin}");
        let reply = send("GET", &signer.url(path::HEALTH), &[("origin", origin)], "").await;
        assert!(!reply.headers.contains_key("access-control-allow-origin"), "reply to {origin}");
    }
}

#[tokio::test]
async fn every_reply_is_kept_out_of_caches_and_has_an_id() {
    let (_storage, signer) = start().await;
    for (method, path, status) in [("GET", path::HEALTH, 200), ("GET", "/nowhere", 404), ("POST", path::SITES, 401)] {
        let reply = send(method, &signer.url(path), &[("origin", ORIGIN)], "").await;
        assert_eq!(reply.status, status);
        assert_eq!(reply.headers["cache-control"], "no-store");
        assert_eq!(reply.headers["x-content-type-options"], "nosniff");
        assert_eq!(reply.headers["x-frame-options"], "DENY");
        assert_eq!(reply.headers["referrer-policy"], "no-referrer");
        assert_eq!(reply.headers["cross-origin-resource-policy"], "same-origin");
        assert_eq!(reply.headers["content-security-policy"], "default-src 'none'; frame-ancestors 'none'");
        assert!(!reply.headers.contains_key("strict-transport-security"));
        assert_eq!(reply.headers["access-control-expose-headers"], "retry-after,x-request-id");
        assert_eq!(reply.headers["access-control-allow-origin"], ORIGIN);
        assert_eq!(reply.headers["x-request-id"].len(), 36);
    }
}
