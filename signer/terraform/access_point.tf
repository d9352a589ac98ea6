resource "aws_s3control_multi_region_access_point" "this" {
  count = var.topology == "mrap" ? 1 : 0

  details {
    name = var.name

    dynamic "region" {
      for_each = var.buckets

      content {
        bucket = region.value.name
      }
    }
  }

  lifecycle {
    precondition {
      condition     = toset(keys(var.buckets)) == toset(var.sites[*].id)
      error_message = "With `mrap`, give the output `bucket` of each region's module in `buckets`, by the site's id."
    }
  }
}

# Whoever comes by the access point needs rights on it, besides those on the buckets behind it.
resource "aws_s3control_multi_region_access_point_policy" "this" {
  count = length(aws_s3control_multi_region_access_point.this)

  details {
    name   = var.name
    policy = data.aws_iam_policy_document.access_point[count.index].json
  }

  depends_on = [aws_s3control_multi_region_access_point.this]
}

data "aws_iam_policy_document" "access_point" {
  count = length(aws_s3control_multi_region_access_point.this)

  statement {
    actions = concat(local.object_actions, ["s3:ListBucket"])
    resources = [
      aws_s3control_multi_region_access_point.this[count.index].arn,
      "${aws_s3control_multi_region_access_point.this[count.index].arn}/object/*",
    ]

    principals {
      type        = "AWS"
      identifiers = [aws_iam_role.signer.arn]
    }
  }
}
