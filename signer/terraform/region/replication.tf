# One rule for each site that gets copies. Rules copy one way, and no replica further, so that N sites have N·(N−1) of them:
# https://docs.aws.amazon.com/AmazonS3/latest/userguide/replication-what-is-isnot-replicated.html
locals {
  destinations = { for id in local.site.replicate_to : id => var.nearput.sites[id] }
  replicates   = length(local.destinations) > 0
  is_measured  = var.replication_metrics || var.replication_time_control

  # The rules that copy to here, by the site that they copy from.
  sources = { for id, site in var.nearput.sites : id => site if contains(site.replicate_to, var.site) }
}

resource "aws_iam_role" "replication" {
  count = local.replicates ? 1 : 0

  name               = "${var.nearput.name}-replication-${var.site}"
  description        = "Replication from ${local.site.bucket}"
  assume_role_policy = data.aws_iam_policy_document.trust_s3.json
}

data "aws_iam_policy_document" "trust_s3" {
  statement {
    actions = ["sts:AssumeRole"]

    principals {
      type        = "Service"
      identifiers = ["s3.amazonaws.com"]
    }
  }
}

resource "aws_iam_role_policy" "replication" {
  count = length(aws_iam_role.replication)

  name   = "replication"
  role   = aws_iam_role.replication[count.index].id
  policy = data.aws_iam_policy_document.replication.json
}

# https://docs.aws.amazon.com/AmazonS3/latest/userguide/setting-repl-config-perm-overview.html
data "aws_iam_policy_document" "replication" {
  statement {
    sid       = "Source"
    actions   = ["s3:GetReplicationConfiguration", "s3:ListBucket"]
    resources = [local.site.arn]
  }

  statement {
    sid       = "SourceObjects"
    actions   = ["s3:GetObjectVersionForReplication", "s3:GetObjectVersionAcl", "s3:GetObjectVersionTagging"]
    resources = ["${local.site.arn}/*"]
  }

  statement {
    sid       = "DestinationObjects"
    actions   = ["s3:ReplicateObject", "s3:ReplicateDelete", "s3:ReplicateTags"]
    resources = [for site in local.destinations : "${site.arn}/*"]
  }

  dynamic "statement" {
    for_each = compact([local.site.kms_key_arn])

    content {
      sid       = "SourceKey"
      actions   = ["kms:Decrypt"]
      resources = [statement.value]
    }
  }

  dynamic "statement" {
    for_each = length(compact([for site in local.destinations : site.kms_key_arn])) > 0 ? [compact([for site in local.destinations : site.kms_key_arn])] : []

    content {
      sid       = "DestinationKeys"
      actions   = ["kms:Encrypt"]
      resources = statement.value
    }
  }
}

resource "aws_s3_bucket_replication_configuration" "this" {
  count = length(aws_iam_role.replication)

  bucket = aws_s3_bucket.this.id
  role   = aws_iam_role.replication[count.index].arn

  dynamic "rule" {
    for_each = local.site.replicate_to

    content {
      id       = "to-${rule.value}"
      priority = rule.key
      status   = "Enabled"

      filter {}

      delete_marker_replication {
        status = "Enabled"
      }

      source_selection_criteria {
        replica_modifications {
          status = "Enabled"
        }

        dynamic "sse_kms_encrypted_objects" {
          for_each = compact([local.site.kms_key_arn])

          content {
            status = "Enabled"
          }
        }
      }

      destination {
        # That of the bucket itself, and not of its name: rules wait for the buckets and their versions.
        bucket = var.buckets[rule.value].arn

        dynamic "encryption_configuration" {
          for_each = compact([local.destinations[rule.value].kms_key_arn])

          content {
            replica_kms_key_id = encryption_configuration.value
          }
        }

        dynamic "replication_time" {
          for_each = var.replication_time_control ? [15] : []

          content {
            status = "Enabled"

            time {
              minutes = replication_time.value
            }
          }
        }

        dynamic "metrics" {
          for_each = local.is_measured ? [15] : []

          content {
            status = "Enabled"

            dynamic "event_threshold" {
              for_each = var.replication_time_control ? [metrics.value] : []

              content {
                minutes = event_threshold.value
              }
            }
          }
        }
      }
    }
  }

  lifecycle {
    precondition {
      condition     = alltrue([for id in local.site.replicate_to : contains(keys(var.buckets), id)])
      error_message = "The site `${var.site}` replicates to ${join(", ", local.site.replicate_to)}: give the output `bucket` of each region's module in `buckets`, by the site's id."
    }

    precondition {
      # S3 takes no rule that encrypts copies by a key without one for what is copied.
      condition     = alltrue([for site in local.destinations : (site.kms_key_arn == null) == (local.site.kms_key_arn == null)])
      error_message = "The site `${var.site}` has ${local.site.kms_key_arn == null ? "no key, and one in its `replicate_to` has one" : "a key, and one in its `replicate_to` has none"}: give `kms_key_arn` to all of these sites, or to none."
    }
  }

  depends_on = [aws_s3_bucket_versioning.this, aws_iam_role_policy.replication]
}
