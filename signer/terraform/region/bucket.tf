locals {
  site = var.nearput.sites[var.site]
}

data "aws_region" "current" {}

resource "aws_s3_bucket" "this" {
  bucket        = local.site.bucket
  force_destroy = var.force_destroy

  lifecycle {
    precondition {
      condition     = data.aws_region.current.id == local.site.region
      error_message = "The provider of the site `${var.site}` is of ${data.aws_region.current.id}, not of ${local.site.region}: give the module the right one in `providers`."
    }
  }
}

resource "aws_s3_bucket_versioning" "this" {
  bucket = aws_s3_bucket.this.id

  versioning_configuration {
    status = "Enabled"
  }
}

resource "aws_s3_bucket_server_side_encryption_configuration" "this" {
  bucket = aws_s3_bucket.this.id

  rule {
    bucket_key_enabled = local.site.kms_key_arn != null

    apply_server_side_encryption_by_default {
      sse_algorithm     = local.site.kms_key_arn == null ? "AES256" : "aws:kms"
      kms_master_key_id = local.site.kms_key_arn
    }
  }
}

resource "aws_s3_bucket_public_access_block" "this" {
  bucket = aws_s3_bucket.this.id

  block_public_acls       = true
  block_public_policy     = true
  ignore_public_acls      = true
  restrict_public_buckets = true
}

resource "aws_s3_bucket_ownership_controls" "this" {
  bucket = aws_s3_bucket.this.id

  rule {
    object_ownership = "BucketOwnerEnforced"
  }
}

resource "aws_s3_bucket_policy" "this" {
  bucket = aws_s3_bucket.this.id
  policy = data.aws_iam_policy_document.bucket.json

  # S3 takes one change of a bucket's access at a time.
  depends_on = [aws_s3_bucket_public_access_block.this]
}

data "aws_iam_policy_document" "bucket" {
  statement {
    sid       = "OnlyByTls"
    effect    = "Deny"
    actions   = ["s3:*"]
    resources = [local.site.arn, "${local.site.arn}/*"]

    principals {
      type        = "*"
      identifiers = ["*"]
    }

    condition {
      test     = "Bool"
      variable = "aws:SecureTransport"
      values   = ["false"]
    }
  }

  # https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/private-content-restricting-access-to-s3.html
  dynamic "statement" {
    for_each = var.nearput.distribution_arn == null ? [] : [var.nearput.distribution_arn]

    content {
      sid       = "DownloadsByCloudFront"
      actions   = ["s3:GetObject"]
      resources = ["${local.site.arn}/*"]

      principals {
        type        = "Service"
        identifiers = ["cloudfront.amazonaws.com"]
      }

      condition {
        test     = "StringEquals"
        variable = "AWS:SourceArn"
        values   = [statement.value]
      }
    }
  }
}

# What browsers send and may read: headers that are signed, and what a reply says of the object.
resource "aws_s3_bucket_cors_configuration" "this" {
  bucket = aws_s3_bucket.this.id

  cors_rule {
    id              = "nearput"
    allowed_origins = var.nearput.allowed_origins
    allowed_methods = ["PUT", "POST", "GET", "HEAD"]
    allowed_headers = ["content-type", "content-disposition", "cache-control", "if-none-match", "x-amz-*"]
    expose_headers  = ["ETag", "x-amz-checksum-crc64nvme", "x-amz-version-id", "x-amz-request-id"]
    max_age_seconds = 3600
  }
}

resource "aws_s3_bucket_lifecycle_configuration" "this" {
  bucket = aws_s3_bucket.this.id

  rule {
    id     = "abort-stale-uploads"
    status = "Enabled"

    filter {}

    abort_incomplete_multipart_upload {
      days_after_initiation = var.abort_multipart_days
    }
  }

  dynamic "rule" {
    for_each = var.noncurrent_days == null ? [] : [var.noncurrent_days]

    content {
      id     = "remove-old-versions"
      status = "Enabled"

      filter {}

      noncurrent_version_expiration {
        noncurrent_days = rule.value
      }

      expiration {
        expired_object_delete_marker = true
      }
    }
  }

  depends_on = [aws_s3_bucket_versioning.this]
}

resource "aws_s3_bucket_accelerate_configuration" "this" {
  count = local.site.accelerate ? 1 : 0

  bucket = aws_s3_bucket.this.id
  status = "Enabled"
}
