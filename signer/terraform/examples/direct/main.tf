# One bucket in one region.
terraform {
  required_version = ">= 1.6.0"
}

provider "aws" {
  region = "eu-central-1"
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

module "nearput" {
  source = "../.."

  name            = "example-uploads"
  topology        = "direct"
  sites           = [{ id = "frankfurt", region = "eu-central-1", bucket = "example-uploads-frankfurt" }]
  allowed_origins = ["https://www.example.com"]

  # Who says who is calling: your own, as signer/README.md has them for each provider.
  configuration = <<-TOML
    [[issuers]]
    issuer = "https://cognito-idp.eu-central-1.amazonaws.com/eu-central-1_Example"
    audience = ["3n4b5urk1ft4fl3mg5e62d9ado"]
  TOML
}

module "frankfurt" {
  source = "../../region"

  site          = "frankfurt"
  nearput       = module.nearput.shared
  configuration = module.nearput.configuration
  zip           = var.zip
  ticket_keys   = var.ticket_keys
}

output "configuration" {
  description = "The signer's configuration: `terraform output -raw configuration > signer.toml`."
  value       = module.nearput.configuration
}

output "signer" {
  description = "The address that pages name as the signer's."
  value       = module.frankfurt.url
}
