# One bucket: uploads by Transfer Acceleration where that is faster, downloads by CloudFront, at addresses that the signer signs.
terraform {
  required_version = ">= 1.6.0"
}

provider "aws" {
  region = "eu-central-1"
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

variable "downloads_public_key" {
  description = "What `openssl rsa -pubout` makes of the private key that the signer has."
  type        = string
}

variable "downloads_private_key" {
  description = "What `openssl genrsa 2048` has made, by TF_VAR_downloads_private_key."
  type        = string
  sensitive   = true
}

module "nearput" {
  source = "../.."

  name                  = "example-uploads"
  topology              = "hybrid"
  sites                 = [{ id = "frankfurt", region = "eu-central-1", bucket = "example-uploads-frankfurt" }]
  allowed_origins       = ["https://www.example.com"]
  domain                = "sign.example.com"
  zone_id               = var.zone_id
  downloads             = { public_key = var.downloads_public_key }
  temporary_credentials = true

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
  secrets       = { NEARPUT_DOWNLOADS_PRIVATE_KEY = var.downloads_private_key }
}

output "configuration" {
  description = "The signer's configuration: `terraform output -raw configuration > signer.toml`."
  value       = module.nearput.configuration
}

output "signer" {
  description = "The address that pages name as the signer's."
  value       = module.frankfurt.url
}

output "downloads" {
  description = "The name that downloads come from."
  value       = module.nearput.downloads_domain
}
