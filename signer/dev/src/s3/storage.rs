//! S3's operations, each a step on the disk that runs beside the network's threads.

use std::sync::Arc;

use s3s::dto::*;
use s3s::{S3, S3Error, S3Request, S3Response, S3Result, s3_error};
use s3s_fs::FileSystem;
use tokio::task::spawn_blocking;

use super::body::{self, Incoming};
use super::checksums::{Algorithm, full_object};
use super::complete;
use super::form::FormTags;
use super::layout::Layout;
use super::listing;
use super::locks::Locks;
use super::objects::{self, Conditions, Name, NewObject};
use super::promises::Promises;
use super::read::{self, Reading};
use super::records::Attributes;
use super::replication::Replication;
use super::tags::Tags;
use super::uploads;

/// The buckets of one data folder.
pub(super) struct Storage {
    buckets: FileSystem,
    layout: Arc<Layout>,
    locks: Arc<Locks>,
    replication: Replication,
}

impl Storage {
    pub(super) fn new(layout: Arc<Layout>, replication: Replication) -> S3Result<Self> {
        Ok(Self { buckets: FileSystem::new(layout.root())?, layout, locks: Arc::default(), replication })
    }

    /// Does a step on the disk, alone with this object and its uploads. It ends even if nobody waits for it any more.
    async fn alone<T: Send + 'static>(
        &self,
        name: &Name,
        step: impl FnOnce(&Layout) -> S3Result<T> + Send + 'static,
    ) -> S3Result<T> {
        let (layout, locks, lock) = (Arc::clone(&self.layout), Arc::clone(&self.locks), name.lock());
        spawn_blocking(move || locks.hold(&lock, || step(&layout))).await.map_err(S3Error::internal_error)?
    }
}

fn reply<T>(output: T) -> S3Result<S3Response<T>> {
    Ok(S3Response::new(output))
}

fn named(bucket: &str, key: &str) -> Name {
    Name { bucket: bucket.to_owned(), key: key.to_owned() }
}

#[async_trait::async_trait]
impl S3 for Storage {
    async fn put_object(&self, request: S3Request<PutObjectInput>) -> S3Result<S3Response<PutObjectOutput>> {
        let promises = Promises::of(&request);
        let in_form = request.extensions.get::<FormTags>().map(|FormTags(xml)| Tags::in_xml(xml)).transpose()?;
        let asked = request.input;
        let tags = in_form.map_or_else(|| Tags::in_header(asked.tagging.as_deref()), Ok)?;
        let name = named(&asked.bucket, &asked.key);
        let conditions = Conditions { if_match: asked.if_match, if_none_match: asked.if_none_match };
        let (early, early_name) = (conditions.clone(), name.clone());
        self.alone(&name, move |layout| objects::check(layout, &early_name, &early)).await?;
        let received = body::receive(asked.body, promises, Incoming::new(self.layout.incoming())).await?;
        let attributes = Attributes {
            content_type: asked.content_type,
            content_disposition: asked.content_disposition,
            content_encoding: asked.content_encoding,
            content_language: asked.content_language,
            cache_control: asked.cache_control,
            storage_class: asked.storage_class.map(|class| class.as_str().to_owned()),
            encryption: asked.server_side_encryption.map(|kind| kind.as_str().to_owned()),
            kms_key_id: asked.ssekms_key_id,
            tags,
            metadata: asked.metadata,
        };
        let (place, version) = (name.clone(), self.replication.version());
        let new = NewObject { received, attributes, version };
        let object = self.alone(&name, move |layout| objects::put(layout, &place, new, &conditions)).await?;
        self.replication.begin(&self.layout, &name.bucket, &object);
        reply(PutObjectOutput {
            version_id: object.version.map(|version| version.id),
            size: i64::try_from(object.size).ok(),
            e_tag: Some(ETag::Strong(object.etag)),
            checksum_crc64nvme: object.checksums.if_shown(Algorithm::Crc64nvme),
            checksum_crc32c: object.checksums.if_shown(Algorithm::Crc32c),
            checksum_type: Some(full_object()),
            ..Default::default()
        })
    }

    async fn get_object(&self, request: S3Request<GetObjectInput>) -> S3Result<S3Response<GetObjectOutput>> {
        let asked = request.input;
        let name = named(&asked.bucket, &asked.key);
        let place = name.clone();
        let object = self.alone(&name, move |layout| objects::open(layout, &place, asked.range)).await?;
        reply(read::get(object, Reading::of(asked.range, asked.checksum_mode)))
    }

    async fn head_object(&self, request: S3Request<HeadObjectInput>) -> S3Result<S3Response<HeadObjectOutput>> {
        let asked = request.input;
        let name = named(&asked.bucket, &asked.key);
        let place = name.clone();
        let object = self.alone(&name, move |layout| objects::open(layout, &place, asked.range)).await?;
        reply(read::head(&object, Reading::of(asked.range, asked.checksum_mode)))
    }

    async fn get_object_tagging(
        &self,
        request: S3Request<GetObjectTaggingInput>,
    ) -> S3Result<S3Response<GetObjectTaggingOutput>> {
        let name = named(&request.input.bucket, &request.input.key);
        let place = name.clone();
        let object = self.alone(&name, move |layout| objects::open(layout, &place, None)).await?;
        reply(GetObjectTaggingOutput { tag_set: object.record.attributes.tags.to_dto(), version_id: None })
    }

