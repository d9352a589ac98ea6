# ACM proves a name by one record, which is the same in all regions and also for `*.` before the name, and wants it there for each
# renewal: https://docs.aws.amazon.com/acm/latest/userguide/dns-validation.html. The record is kept here, so that no region takes it
# along when it is removed; each region's own certificate is in its module.
resource "aws_acm_certificate" "this" {
  count = var.domain == null ? 0 : 1

  domain_name       = var.domain
  validation_method = "DNS"

  lifecycle {
    create_before_destroy = true
  }
}

locals {
  proofs = [for certificate in aws_acm_certificate.this : one([
    for option in certificate.domain_validation_options : option if option.domain_name == var.domain
  ])]
}

resource "aws_route53_record" "validation" {
  count = length(aws_acm_certificate.this)

  zone_id = var.zone_id
  name    = local.proofs[count.index].resource_record_name
  type    = local.proofs[count.index].resource_record_type
  records = [local.proofs[count.index].resource_record_value]
  ttl     = 300
}
