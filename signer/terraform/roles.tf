# What all signers are, in whichever region: any of them can go on with an upload that another one has opened.
resource "aws_iam_role" "signer" {
  name               = "${var.name}-signer"
  description        = "The signers of ${var.name}, on Lambda"
  assume_role_policy = data.aws_iam_policy_document.lambda.json
}

data "aws_iam_policy_document" "lambda" {
  statement {
    actions = ["sts:AssumeRole"]

    principals {
      type        = "Service"
      identifiers = ["lambda.amazonaws.com"]
    }
  }
}

resource "aws_iam_role_policy" "signer" {
  name   = "signer"
  role   = aws_iam_role.signer.id
  policy = data.aws_iam_policy_document.signer.json
}

locals {
  object_actions = concat(
    ["s3:PutObject", "s3:GetObject", "s3:AbortMultipartUpload", "s3:ListMultipartUploadParts"],
    var.object_tags ? ["s3:PutObjectTagging"] : [],
  )
}

data "aws_iam_policy_document" "signer" {
  statement {
    sid       = "Objects"
    actions   = local.object_actions
    resources = [for arn in local.bucket_arns : "${arn}/*"]
  }

  # Without it S3 answers "refused" where it means "not there".
  statement {
    sid       = "Buckets"
    actions   = ["s3:ListBucket"]
    resources = local.bucket_arns
  }

  statement {
    sid       = "Logs"
    actions   = ["logs:CreateLogStream", "logs:PutLogEvents"]
    resources = ["arn:${local.partition}:logs:*:${local.account}:log-group:/aws/lambda/${var.name}-*:*"]
  }

  dynamic "statement" {
    for_each = length(local.kms_key_arns) > 0 ? [local.kms_key_arns] : []

    content {
      sid       = "Keys"
      actions   = ["kms:GenerateDataKey", "kms:Decrypt"]
      resources = statement.value
    }
  }

  dynamic "statement" {
    for_each = aws_iam_role.browser[*].arn

    content {
      sid       = "TemporaryCredentials"
      actions   = ["sts:AssumeRole"]
      resources = [statement.value]
    }
  }

  dynamic "statement" {
    for_each = aws_s3control_multi_region_access_point.this[*].arn

    content {
      sid       = "AccessPoint"
      actions   = concat(local.object_actions, ["s3:ListBucket"])
      resources = [statement.value, "${statement.value}/object/*"]
    }
  }
}

# What pages are given for one upload; the signer narrows it to that upload's prefix when it assumes the role.
resource "aws_iam_role" "browser" {
  count = var.temporary_credentials ? 1 : 0

  name               = "${var.name}-browser"
  description        = "Temporary credentials for pages, given out by the signers of ${var.name}"
  assume_role_policy = data.aws_iam_policy_document.trust_signer.json
}

data "aws_iam_policy_document" "trust_signer" {
  statement {
    actions = ["sts:AssumeRole"]

    principals {
      type        = "AWS"
      identifiers = [aws_iam_role.signer.arn]
    }
  }
}

resource "aws_iam_role_policy" "browser" {
  count = length(aws_iam_role.browser)

  name   = "upload"
  role   = aws_iam_role.browser[count.index].id
  policy = data.aws_iam_policy_document.browser.json
}

data "aws_iam_policy_document" "browser" {
  statement {
    actions   = ["s3:PutObject"]
    resources = [for arn in local.bucket_arns : "${arn}/*"]
  }
}
