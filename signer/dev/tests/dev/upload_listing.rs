//! Lists of parts and of uploads.

use anyhow::Result;
use futures_util::{StreamExt, TryStreamExt, stream};

use crate::bucket::{BUCKET, Bucket, code, crc64nvme};

const PARTS: i32 = 1_010;

#[tokio::test]
async fn parts_are_listed_in_order_and_in_pages() -> Result<()> {
    let bucket = Bucket::start().await?;
    let upload = bucket.open("key").await?;
    let send = |number: i32| {
        let bytes = number.to_string().into_bytes();
        upload.part(number, &bytes, crc64nvme(&bytes)).send()
    };
    stream::iter((1..=PARTS).rev().map(send)).buffer_unordered(8).try_collect::<Vec<_>>().await?;

    let list = || bucket.client.list_parts().bucket(BUCKET).key("key").upload_id(&upload.id);
    let first = list().send().await?;
    assert_eq!((first.parts().len(), first.is_truncated()), (1000, Some(true)));
    assert_eq!(first.next_part_number_marker(), Some("1000"));
    assert_eq!(first.checksum_algorithm().map(|name| name.as_str()), Some("CRC64NVME"));
    assert_eq!(first.checksum_type().map(|name| name.as_str()), Some("FULL_OBJECT"));
    let second = list().part_number_marker("1000").send().await?;
    assert_eq!(second.is_truncated(), Some(false));
    let all = [first.parts(), second.parts()].concat();
    for (part, number) in all.iter().zip(1..) {
        let bytes = number.to_string().into_bytes();
        assert_eq!(part.part_number(), Some(number));
        assert_eq!(part.size(), Some(bytes.len() as i64));
        assert_eq!(part.checksum_crc64_nvme(), Some(crc64nvme(&bytes).as_str()));
        assert!(part.e_tag().is_some_and(|etag| etag.len() == 34), "{:?}", part.e_tag());
    }
    assert_eq!(all.len(), PARTS as usize);

    let few = list().part_number_marker("7").max_parts(2).send().await?;
    let numbers: Vec<_> = few.parts().iter().filter_map(|part| part.part_number()).collect();
    assert_eq!((numbers, few.next_part_number_marker()), (vec![8, 9], Some("9")));
    Ok(())
}

#[tokio::test]
async fn parts_of_an_unknown_upload_are_not_listed() -> Result<()> {
    let bucket = Bucket::start().await?;
    for id in ["unknown", "0190163d-8694-739b-aea5-966c26f8ad91"] {
        let listed = bucket.client.list_parts().bucket(BUCKET).key("key").upload_id(id).send().await;
        assert_eq!(code(listed), "NoSuchUpload");
    }
    Ok(())
}

#[tokio::test]
async fn open_uploads_are_listed_by_key_and_in_pages() -> Result<()> {
    let bucket = Bucket::start().await?;
    for key in ["b", "a/2", "a/1"] {
        bucket.open(key).await?;
    }
    let list = || bucket.client.list_multipart_uploads().bucket(BUCKET);
    let keys = |page: &aws_sdk_s3::operation::list_multipart_uploads::ListMultipartUploadsOutput| -> Vec<String> {
        page.uploads().iter().filter_map(|upload| upload.key.clone()).collect()
    };
    let first = list().max_uploads(2).send().await?;
    assert_eq!((keys(&first), first.is_truncated()), (vec!["a/1".to_owned(), "a/2".to_owned()], Some(true)));
    let second = list()
        .set_key_marker(first.next_key_marker.clone())
        .set_upload_id_marker(first.next_upload_id_marker.clone())
        .send()
        .await?;
    assert_eq!((keys(&second), second.is_truncated()), (vec!["b".to_owned()], Some(false)));
    assert_eq!(keys(&list().prefix("a/").send().await?), ["a/1", "a/2"]);
    Ok(())
}
