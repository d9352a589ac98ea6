data "aws_partition" "current" {}

data "aws_caller_identity" "current" {}

locals {
  partition = data.aws_partition.current.partition
  account   = data.aws_caller_identity.current.account_id

  is_accelerated  = contains(["accelerated", "hybrid"], var.topology)
  is_multi_region = contains(["multi-region", "mrap"], var.topology)

  # Names of buckets are known before the buckets are there, and so are their ARNs.
  sites = [for site in var.sites : merge(site, {
    arn        = "arn:${local.partition}:s3:::${site.bucket}"
    accelerate = local.is_accelerated
    replicate_to = !local.is_multi_region ? [] : site.replicate_to != null ? site.replicate_to : [
      for other in var.sites : other.id if other.id != site.id && other.replicate_to == null
    ]
    domain = local.is_multi_region && var.domain != null ? "${site.id}.${var.domain}" : null
  })]
  bucket_arns  = local.sites[*].arn
  kms_key_arns = compact(local.sites[*].kms_key_arn)

  names   = var.domain == null ? [] : concat([var.domain], compact(local.sites[*].domain))
  signers = [for name in local.names : "https://${name}"]
}
