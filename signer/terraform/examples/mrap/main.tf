# Two regions whose buckets replicate to each other and are behind one Multi-Region Access Point. Experimental: see README.md.
terraform {
  required_version = ">= 1.6.0"
}

# What has no region of its own is made by this one.
provider "aws" {
  region = "us-east-1"
}

provider "aws" {
  alias  = "virginia"
  region = "us-east-1"
}

provider "aws" {
  alias  = "ireland"
  region = "eu-west-1"
}

variable "zone_id" {
  description = "The hosted zone of example.com."
  type        = string
}

variable "zip" {
  description = "The signer for Lambda, as README.md says."
  type        = string
}

variable "ticket_keys" {
  description = "`k1:$(openssl rand -base64 32)`, by TF_VAR_ticket_keys."
  type        = string
  sensitive   = true
}

locals {
  buckets = {
    virginia = module.virginia.bucket
    ireland  = module.ireland.bucket
  }
}

module "nearput" {
  source = "../.."

  name     = "example-uploads"
  topology = "mrap"
  sites = [
    { id = "virginia", region = "us-east-1", bucket = "example-uploads-virginia" },
    { id = "ireland", region = "eu-west-1", bucket = "example-uploads-ireland" },
  ]
  allowed_origins = ["https://www.example.com"]
  domain          = "sign.example.com"
  zone_id         = var.zone_id
  buckets         = local.buckets

  # Who says who is calling: your own, as signer/README.md has them for each provider.
  configuration = <<-TOML
    [[issuers]]
    issuer = "https://cognito-idp.eu-central-1.amazonaws.com/eu-central-1_Example"
    audience = ["3n4b5urk1ft4fl3mg5e62d9ado"]
  TOML
}

module "virginia" {
  source    = "../../region"
  providers = { aws = aws.virginia }

  site          = "virginia"
  nearput       = module.nearput.shared
  configuration = module.nearput.configuration
  buckets       = local.buckets
  zip           = var.zip
  ticket_keys   = var.ticket_keys
}

module "ireland" {
  source    = "../../region"
  providers = { aws = aws.ireland }

  site          = "ireland"
  nearput       = module.nearput.shared
  configuration = module.nearput.configuration
  buckets       = local.buckets
  zip           = var.zip
  ticket_keys   = var.ticket_keys
}

output "configuration" {
  description = "The signers' configuration: `terraform output -raw configuration > signer.toml`."
  value       = module.nearput.configuration
}

output "signers" {
  description = "The addresses of the signers, in the order in which pages try them."
  value       = module.nearput.signers
}

output "access_point" {
  description = "The Multi-Region Access Point."
  value       = module.nearput.access_point_arn
}
