# Three regions whose buckets replicate to each other, and a signer in each behind one latency-routed name.
terraform {
  required_version = ">= 1.6.0"
}

# What has no region of its own is made by this one.
provider "aws" {
  region = "ap-northeast-1"
}

provider "aws" {
  alias  = "tokyo"
  region = "ap-northeast-1"
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

# Put there by `aws ssm put-parameter --type SecureString --name /example-uploads/ticket-keys --value "k1:$(openssl rand -base64 32)"`.
data "aws_ssm_parameter" "ticket_keys" {
  name = "/example-uploads/ticket-keys"
}

locals {
  buckets = {
    tokyo    = module.tokyo.bucket
    virginia = module.virginia.bucket
    ireland  = module.ireland.bucket
  }
}

module "nearput" {
  source = "../.."

  name     = "example-uploads"
  topology = "multi-region"
  sites = [
    { id = "tokyo", region = "ap-northeast-1", bucket = "example-uploads-tokyo" },
    { id = "virginia", region = "us-east-1", bucket = "example-uploads-virginia" },
    { id = "ireland", region = "eu-west-1", bucket = "example-uploads-ireland" },
  ]
  allowed_origins = ["https://www.example.com"]
  domain          = "sign.example.com"
  zone_id         = var.zone_id

  # Who says who is calling: your own, as signer/README.md has them for each provider.
  configuration = <<-TOML
    [[issuers]]
    issuer = "https://cognito-idp.eu-central-1.amazonaws.com/eu-central-1_Example"
    audience = ["3n4b5urk1ft4fl3mg5e62d9ado"]
  TOML
}

module "tokyo" {
  source    = "../../region"
  providers = { aws = aws.tokyo }

  site          = "tokyo"
  nearput       = module.nearput.shared
  configuration = module.nearput.configuration
  buckets       = local.buckets
  zip           = var.zip
  ticket_keys   = data.aws_ssm_parameter.ticket_keys.value

  replication_time_control = true
}

module "virginia" {
  source    = "../../region"
  providers = { aws = aws.virginia }

  site          = "virginia"
  nearput       = module.nearput.shared
  configuration = module.nearput.configuration
  buckets       = local.buckets
  zip           = var.zip
  ticket_keys   = data.aws_ssm_parameter.ticket_keys.value

  replication_time_control = true
}

module "ireland" {
  source    = "../../region"
  providers = { aws = aws.ireland }

  site          = "ireland"
  nearput       = module.nearput.shared
  configuration = module.nearput.configuration
  buckets       = local.buckets
  zip           = var.zip
  ticket_keys   = data.aws_ssm_parameter.ticket_keys.value

  replication_time_control = true
}

output "configuration" {
  description = "The signers' configuration: `terraform output -raw configuration > signer.toml`."
  value       = module.nearput.configuration
}

output "signers" {
  description = "The addresses of the signers, in the order in which pages try them."
  value       = module.nearput.signers
}
