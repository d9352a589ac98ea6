//! A file in parts, each by a presigned PUT.

use nearput_api::{CompletedPart, ErrorCode, OpenedUpload, Plan};

use crate::attempts::{
    Attempt, Watched, refuse_all, with_another_body, with_another_target, with_each_bit_of_the_signature,
    with_each_header_changed, with_each_parameter_changed, with_further_headers,
};
use crate::garage::{BUCKET, Garage};
use crate::signer::{PART, Signer, bytes, checksum, file, request, to_complete};

const MULTIPART: Plan = Plan::Multipart { part_size: PART };

fn upload_id(opened: &OpenedUpload) -> String {
    let url = &opened.parts[0].urls["custom"];
    url.split(['?', '&']).find_map(|parameter| parameter.strip_prefix("uploadId=")).expect("an id").to_owned()
}

#[tokio::test]
async fn parts_are_put_together_as_they_were_signed_and_no_changed_one_is_stored() {
    let garage = Garage::start().await;
    let signer = Signer::before(&garage, "").await;
    let content = bytes(PART + 1000);
    let opened = signer.open(file(&content, MULTIPART)).await;
    let other = signer.open(file(&content, MULTIPART)).await;
    let (id, other_id) = (upload_id(&opened), upload_id(&other));
    let (first, last) = content.split_at(PART as usize);
    let good = request(&opened.parts[1], last);

    let mut attempts = with_another_target(&good);
    for (what, from, to) in [
        ("upload id: that of another upload", id.as_str(), other_id.as_str()),
        ("key: that of another upload", opened.key.as_str(), other.key.as_str()),
        ("part number: 1", "partNumber=2", "partNumber=1"),
        ("part number: 3", "partNumber=2", "partNumber=3"),
    ] {
        let (from, to) = (from.replace('ü', "%C3%BC"), to.replace('ü', "%C3%BC"));
        assert!(good.url.contains(&from), "{from}");
        attempts.push(Attempt::new(what, &good, |request| request.url = request.url.replace(&from, &to)));
    }
    attempts.push(Attempt::new("body: that of another part", &good, |request| request.body = first.to_vec()));
    attempts.extend(with_each_parameter_changed(&good));
    attempts.extend(with_each_header_changed(&good));
    let further = [("x-amz-copy-source", "/uploads/another"), ("x-amz-checksum-crc32", "AAAAAA==")];
    attempts.extend(with_further_headers(&good, &further));
    attempts.extend(with_another_body(&good));
    attempts.extend(with_each_bit_of_the_signature(&good));
    let watched = Watched::Parts { key: &opened.key, upload_id: &id };
    refuse_all(&garage, "A signed part, changed", attempts, &watched, &[]).await;

    let mut parts = Vec::new();
    for (part, body) in opened.parts.iter().zip([first, last]) {
        let reply = request(part, body).send().await;
        assert_eq!(reply.status, 200, "{}", reply.text());
        let etag = Some(reply.headers["etag"].to_str().expect("text").to_owned());
        parts.push(CompletedPart { number: part.number, etag, checksum: Some(checksum(body)) });
    }
    let mut whole = to_complete(&opened, &content);
    whole.parts = parts;
    let mut wrong = whole.clone();
    wrong.checksum = Some(checksum(first));
    assert_eq!(signer.complete(wrong).await.expect_err("other bytes"), ErrorCode::ChecksumMismatch);
    assert_eq!(garage.objects().await, [""; 0]);

    let completed = signer.complete(whole).await.expect("all is there");
    assert_eq!((completed.size, completed.checksum), (PART + 1000, Some(checksum(&content))));
    let stored = garage.client.get_object().bucket(BUCKET).key(&opened.key).send().await.expect("it is there");
    assert_eq!(stored.content_type(), Some("image/jpeg"));
    assert_eq!(stored.metadata().and_then(|metadata| metadata.get("album")).map(String::as_str), Some("summer"));
    assert!(stored.body.collect().await.expect("a body").to_vec() == content);
}
