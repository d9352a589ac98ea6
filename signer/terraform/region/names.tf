# The name that all signers have, and the one that is this signer's own where there are several.
locals {
  has_name = var.nearput.domain != null
  own_name = local.site.domain
  names    = toset(compact([var.nearput.domain, local.own_name]))
}

resource "aws_acm_certificate" "this" {
  count = local.has_name ? 1 : 0

  domain_name               = var.nearput.domain
  subject_alternative_names = local.own_name == null ? [] : ["*.${var.nearput.domain}"]
  validation_method         = "DNS"

  lifecycle {
    create_before_destroy = true
  }
}

# The record that proves the name is in the module above.
resource "aws_acm_certificate_validation" "this" {
  count = length(aws_acm_certificate.this)

  certificate_arn = aws_acm_certificate.this[count.index].arn
}

resource "aws_apigatewayv2_domain_name" "signer" {
  for_each = local.names

  domain_name = each.value

  domain_name_configuration {
    certificate_arn = aws_acm_certificate_validation.this[0].certificate_arn
    endpoint_type   = "REGIONAL"
    security_policy = "TLS_1_2"
  }
}

resource "aws_apigatewayv2_api_mapping" "signer" {
  for_each = local.names

  api_id      = aws_apigatewayv2_api.signer.id
  domain_name = aws_apigatewayv2_domain_name.signer[each.value].id
  stage       = aws_apigatewayv2_stage.signer.id
}

# Where the region is asked for by its own name: pages do so when the shared name does not answer.
resource "aws_route53_record" "own" {
  for_each = toset(compact([local.own_name]))

  zone_id = var.nearput.zone_id
  name    = each.value
  type    = "A"

  alias {
    name                   = aws_apigatewayv2_domain_name.signer[each.value].domain_name_configuration[0].target_domain_name
    zone_id                = aws_apigatewayv2_domain_name.signer[each.value].domain_name_configuration[0].hosted_zone_id
    evaluate_target_health = false
  }
}

# `/readyz`, and not `/healthz`: a signer that runs while its own bucket does not answer would send visitors to what is dead.
resource "aws_route53_health_check" "own" {
  for_each = toset(compact([local.own_name]))

  type              = "HTTPS"
  fqdn              = each.value
  port              = 443
  resource_path     = "/readyz"
  request_interval  = 30
  failure_threshold = 3
  enable_sni        = true

  tags = {
    Name = local.function
  }
}

# Of the records of one name Route 53 answers the one with the lowest latency whose health check passes.
resource "aws_route53_record" "shared" {
  count = local.has_name ? 1 : 0

  zone_id         = var.nearput.zone_id
  name            = var.nearput.domain
  type            = "A"
  set_identifier  = var.site
  health_check_id = one([for check in aws_route53_health_check.own : check.id])

  latency_routing_policy {
    region = local.site.region
  }

  alias {
    name                   = aws_apigatewayv2_domain_name.signer[var.nearput.domain].domain_name_configuration[0].target_domain_name
    zone_id                = aws_apigatewayv2_domain_name.signer[var.nearput.domain].domain_name_configuration[0].hosted_zone_id
    evaluate_target_health = false
  }
}
