# The managed policies of CloudFront are the same in all accounts:
# https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/using-managed-cache-policies.html
locals {
  caching_optimized = "658327ea-f89d-4fab-a63d-7e88639e58f6"
  # Passes on what S3 needs to answer by the bucket's CORS rules.
  cors_s3_origin = "88a5eaf4-2fd4-4709-b370-b4c650ea3fcf"
  # What is kept is told to all origins, also where the first to ask was none: the address is signed, and no cookie counts.
  # https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/using-managed-response-headers-policies.html
  simple_cors = "60669652-455b-4ae9-85a4-c4c02393f86c"

  downloads = var.topology == "hybrid" && var.downloads != null ? [var.downloads] : []
}

resource "aws_cloudfront_origin_access_control" "this" {
  count = length(local.downloads)

  name                              = var.name
  description                       = "CloudFront before ${local.sites[0].bucket}"
  origin_access_control_origin_type = "s3"
  signing_behavior                  = "always"
  signing_protocol                  = "sigv4"
}

resource "aws_cloudfront_public_key" "this" {
  count = length(local.downloads)

  # A key cannot be changed: another one comes beside it, and this one goes when the group no longer has it.
  name_prefix = "${var.name}-"
  # CloudFront gives it back with a line's end, whatever it was given.
  encoded_key = "${trimspace(local.downloads[count.index].public_key)}\n"

  lifecycle {
    create_before_destroy = true
  }
}

resource "aws_cloudfront_key_group" "this" {
  count = length(local.downloads)

  name  = var.name
  items = aws_cloudfront_public_key.this[*].id
}

resource "aws_cloudfront_distribution" "this" {
  count = length(local.downloads)

  enabled         = true
  comment         = "Downloads of ${var.name}"
  aliases         = compact([local.downloads[count.index].domain])
  price_class     = local.downloads[count.index].price_class
  http_version    = "http2and3"
  is_ipv6_enabled = true

  origin {
    origin_id                = local.sites[0].id
    domain_name              = "${local.sites[0].bucket}.s3.${local.sites[0].region}.amazonaws.com"
    origin_access_control_id = aws_cloudfront_origin_access_control.this[count.index].id
  }

  default_cache_behavior {
    target_origin_id           = local.sites[0].id
    allowed_methods            = ["GET", "HEAD", "OPTIONS"]
    cached_methods             = ["GET", "HEAD"]
    viewer_protocol_policy     = "https-only"
    trusted_key_groups         = aws_cloudfront_key_group.this[*].id
    cache_policy_id            = local.caching_optimized
    origin_request_policy_id   = local.cors_s3_origin
    response_headers_policy_id = local.simple_cors
  }

  restrictions {
    geo_restriction {
      restriction_type = "none"
    }
  }

  viewer_certificate {
    cloudfront_default_certificate = local.downloads[count.index].certificate_arn == null
    acm_certificate_arn            = local.downloads[count.index].certificate_arn
    ssl_support_method             = local.downloads[count.index].certificate_arn == null ? null : "sni-only"
    minimum_protocol_version       = local.downloads[count.index].certificate_arn == null ? "TLSv1" : "TLSv1.2_2021"
  }
}

locals {
  downloads_domain = one([
    for index, distribution in aws_cloudfront_distribution.this :
    coalesce(local.downloads[index].domain, distribution.domain_name)
  ])
}

resource "aws_route53_record" "downloads" {
  for_each = toset(length(compact(local.downloads[*].domain)) > 0 && var.zone_id != null ? ["A", "AAAA"] : [])

  zone_id = var.zone_id
  name    = local.downloads[0].domain
  type    = each.value

  alias {
    name                   = aws_cloudfront_distribution.this[0].domain_name
    zone_id                = aws_cloudfront_distribution.this[0].hosted_zone_id
    evaluate_target_health = false
  }
}