    async fn delete_object(&self, request: S3Request<DeleteObjectInput>) -> S3Result<S3Response<DeleteObjectOutput>> {
        let name = named(&request.input.bucket, &request.input.key);
        let place = name.clone();
        self.alone(&name, move |layout| objects::delete(layout, &place)).await?;
        reply(DeleteObjectOutput::default())
    }

    async fn create_multipart_upload(
        &self,
        request: S3Request<CreateMultipartUploadInput>,
    ) -> S3Result<S3Response<CreateMultipartUploadOutput>> {
        let asked = request.input;
        let name = named(&asked.bucket, &asked.key);
        let algorithm = Algorithm::of(asked.checksum_algorithm.as_ref(), asked.checksum_type.as_ref())?;
        let attributes = Attributes {
            content_type: asked.content_type,
            content_disposition: asked.content_disposition,
            content_encoding: asked.content_encoding,
            content_language: asked.content_language,
            cache_control: asked.cache_control,
            storage_class: asked.storage_class.map(|class| class.as_str().to_owned()),
            encryption: asked.server_side_encryption.map(|kind| kind.as_str().to_owned()),
            kms_key_id: asked.ssekms_key_id,
            tags: Tags::in_header(asked.tagging.as_deref())?,
            metadata: asked.metadata,
        };
        let place = name.clone();
        let upload = self.alone(&name, move |layout| uploads::create(layout, place, algorithm, attributes)).await?;
        reply(CreateMultipartUploadOutput {
            bucket: Some(upload.bucket),
            key: Some(upload.key),
            upload_id: Some(upload.id),
            checksum_type: algorithm.map(|_| full_object()),
            checksum_algorithm: algorithm.map(Algorithm::to_dto),
            ..Default::default()
        })
    }

    async fn upload_part(&self, request: S3Request<UploadPartInput>) -> S3Result<S3Response<UploadPartOutput>> {
        let promises = Promises::of(&request);
        let asked = request.input;
        let name = named(&asked.bucket, &asked.key);
        let (id, number) = (asked.upload_id, asked.part_number);
        uploads::check_number(number)?;
        let (early_name, early_id) = (name.clone(), id.clone());
        let (upload, _) = self.alone(&name, move |layout| uploads::find(layout, &early_name, &early_id)).await?;
        if let Some(header) = upload.algorithm.map(Algorithm::header).filter(|header| !promises.contains(header)) {
            return Err(s3_error!(
                InvalidRequest,
                "The upload was opened with a checksum: send {header} with each part."
            ));
        }
        let received = body::receive(asked.body, promises, Incoming::new(self.layout.incoming())).await?;
        let place = name.clone();
        let part = self.alone(&name, move |layout| uploads::put_part(layout, &place, &id, number, received)).await?;
        reply(UploadPartOutput {
            e_tag: Some(ETag::Strong(part.etag)),
            checksum_crc64nvme: part.checksums.if_shown(Algorithm::Crc64nvme),
            checksum_crc32c: part.checksums.if_shown(Algorithm::Crc32c),
            ..Default::default()
        })
    }

    async fn list_parts(&self, request: S3Request<ListPartsInput>) -> S3Result<S3Response<ListPartsOutput>> {
        let name = named(&request.input.bucket, &request.input.key);
        reply(self.alone(&name, |layout| listing::parts(layout, request.input)).await?)
    }

    async fn list_multipart_uploads(
        &self,
        request: S3Request<ListMultipartUploadsInput>,
    ) -> S3Result<S3Response<ListMultipartUploadsOutput>> {
        let layout = Arc::clone(&self.layout);
        let page = spawn_blocking(move || listing::uploads(&layout, request.input)).await;
        reply(page.map_err(S3Error::internal_error)??)
    }

    async fn complete_multipart_upload(
        &self,
        request: S3Request<CompleteMultipartUploadInput>,
    ) -> S3Result<S3Response<CompleteMultipartUploadOutput>> {
        let name = named(&request.input.bucket, &request.input.key);
        let version = self.replication.version();
        let (answer, object) = self.alone(&name, |layout| complete::complete(layout, request.input, version)).await?;
        if let Some(object) = object {
            self.replication.begin(&self.layout, &name.bucket, &object);
        }
        reply(answer)
    }

    async fn abort_multipart_upload(
        &self,
        request: S3Request<AbortMultipartUploadInput>,
    ) -> S3Result<S3Response<AbortMultipartUploadOutput>> {
        let asked = request.input;
        let name = named(&asked.bucket, &asked.key);
        let place = name.clone();
        self.alone(&name, move |layout| uploads::abort(layout, &place, &asked.upload_id)).await?;
        reply(AbortMultipartUploadOutput::default())
    }

    async fn create_bucket(&self, request: S3Request<CreateBucketInput>) -> S3Result<S3Response<CreateBucketOutput>> {
        self.buckets.create_bucket(request).await
    }

    async fn head_bucket(&self, request: S3Request<HeadBucketInput>) -> S3Result<S3Response<HeadBucketOutput>> {
        self.buckets.head_bucket(request).await
    }

    async fn list_buckets(&self, request: S3Request<ListBucketsInput>) -> S3Result<S3Response<ListBucketsOutput>> {
        self.buckets.list_buckets(request).await
    }

    async fn list_objects(&self, request: S3Request<ListObjectsInput>) -> S3Result<S3Response<ListObjectsOutput>> {
        self.buckets.list_objects(request).await
    }

    async fn list_objects_v2(
        &self,
        request: S3Request<ListObjectsV2Input>,
    ) -> S3Result<S3Response<ListObjectsV2Output>> {
        self.buckets.list_objects_v2(request).await
    }
}
