output "shared" {
  description = "What the module of each region needs of what all share: give it on as `nearput`."
  value = {
    name             = var.name
    sites            = { for site in local.sites : site.id => site }
    allowed_origins  = var.allowed_origins
    signer_role_arn  = aws_iam_role.signer.arn
    domain           = var.domain
    zone_id          = var.zone_id
    distribution_arn = one(aws_cloudfront_distribution.this[*].arn)
  }

  precondition {
    condition     = local.is_multi_region ? length(var.sites) > 1 : length(var.sites) == 1
    error_message = local.is_multi_region ? "The topology `${var.topology}` needs two sites at least." : "The topology `${var.topology}` has one site; take `multi-region` for several."
  }

  precondition {
    condition     = length(distinct(var.sites[*].region)) == length(var.sites)
    error_message = "Give each site a region of its own: Route 53 and Multi-Region Access Points know no two in one."
  }

  precondition {
    condition     = !local.is_accelerated || alltrue([for site in var.sites : !strcontains(site.bucket, ".")])
    error_message = "There is no Transfer Acceleration for a bucket with a dot in its name: take a name without one, or `direct`."
  }

  precondition {
    condition     = (var.domain == null) == (var.zone_id == null)
    error_message = "Give both `domain` and `zone_id`, or neither."
  }

  precondition {
    condition     = !local.is_multi_region || var.domain != null
    error_message = "The topology `${var.topology}` needs `domain` and `zone_id`: Route 53 leads each visitor to the nearest signer by that name."
  }

  precondition {
    condition     = (var.topology == "hybrid") == (var.downloads != null)
    error_message = var.topology == "hybrid" ? "The topology `hybrid` needs `downloads`, with the public key for CloudFront." : "Only the topology `hybrid` has `downloads`."
  }

  precondition {
    condition     = !var.temporary_credentials || length(local.kms_key_arns) == 0
    error_message = "Temporary credentials could not use the key of a site with `kms_key_arn`: they are for s3:PutObject only. Leave one of the two out."
  }
}

output "configuration" {
  description = "The signers' configuration, as TOML. Each region puts its own site before it as `home`."
  value       = local.configuration
}

output "signers" {
  description = "The addresses of the signers, in the order in which pages are to try them. Empty without `domain`: then the region's output `url` is the only one."
  value       = local.signers
}

output "signer_role_arn" {
  description = "The role of the signers."
  value       = aws_iam_role.signer.arn
}

output "browser_role_arn" {
  description = "The role whose temporary credentials pages get, if there is one."
  value       = one(aws_iam_role.browser[*].arn)
}

output "downloads_domain" {
  description = "The name by which CloudFront serves downloads, if it does."
  value       = local.downloads_domain
}

output "access_point_arn" {
  description = "The Multi-Region Access Point, if there is one."
  value       = one(aws_s3control_multi_region_access_point.this[*].arn)
}
